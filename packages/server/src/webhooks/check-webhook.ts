/** What is wrong with a webhook that somebody wants, all of it, each with its field. Pure. */
import { BlockList, isIP } from 'node:net';
import type { FieldFault } from '../http/problem.ts';
import { normalizeRepository } from './image-reference.ts';
import { findPolicyFaults } from './image-policy.ts';
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
  if (asked.hasCredentials) yield { field: 'body/credentials', message: 'are for manifests alone' };
  for (const [index, rule] of rules.entries()) {
    const here = `${at}/${index}`;
    if (normalizeRepository(rule.repository) === undefined)
      yield { field: `${here}/repository`, message: 'is no repository of images, such as ghcr.io/acme/shop' };
    for (const { field, message } of findPolicyFaults(rule.policy)) yield { field: `${here}/policy${field}`, message };
    if (rule.policy.digestOf !== undefined && !sender.saysDigest)
      yield {
        field: `${here}/policy/digestOf`,
        message: `${asked.sender} does not say the digest of what is pushed: use semver or pattern`,
      };
    yield* findNamespaceFaults(rule.namespaces, `${here}/namespaces`, asked.served);
  }
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
  for (const [index, network] of (source.allowAddresses ?? []).entries())
    if (parseNetwork(network) === undefined)
      yield { field: `${at}/allowAddresses/${index}`, message: 'is no network, such as 10.1.0.0/16 or fd00::/8' };
  yield* findNamespaceFaults(source.namespaces, `${at}/namespaces`, asked.served);
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

export interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Undefined for what is no network. */
export function parseNetwork(text: string): Network | undefined {
  const [address = '', bits = ''] = text.split('/');
  const version = isIP(address);
  const maximum = version === 4 ? 32 : 128;
  if (version === 0 || address.includes('%') || !/^\d{1,3}$/.test(bits) || Number(bits) > maximum) return undefined;
  return { address, bits: Number(bits), family: version === 4 ? 'ipv4' : 'ipv6' };
}

export function isInNetworks(address: string, networks: readonly Network[]): boolean {
  const list = new BlockList();
  for (const network of networks) list.addSubnet(network.address, network.bits, network.family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
