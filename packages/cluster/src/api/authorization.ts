/** Who asks, and whether he may. https://kubernetes.io/docs/reference/access-authn-authz/authorization/ */
import type { PolicyRule } from '@slipway/kube/api.generated';
import { StatusError } from '@slipway/kube/status-error';
import type { Attributes } from './attributes.ts';
import { nodeRules } from './rbac/node-rules.ts';
import { isAllowedBy } from './rbac/policy-rules.ts';

export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
  /** Tells apart those that have the same name one after the other. */
  readonly uid?: string | undefined;
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** In `extra`: by what of a caller's own somebody is known, a certificate or a token. */
export const credentialId = 'authentication.kubernetes.io/credential-id';

const masters = 'system:masters';
export const authenticatedGroup = 'system:authenticated';

export const adminIdentity: Identity = { user: 'kubernetes-admin', groups: [masters, authenticatedGroup] };
export const anonymous: Identity = { user: 'system:anonymous', groups: ['system:unauthenticated'] };

const nodePrefix = 'system:node:';

export function nodeIdentity(name: string): Identity {
  return { user: `${nodePrefix}${name}`, groups: ['system:nodes', authenticatedGroup] };
}

/** Undefined of whom is no node, and of who says so without saying which. */
export function nodeNameOf({ user, groups }: Identity): string | undefined {
  const name = user.startsWith(nodePrefix) ? user.slice(nodePrefix.length) : '';
  return name === '' || !groups.includes('system:nodes') ? undefined : name;
}

/** Components of the cluster itself, by name. */
export function componentIdentity(name: string): Identity {
  return { user: `system:${name}`, groups: [masters, authenticatedGroup] };
}

/** Asked before every rule, which is why no rule can lock administrators out. */
export function mayDoEverything({ groups }: Identity): boolean {
  return groups.includes(masters);
}

/** A rule that holds for somebody, and through what; or why a role that he is bound to gives none. */
export type Grant =
  | { readonly kind: 'rule'; readonly rule: PolicyRule; readonly source: string }
  | { readonly kind: 'fault'; readonly message: string };

export interface Grants {
  /** Those of the whole cluster and, unless it is empty, those of the namespace. */
  of(identity: Identity, namespace: string): Iterable<Grant>;
}

export interface Decision {
  readonly isAllowed: boolean;
  /** For people; may be empty. */
  readonly reason: string;
}

/** Pure, given what `grants` says. */
export function decide(identity: Identity, asked: Attributes, grants: Grants): Decision {
  if (mayDoEverything(identity)) return { isAllowed: true, reason: '' };
  if (identity.groups.includes('system:nodes') && nodeRules.some((rule) => isAllowedBy(rule, asked)))
    return { isAllowed: true, reason: '' };
  const faults: string[] = [];
  for (const grant of grants.of(identity, asked.kind === 'resource' ? asked.namespace : '')) {
    if (grant.kind === 'fault') faults.push(grant.message);
    else if (isAllowedBy(grant.rule, asked)) return { isAllowed: true, reason: `RBAC: allowed by ${grant.source}` };
  }
  return { isAllowed: false, reason: faults.length === 0 ? '' : `RBAC: ${joinFaults(faults)}` };
}

function joinFaults(faults: readonly string[]): string {
  const distinct = [...new Set(faults)];
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}

/** Throws `Forbidden` unless the caller may. */
export function authorize(identity: Identity, asked: Attributes, grants: Grants): void {
  if (mayDoEverything(identity)) return;
  const { isAllowed, reason } = decide(identity, asked, grants);
  if (!isAllowed) throw refusal(identity, asked, reason);
}

function refusal(identity: Identity, asked: Attributes, reason: string): StatusError {
  const said = escapeMarkup(describe(identity, asked));
  const message = reason === '' ? said : `${said}: ${reason}`;
  if (asked.kind === 'path') return new StatusError('Forbidden', `forbidden: ${message}`, { details: {} });
  const { group, resource, name } = asked;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const subject = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`;
  return new StatusError('Forbidden', `${subject} is forbidden: ${message}`, {
    details: { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: resource },
  });
}

/** In the words of Kubernetes, which people search for. */
function describe({ user }: Identity, asked: Attributes): string {
  const who = `User ${JSON.stringify(user)} cannot ${asked.verb}`;
  if (asked.kind === 'path') return `${who} path ${JSON.stringify(asked.path)}`;
  const { group, resource, subresource, namespace } = asked;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}

/** The message repeats what callers chose, and may be shown in a browser. */
function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
