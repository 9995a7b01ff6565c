import type { Ingress, IngressBackend } from '@slipway/kube/api.generated';
import { type KubeObject, keyOf, keyString } from '@slipway/kube/object';
import {
  carriersOf,
  countTrafficUntilAnnotation,
  type Split,
  type SplitBackend,
  type SplitMirror,
  type SplitRule,
} from '@slipway/kube/split';
import { isFraming, isToken } from '../http1/fields.ts';
import { endpointsOf } from './endpoints-of.ts';
import { RememberedReads, type RoutingReads } from './remembered-reads.ts';
import { resolveMatches, resolveSessions } from './resolve-rule.ts';
import type { PathRoute, RouteBackend, RoutedSplit, RouteRule, RoutingTable } from './routing-table.ts';

/** What the cluster says about routing, at one moment. */
export interface RoutingSnapshot extends RoutingReads {
  readonly splits: readonly Split[];
  readonly ingresses: readonly Ingress[];
}

export const ingressClassName = 'slipway';
const legacyClassAnnotation = 'kubernetes.io/ingress.class';
const wwwRedirectAnnotation = 'nginx.ingress.kubernetes.io/from-to-www-redirect';

const defaultDrainSeconds = 30;

/** One host and path that an object wants; an empty host is every host. */
interface Claim {
  readonly host: string;
  readonly path: string;
  readonly match: PathRoute['match'];
  readonly rule: RouteRule;
}

/** All that one Split or Ingress asks for. */
interface Claimant {
  readonly object: KubeObject;
  /** The oldest is first in the order of texts. */
  readonly age: string;
  /** Whose it is, as a person knows it: `Application default/shop`. */
  readonly owner: string;
  readonly rules: readonly RouteRule[];
  readonly claims: readonly Claim[];
  readonly fallback?: RouteRule | undefined;
  /** Hosts whose counterpart with or without `www.` is redirected to them. */
  readonly wwwHosts: readonly string[];
  /** By host, the name of a Secret in the object's namespace. */
  readonly certificates: ReadonlyMap<string, string>;
  /** Sentences about what of it is not in force by its own fault. */
  readonly faults: readonly string[];
}

/** What objects were found to claim, for the next table: most of them are what they were. */
export type ClaimMemory = RememberedReads<Claimant>;

/**
 * Pure, but for the time that a memory of earlier tables saves. A host and path belong to the oldest object that claims
 * them.
 */
export function buildRoutes(snapshot: RoutingSnapshot, memory: ClaimMemory = new RememberedReads()): RoutingTable {
  // What goes through routers of other projects alone is none of ours.
  const splits = snapshot.splits.filter(({ spec }) => carriersOf(spec).includes('gateway'));
  const ingresses = snapshot.ingresses.filter(isOurs);
  const claimants = [
    ...splits.map((split) => memory.resultFor(split, snapshot, (cluster) => claimsOfSplit(split, cluster))),
    ...ingresses.map((each) => memory.resultFor(each, snapshot, (cluster) => claimsOfIngress(each, cluster))),
  ].sort(byAge);
  const settlement = settleClaims(claimants);
  const { owners, routes } = settlement;
  return {
    ...groupByHost(routes),
    fallback: claimants.find((claimant) => claimant.fallback !== undefined)?.fallback,
    redirects: planRedirects(claimants, owners),
    certificates: collectCertificates(claimants),
    rules: claimants.flatMap((claimant) => claimant.rules),
    splits: splits.map((split) => routedSplit(split, settlement)),
  };
}

