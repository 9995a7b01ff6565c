/** What somebody has filled in of a new webhook, as the server takes it; and what is said of one. Pure. */
import type { ImageRuleAnswer, WebhookAnswer, WebhookEventAnswer } from '../api/answers.ts';
import { givenText, textOf, wordsOf } from '../parts/form-words.ts';

export interface Sender {
  readonly name: string;
  readonly label: string;
  readonly brings: ReadonlyArray<'images' | 'manifests'>;
}

export const senders: readonly Sender[] = [
  { name: 'github', label: 'GitHub', brings: ['images', 'manifests'] },
  { name: 'gitlab', label: 'GitLab', brings: ['images', 'manifests'] },
  { name: 'gitea', label: 'Gitea, Forgejo', brings: ['manifests'] },
  { name: 'dockerHub', label: 'Docker Hub', brings: ['images'] },
  { name: 'harbor', label: 'Harbor', brings: ['images'] },
  { name: 'quay', label: 'Quay', brings: ['images'] },
  { name: 'distribution', label: 'Other registry (distribution)', brings: ['images'] },
];

export function labelOf(sender: string): string {
  return senders.find(({ name }) => name === sender)?.label ?? sender;
}

export const policies = [
  { name: 'semver', label: 'Newer versions of a range', example: '^1.4.0' },
  { name: 'pattern', label: 'Tags of a form', example: 'prod-*' },
  { name: 'digestOf', label: 'Whatever a tag leads to', example: 'stable' },
] as const;

/** Where the sender does not say the digest. */
export function asksRegistry(policy: string): boolean {
  return policy === 'digestOf';
}

export function readWebhook(data: FormData) {
  const isImages = textOf(data, 'target') === 'images';
  const username = textOf(data, 'username');
  return {
    name: textOf(data, 'name'),
    sender: textOf(data, 'sender'),
    target: isImages ? { images: readRules(data) } : { manifests: readManifests(data) },
    ...(username === '' ? {} : { credentials: { username, password: textOf(data, 'password') } }),
  };
}

function readRules(data: FormData): readonly object[] {
  const column = (name: string): readonly string[] => data.getAll(name).map((value) => String(value).trim());
  const [kinds, values, namespaces] = ['policy', 'value', 'namespaces'].map(column);
  const [applications, networks] = ['applications', 'allowAddresses'].map(column);
  return column('repository').map((repository, index) => {
    const names = wordsOf(applications?.[index] ?? '');
    return {
      repository,
      policy: { [kinds?.[index] ?? 'semver']: values?.[index] ?? '' },
      namespaces: wordsOf(namespaces?.[index] ?? ''),
      ...(names.length === 0 ? {} : { applications: names }),
      ...allowed(networks?.[index]),
    };
  });
}

function readManifests(data: FormData): object {
  return {
    ...givenText(data, 'repository'),
    ...givenText(data, 'branch'),
    directory: textOf(data, 'directory') || '.',
    namespaces: wordsOf(textOf(data, 'namespaces')),
    ...(data.get('force') === null ? {} : { force: true }),
    ...(data.get('prune') === null ? {} : { prune: true }),
    ...allowed(textOf(data, 'allowAddresses')),
  };
}

function allowed(text = ''): object {
  const networks = wordsOf(text);
  return networks.length === 0 ? {} : { allowAddresses: networks };
}

/** `ghcr.io/acme/shop: versions of ^1.4.0, in shop`; one sentence for each rule. */
export function describeTarget({ images = [], manifests }: WebhookAnswer['target']): readonly string[] {
  if (manifests === undefined) return images.map(describeRule);
  const { repository, branch, directory, namespaces, force, prune, allowAddresses } = manifests;
  const how = `${force === true ? ', taking over fields of others' : ''}${prune === true ? ', removing what is gone' : ''}`;
  return [
    `${repository}: ${directory} of ${branch}, into ${namespaces.join(', ')}${how}${describeAllowed('repository', allowAddresses)}`,
  ];
}

function describeAllowed(what: 'registry' | 'repository', networks: readonly string[] = []): string {
  return networks.length === 0 ? '' : `; its ${what} may be in ${networks.join(', ')}`;
}

/** Undefined: it needs none, because nobody is asked anything. */
export function describeCredentials({
  target: { images = [], manifests },
  hasCredentials,
}: Pick<WebhookAnswer, 'target' | 'hasCredentials'>): string | undefined {
  const how = hasCredentials ? 'with' : 'without';
  if (manifests !== undefined) return `${how} credentials for its repository`;
  const isAsked = images.some(({ policy }) => policy.digestOf !== undefined);
  return isAsked ? `${how} credentials for its registry` : undefined;
}

function describeRule({ repository, policy, namespaces, applications, allowAddresses }: ImageRuleAnswer): string {
  const tags =
    policy.semver !== undefined
      ? `newer versions of ${policy.semver}`
      : policy.pattern !== undefined
        ? `tags like ${policy.pattern}`
        : `what ${policy.digestOf ?? ''} leads to`;
  const names = applications === undefined ? '' : ` for ${applications.join(', ')}`;
  return `${repository}: ${tags}${names}, in ${namespaces.join(', ')}${describeAllowed('registry', allowAddresses)}`;
}

export const secretPlaces: Readonly<Record<WebhookAnswer['secretGoes'], string>> = {
  secret: 'its settings take it as the secret',
  token: 'its settings take it as the secret token',
  authorizationHeader: 'its settings take it as the header Authorization',
  address: 'it is the end of the address, so keep the address as a secret',
};

/** Of GitLab, which takes the one or the other. */
export const signingWords =
  'Better give it the signing token, in the field Signing token: GitLab then signs what it sends, and sends no secret along. Its registry of images signs nothing, and takes the secret in the header Authorization.';

/** `ghcr.io/acme/shop:1.4.0`, or `acme/manifests main 3f2a51c` */
export function describeEvent(event: WebhookEventAnswer): string {
  return event.type === 'image'
    ? `${event.repository}:${event.tag}`
    : `${event.repository} ${event.branch} ${event.commit.slice(0, 7)}`;
}
