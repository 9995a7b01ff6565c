import type { Secret } from '@slipway/kube/api.generated';
import type { Split, SplitCondition, SplitRule, SplitSessions } from '@slipway/kube/split';
import type { RouteCondition, RouteCriteria, RouteSessions } from './routing-table.ts';

/** What becomes of a part of a rule, and a sentence for each part that cannot be in force. */
export interface Resolved<T> {
  readonly value: T;
  readonly faults: readonly string[];
}

/** As many bytes as make a guess hopeless. */
const minSessionKeyBytes = 16;

/** Those that lead to a backend of the rule. */
export function resolveMatches({ matches = [], backends }: SplitRule): Resolved<readonly RouteCriteria[]> {
  const services = new Set(backends.map(({ service }) => service));
  const known = matches.filter(({ service }) => services.has(service));
  return {
    value: known.map(({ headers = [], cookies = [], service }) => ({
      headers: headers.map((header) => ({ ...conditionOf(header), name: header.name.toLowerCase() })),
      cookies: cookies.map(conditionOf),
      service,
    })),
    faults: matches
      .filter(({ service }) => !services.has(service))
      .map(
        ({ service }) =>
          `MatchNotInForce: requests are matched for Service ${service}, which is no backend of the rule`,
      ),
  };
}

function conditionOf({ name, exact, prefix }: SplitCondition): RouteCondition {
  if (exact !== undefined) return { name, kind: 'exact', value: asRead(exact) };
  if (prefix !== undefined) return { name, kind: 'prefix', value: asRead(prefix) };
  return { name, kind: 'present', value: '' };
}

/** A head is read as latin1, whatever its bytes mean. */
function asRead(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export interface SessionSecrets {
  sessionSecret(namespace: string, name: string): Secret | undefined;
}

/** Without a key that signs there are no sessions: a cookie that anybody can write would choose the version. */
export function resolveSessions(
  split: Split,
  sessions: SplitSessions | undefined,
  secrets: SessionSecrets,
): Resolved<RouteSessions | undefined> {
  if (sessions === undefined) return { value: undefined, faults: [] };
  const { namespace = '', name = '' } = split.metadata;
  const { cookie, idleSeconds, secretName } = sessions;
  const secret = secrets.sessionSecret(namespace, secretName);
  const key = Buffer.from(secret?.data?.['key'] ?? '', 'base64');
  if (key.length >= minSessionKeyBytes) {
    return { value: { cookie, idleSeconds, key, scope: `${namespace}/${name}` }, faults: [] };
  }
  const cause =
    secret === undefined ? 'does not exist' : `has no data.key of ${minSessionKeyBytes} bytes or more to sign with`;
  return {
    value: undefined,
    faults: [`SessionsNotInForce: Secret ${namespace}/${secretName} ${cause}, so requests go by weight`],
  };
}