function byAge({ age: first }: Claimant, { age: second }: Claimant): number {
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Times have whole seconds: the name decides between objects of one second. */
function ageKey(object: KubeObject): string {
  return `${object.metadata.creationTimestamp ?? ''} ${keyString(keyOf(object))}`;
}

interface Settlement {
  /** Hosts that somebody serves. */
  readonly owners: ReadonlySet<string>;
  readonly routes: readonly Claim[];
  readonly conflicts: ReadonlyMap<KubeObject, readonly string[]>;
  /** Indexes of the rules of which nothing is served. */
  readonly unservedRules: ReadonlyMap<KubeObject, readonly number[]>;
  readonly withSessions: ReadonlySet<KubeObject>;
}

function settleClaims(claimants: readonly Claimant[]): Settlement {
  const winners = new Map<string, Claimant>();
  const owners = new Set<string>();
  const routes: Claim[] = [];
  const conflicts = new Map<KubeObject, string[]>();
  for (const claimant of claimants) {
    for (const claim of claimant.claims) {
      const key = `${claim.host} ${claim.match} ${claim.path}`;
      const winner = winners.get(key);
      if (winner === undefined) {
        winners.set(key, claimant);
        owners.add(claim.host);
        routes.push(claim);
      } else if (winner !== claimant) {
        const known = conflicts.get(claimant.object) ?? [];
        known.push(describeConflict(claim, winner));
        conflicts.set(claimant.object, known);
      }
    }
    if (claimant.faults.length > 0)
      conflicts.set(claimant.object, [...(conflicts.get(claimant.object) ?? []), ...new Set(claimant.faults)]);
  }
  const withSessions = claimants.filter(({ rules }) => rules.some(({ sessions }) => sessions !== undefined));
  return {
    owners,
    routes,
    conflicts,
    unservedRules: findUnserved(claimants, routes),
    withSessions: new Set(withSessions.map(({ object }) => object)),
  };
}

function findUnserved(claimants: readonly Claimant[], routes: readonly Claim[]): Settlement['unservedRules'] {
  const served = new Set(routes.map(({ rule }) => rule));
  return new Map(
    claimants.map(({ object, rules }) => [object, rules.flatMap((rule, index) => (served.has(rule) ? [] : [index]))]),
  );
}

function describeConflict(claim: Claim, winner: Claimant): string {
  const host = claim.host === '' ? 'every host' : `host ${claim.host}`;
  return `RouteConflict: ${host}, path ${claim.path} belongs to ${winner.owner}, which is older`;
}

function routedSplit(split: Split, { conflicts, unservedRules, withSessions }: Settlement): RoutedSplit {
  const until = split.metadata.annotations?.[countTrafficUntilAnnotation];
  return {
    namespace: split.metadata.namespace ?? '',
    name: split.metadata.name ?? '',
    uid: split.metadata.uid ?? '',
    resourceVersion: split.metadata.resourceVersion ?? '',
    generation: split.metadata.generation ?? 0,
    instances: split.status?.instances ?? [],
    conflicts: conflicts.get(split) ?? [],
    unservedRules: unservedRules.get(split) ?? [],
    hasSessions: withSessions.has(split),
    application: split.spec.application,
    countTrafficUntil: until === undefined ? undefined : Date.parse(until),
  };
}

function groupByHost(claims: readonly Claim[]): Pick<RoutingTable, 'exactHosts' | 'wildcardHosts' | 'anyHost'> {
  const exactHosts = new Map<string, PathRoute[]>();
  const wildcardHosts = new Map<string, PathRoute[]>();
  const anyHost: PathRoute[] = [];
  for (const { host, path, match, rule } of claims) {
    const route: PathRoute = { path, match, rule };
    if (host === '') anyHost.push(route);
    else if (host.startsWith('*.')) addTo(wildcardHosts, host.slice(2), route);
    else addTo(exactHosts, host, route);
  }
  for (const routes of [...exactHosts.values(), ...wildcardHosts.values(), anyHost]) routes.sort(longestFirst);
  return { exactHosts, wildcardHosts, anyHost };
}

/** Of two equally long ones the exact one. */
function longestFirst(a: PathRoute, b: PathRoute): number {
  return b.path.length - a.path.length || (a.match === b.match ? 0 : a.match === 'Exact' ? -1 : 1);
}

function addTo(hosts: Map<string, PathRoute[]>, host: string, route: PathRoute): void {
  const routes = hosts.get(host);
  if (routes === undefined) hosts.set(host, [route]);
  else routes.push(route);
}

/** A host that is served itself is not redirected. */
function planRedirects(claimants: readonly Claimant[], owners: ReadonlySet<string>): ReadonlyMap<string, string> {
  const redirects = new Map<string, string>();
  for (const host of claimants.flatMap((claimant) => claimant.wwwHosts)) {
    const counterpart = host.startsWith('www.') ? host.slice(4) : `www.${host}`;
    const isFree = !owners.has(counterpart) && !redirects.has(counterpart);
    if (isFree && !host.startsWith('*.')) redirects.set(counterpart, host);
  }
  return redirects;
}

function collectCertificates(claimants: readonly Claimant[]): RoutingTable['certificates'] {
  const certificates = new Map<string, { readonly namespace: string; readonly name: string }>();
  for (const { object, certificates: own } of claimants) {
    for (const [host, name] of own) {
      if (!certificates.has(host)) certificates.set(host, { namespace: object.metadata.namespace ?? '', name });
    }
  }
  return certificates;
}

function claimsOfSplit(split: Split, snapshot: RoutingReads): Claimant {
  const rules = split.spec.rules.map((rule) => ({ rule, ...ruleOfSplit(split, rule, snapshot) }));
  return {
    object: split,
    age: ageKey(split),
    owner: `Application ${keyString({ namespace: split.metadata.namespace, name: split.spec.application })}`,
    rules: rules.map(({ route }) => route),
    claims: rules.flatMap(({ rule, route }) => claimsOfRule(rule, route)),
    wwwHosts: rules.flatMap(({ rule }) => (rule.redirectWww === true ? rule.hosts.map(lowerCase) : [])),
    certificates: new Map(
      rules
        .flatMap(({ rule }) => rule.hosts.map((host) => [lowerCase(host), rule.tls?.secretName ?? ''] as const))
        .filter(([, name]) => name !== ''),
    ),
    faults: rules.flatMap(({ faults }) => faults),
  };
}

function claimsOfRule(rule: SplitRule, route: RouteRule): Claim[] {
  const hosts = rule.hosts.length === 0 ? [''] : rule.hosts.map(lowerCase);
  const paths = rule.paths.length === 0 ? ['/'] : rule.paths;
  return hosts.flatMap((host) =>
    paths.map((path) => ({ host, path: withoutFinalSlash(path), match: 'Prefix' as const, rule: route })),
  );
}

function ruleOfSplit(
  split: Split,
  rule: SplitRule,
  snapshot: RoutingReads,
): { readonly route: RouteRule; readonly faults: readonly string[] } {
  const matches = resolveMatches(rule);
  const sessions = resolveSessions(split, rule.sessions, snapshot);
  const route = {
    backends: rule.backends.map((backend) => backendOfSplit(split, backend, snapshot)),
    compression: rule.compression === true,
    responseHeaders: new Map(Object.entries(rule.responseHeaders ?? {}).filter(isSafeHeader)),
    ...(matches.value.length > 0 ? { matches: matches.value } : {}),
    ...(rule.mirror === undefined ? {} : { mirror: mirrorOfSplit(split, rule.mirror, snapshot) }),
    ...(rule.hold === undefined ? {} : { hold: rule.hold }),
    ...(rule.sticky === undefined ? {} : { sticky: rule.sticky }),
    ...(sessions.value === undefined ? {} : { sessions: sessions.value }),
  };
  return { route, faults: [...matches.faults, ...sessions.faults] };
}

function mirrorOfSplit(split: Split, mirror: SplitMirror, snapshot: RoutingReads): NonNullable<RouteRule['mirror']> {
  return { backend: backendOfSplit(split, { ...mirror, weight: 0 }, snapshot), percent: mirror.percent };
}

/** A line end in a value, or another length than the body has, would let an Application write answers to other requests. */
function isSafeHeader([name, value]: [string, string]): boolean {
  return isToken(name) && !isFraming(name.toLowerCase()) && /^[\t -~\x80-\xff]*$/.test(value);
}

function backendOfSplit(split: Split, backend: SplitBackend, snapshot: RoutingReads): RouteBackend {
  const namespace = split.metadata.namespace ?? '';
  return {
    namespace,
    split: split.metadata.name,
    application: split.spec.application,
    service: backend.service,
    version: backend.version,
    weight: backend.weight,
    drainSeconds: split.spec.drainSeconds ?? defaultDrainSeconds,
    ...endpointsOf(
      snapshot.service(namespace, backend.service),
      backend.port,
      snapshot.slices(namespace, backend.service),
    ),
  };
}

/** Of our class, or of none: then every controller may serve it, and there is one gateway here. */
export function isOurs(ingress: Ingress): boolean {
  const className = ingress.spec?.ingressClassName ?? ingress.metadata.annotations?.[legacyClassAnnotation];
  return className === undefined || className === ingressClassName;
}

function claimsOfIngress(ingress: Ingress, snapshot: RoutingReads): Claimant {
  const claims = pathClaims(ingress, snapshot);
  const defaultBackend = ingress.spec?.defaultBackend;
  const fallback = defaultBackend && ruleOfIngress(ingress, defaultBackend, snapshot);
  const redirectsWww = ingress.metadata.annotations?.[wwwRedirectAnnotation] === 'true';
  return {
    object: ingress,
    age: ageKey(ingress),
    owner: `Ingress ${keyString(keyOf(ingress))}`,
    claims,
    fallback,
    rules: [...claims.map((claim) => claim.rule), ...(fallback === undefined ? [] : [fallback])],
    wwwHosts: redirectsWww ? [...new Set(claims.map((claim) => claim.host).filter((host) => host !== ''))] : [],
    certificates: certificatesOfIngress(ingress),
    faults: [],
  };
}

function pathClaims(ingress: Ingress, snapshot: RoutingReads): Claim[] {
  const claims: Claim[] = [];
  for (const { host = '', http } of ingress.spec?.rules ?? []) {
    for (const { path = '/', pathType, backend } of http?.paths ?? []) {
      const isExact = pathType === 'Exact';
      claims.push({
        host: lowerCase(host),
        path: isExact ? path : withoutFinalSlash(path),
        match: isExact ? 'Exact' : 'Prefix',
        rule: ruleOfIngress(ingress, backend, snapshot),
      });
    }
  }
  return claims;
}

function certificatesOfIngress(ingress: Ingress): ReadonlyMap<string, string> {
  const certificates = new Map<string, string>();
  for (const { hosts = [], secretName } of ingress.spec?.tls ?? []) {
    if (secretName === undefined) continue;
    for (const host of hosts) certificates.set(lowerCase(host), secretName);
  }
  return certificates;
}

function ruleOfIngress(ingress: Ingress, backend: IngressBackend, snapshot: RoutingReads): RouteRule {
  const namespace = ingress.metadata.namespace ?? '';
  const name = backend.service?.name ?? '';
  const { name: portName = '', number: portNumber = '' } = backend.service?.port ?? {};
  const port = portName === '' ? portNumber : portName;
  const routed: RouteBackend = {
    namespace,
    application: ingress.metadata.name ?? '',
    service: name,
    version: '',
    weight: 100,
    drainSeconds: defaultDrainSeconds,
    ...endpointsOf(snapshot.service(namespace, name), port, snapshot.slices(namespace, name)),
  };
  return { backends: [routed], compression: false, responseHeaders: new Map() };
}

function lowerCase(host: string): string {
  return host.toLowerCase();
}

function withoutFinalSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
