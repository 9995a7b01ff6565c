import type { SplitInstanceStatus } from '@slipway/kube/split';

/** What the proxy obeys: immutable, built from the cluster's objects by `buildRoutes` and put in force as a whole. */

export interface RoutingTable {
  /** Routes of a host, longest path first. */
  readonly exactHosts: ReadonlyMap<string, readonly PathRoute[]>;
  /** By what follows `*.`; the star stands for one label. */
  readonly wildcardHosts: ReadonlyMap<string, readonly PathRoute[]>;
  readonly anyHost: readonly PathRoute[];
  /** For what no rule matches: the default backend of an Ingress. */
  readonly fallback: RouteRule | undefined;
  /** Host to the host to which its requests are redirected. */
  readonly redirects: ReadonlyMap<string, string>;
  /** By host: the Secret with its certificate. */
  readonly certificates: ReadonlyMap<string, { readonly namespace: string; readonly name: string }>;
  /** Every rule, in no order. */
  readonly rules: readonly RouteRule[];
  readonly splits: readonly RoutedSplit[];
}

/** What has to be confirmed to a Split. */
export interface RoutedSplit {
  readonly namespace: string;
  readonly name: string;
  /** Another one for a Split of the same name that was created anew. */
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  /** What its status says of every instance. */
  readonly instances: readonly SplitInstanceStatus[];
  /** One sentence for each host and path that somebody else has. */
  readonly conflicts: readonly string[];
  /** Indexes of its rules of which nothing is served. */
  readonly unservedRules: readonly number[];
  /** One of its rules has them in force. */
  readonly hasSessions: boolean;
  /** Under which its traffic is counted. */
  readonly application: string;
  /** Until when it wants to know what was counted, in milliseconds; absent: it does not. */
  readonly countTrafficUntil: number | undefined;
}

export interface PathRoute {
  readonly path: string;
  /** `Prefix` is by whole elements. */
  readonly match: 'Exact' | 'Prefix';
  readonly rule: RouteRule;
}

export interface RouteRule {
  readonly backends: readonly RouteBackend[];
  readonly compression: boolean;
  readonly responseHeaders: ReadonlyMap<string, string>;
  /** The first that fits decides, whatever the weights are. */
  readonly matches?: readonly RouteCriteria[] | undefined;
  readonly mirror?: RouteMirror | undefined;
  /** How long a request waits while no backend can take it; absent: it does not. */
  readonly hold?: { readonly seconds: number } | undefined;
  readonly sticky?: RouteSticky | undefined;
  readonly sessions?: RouteSessions | undefined;
}

/** Requests that fulfil every condition go to one of the backends of the rule. */
export interface RouteCriteria {
  readonly headers: readonly RouteCondition[];
  readonly cookies: readonly RouteCondition[];
  readonly service: string;
}

export interface RouteCondition {
  /** Of a header in lower case. */
  readonly name: string;
  readonly kind: 'exact' | 'prefix' | 'present';
  /** In latin1, as heads are read. */
  readonly value: string;
}

export interface RouteMirror {
  /** Its weight means nothing. */
  readonly backend: RouteBackend;
  readonly percent: number;
}

export interface RouteSticky {
  readonly cookie: string;
  readonly seconds: number;
}

export interface RouteSessions {
  readonly cookie: string;
  readonly idleSeconds: number;
  readonly key: Buffer;
  /** Whose sessions they are: a cookie that was signed for others is none. */
  readonly scope: string;
}

export interface RouteBackend {
  readonly namespace: string;
  /** The Split that names it; absent for an Ingress. */
  readonly split?: string | undefined;
  readonly application: string;
  readonly service: string;
  readonly version: string;
  readonly weight: number;
  readonly drainSeconds: number;
  /** Those that are ready. */
  readonly endpoints: readonly EndpointAddress[];
  /** Those that serve still, though their pods were told to end: better than nobody. */
  readonly leaving?: readonly EndpointAddress[] | undefined;
}

export interface EndpointAddress {
  readonly address: string;
  readonly port: number;
}

/** Whether it matters who asks. */
export function isByUser({ matches = [], sticky, sessions }: RouteRule): boolean {
  return matches.length > 0 || sticky !== undefined || sessions !== undefined;
}

/** Whether a backend may get new requests: those without weight if it matters who asks. */
export function mayServe({ matches = [], sessions }: RouteRule, { weight, service }: RouteBackend): boolean {
  return weight > 0 || sessions !== undefined || matches.some((criteria) => criteria.service === service);
}

export const emptyRoutingTable: RoutingTable = {
  exactHosts: new Map(),
  wildcardHosts: new Map(),
  anyHost: [],
  fallback: undefined,
  redirects: new Map(),
  certificates: new Map(),
  rules: [],
  splits: [],
};

export type RouteMatch =
  | { readonly kind: 'rule'; readonly rule: RouteRule }
  | { readonly kind: 'redirect'; readonly host: string }
  | { readonly kind: 'none' };

/** The most exact host that is known decides, and within it the longest path; `host` is in lower case without a port. */
export function matchRoute(table: RoutingTable, host: string, path: string): RouteMatch {
  const redirect = table.redirects.get(host);
  if (redirect !== undefined) return { kind: 'redirect', host: redirect };
  const routes = table.exactHosts.get(host) ?? table.wildcardHosts.get(parentOf(host)) ?? table.anyHost;
  const rule = routes.find((route) => matchesPath(route, path))?.rule ?? table.fallback;
  return rule === undefined ? { kind: 'none' } : { kind: 'rule', rule };
}

/** What follows `*.` in a wildcard that means the host: its name without the first label. Empty, which none is, without both. */
export function parentOf(host: string): string {
  const dot = host.indexOf('.');
  return dot > 0 ? host.slice(dot + 1) : '';
}

/** `/a` as a prefix matches `/a` and `/a/b`, not `/ab`; a slash at its end means nothing. */
function matchesPath(route: PathRoute, path: string): boolean {
  if (route.match === 'Exact') return path === route.path;
  const prefix = route.path.endsWith('/') ? route.path.slice(0, -1) : route.path;
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}

/** Rules of one Split, or of one Service of an Ingress, are of one route, whichever versions they name. */
export function routeKey({ backends: [first] }: RouteRule): string {
  return [first?.namespace ?? '', first?.split ?? '', first?.split === undefined ? (first?.service ?? '') : ''].join(
    '\n',
  );
}
