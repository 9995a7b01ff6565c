/** What is wrong with a webhook that somebody wants, all of it, each with its field. Pure. */
import type { FieldFault } from '../http/problem.ts';
import { normalizeRepository } from './image-reference.ts';
import { findPolicyFaults } from './image-policy.ts';
import { parseNetwork } from './open-networks.ts';
import { senders } from './senders/senders.ts';
import type { ImageRule, ManifestSource, SenderName, WebhookTarget } from './webhook.ts';

export interface AskedTarget {
  readonly images?: readonly ImageRule[] | undefined;
  readonly manifests?: ManifestSource | undefined;
}

export interface AskedWebhook {
  readonly sender: SenderName;
  readonly target: AskedTarget;
  readonly hasCredentials: boolean;
  /** The one namespace that is served; absent: all of them. */
  readonly served: string | undefined;
}

export type Checked = { readonly target: WebhookTarget } | { readonly faults: readonly FieldFault[] };

export function checkWebhook(asked: AskedWebhook): Checked {
  const { images, manifests } = asked.target;
  if (images !== undefined && manifests === undefined) {
    const faults = [...findImageFaults(images, asked)];
    return faults.length > 0 ? { faults } : { target: { images: images.map(normalize) } };
  }
  if (manifests !== undefined && images === undefined) {
    const faults = [...findManifestFaults(manifests, asked)];
    return faults.length > 0 ? { faults } : { target: { manifests } };
  }
  return { faults: [{ field: 'body/target', message: 'needs either images or manifests' }] };
}

function normalize(rule: ImageRule): ImageRule {
  return { ...rule, repository: normalizeRepository(rule.repository) ?? rule.repository };
}

function* findImageFaults(rules: readonly ImageRule[], asked: AskedWebhook): Generator<FieldFault> {
  const sender = senders[asked.sender];
  const at = 'body/target/images';
  if (!sender.brings.includes('image'))
    yield { field: at, message: `${asked.sender} tells of commits alone: use manifests` };
  if (asked.hasCredentials) yield* findCredentialFaults(rules);
  for (const [index, rule] of rules.entries()) {
    const here = `${at}/${index}`;
    if (normalizeRepository(rule.repository) === undefined)
      yield { field: `${here}/repository`, message: 'is no repository of images, such as ghcr.io/acme/shop' };
    for (const { field, message } of findPolicyFaults(rule.policy)) yield { field: `${here}/policy${field}`, message };
    if (rule.allowAddresses !== undefined && rule.policy.digestOf === undefined)
      yield { field: `${here}/allowAddresses`, message: noQuestion };
    yield* findNetworkFaults(rule.allowAddresses, here);
    yield* findNamespaceFaults(rule.namespaces, `${here}/namespaces`, asked.served);
  }
}

const noQuestion = 'is of use with digestOf alone: the registry is asked for nothing else';

/** One registry is not shown the credentials of another. */
function* findCredentialFaults(rules: readonly ImageRule[]): Generator<FieldFault> {
  const field = 'body/credentials';
  const asked = rules.filter(({ policy }) => policy.digestOf !== undefined);
  if (asked.length === 0) yield { field, message: noQuestion };
  const registries = new Set(asked.map(({ repository }) => registryOf(repository)));
  if (registries.size > 1)
    yield { field, message: `would be shown to ${[...registries].join(' and ')}: make a webhook for each` };
}

function registryOf(repository: string): string {
  return (normalizeRepository(repository) ?? '').split('/')[0] ?? '';
}

function* findManifestFaults(source: ManifestSource, asked: AskedWebhook): Generator<FieldFault> {
  const at = 'body/target/manifests';
  if (!senders[asked.sender].brings.includes('commit'))
    yield { field: at, message: `${asked.sender} tells of images alone: use images` };
  const fault = findAddressFault(source);
  if (fault !== undefined) yield { field: `${at}/repository`, message: fault };
  if (!isBranch(source.branch)) yield { field: `${at}/branch`, message: 'is no name of a branch' };
  if (!isDirectory(source.directory))
    yield {
      field: `${at}/directory`,
      message: 'is no directory inside of the repository, such as deploy/production or .',
    };
  yield* findNetworkFaults(source.allowAddresses, at);
  yield* findNamespaceFaults(source.namespaces, `${at}/namespaces`, asked.served);
}

function* findNetworkFaults(networks: readonly string[] = [], at: string): Generator<FieldFault> {
  for (const [index, network] of networks.entries())
    if (parseNetwork(network) === undefined)
      yield { field: `${at}/allowAddresses/${index}`, message: 'is no network, such as 10.1.0.0/16 or fd00::/8' };
}

function* findNamespaceFaults(
  namespaces: readonly string[],
  field: string,
  served: string | undefined,
): Generator<FieldFault> {
  const other = namespaces.find((name) => served !== undefined && name !== served);
  if (other !== undefined) yield { field, message: `has ${other}, and this server serves ${served ?? ''} alone` };
}

/** Without encryption whoever is on the way could write manifests: only to networks that are named. */
function findAddressFault({ repository, allowAddresses = [] }: ManifestSource): string | undefined {
  if (!URL.canParse(repository) || /[\s\p{Cc}]/u.test(repository))
    return 'is no address, such as https://git.example.org/acme/shop.git';
  const { protocol, username, password, search, hash } = new URL(repository);
  if (username !== '' || password !== '') return 'has credentials in it: give them as credentials';
  if (search !== '' || hash !== '') return 'has more than a path behind its host';
  if (protocol === 'https:') return undefined;
  if (protocol !== 'http:') return 'is no https:// address; others are not fetched from';
  return allowAddresses.length > 0
    ? undefined
    : 'is http://, which anybody on the way could change: use https://, or name the network that it is in with allowAddresses';
}

/** https://git-scm.com/docs/git-check-ref-format, and never an option. */
function isBranch(name: string): boolean {
  return /^\w[\w./+@-]*$/.test(name) && !/\.\.|\/\/|\/\.|@\{|\.lock(?:\/|$)|[/.]$/.test(name);
}

function isDirectory(path: string): boolean {
  if (path === '.') return true;
  return (
    /^[^\p{Cc}\\:*?[\]]+$/u.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}
