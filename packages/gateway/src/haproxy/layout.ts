import { isIP } from 'node:net';
import {
  type EndpointAddress,
  isByUser,
  type PathRoute,
  type RouteBackend,
  type RouteRule,
  type RoutingTable,
} from '../routing/routing-table.ts';
import { hashOf } from './hash-of.ts';
import { hasRoomFor, type HeaderSet, headerSetId } from './header-sets.ts';
import { type Entries, type RuntimeState, type Server, sharedWeight } from './runtime-state.ts';
import { calculateShares } from './shares.ts';
import { assignSlots, type SlotCounts, type SlotKind } from './slots.ts';

export interface LayoutRequest {
  readonly table: RoutingTable;
  /** Slot by version, of the last time. */
  readonly slots: ReadonlyMap<string, string>;
  /** Slots that still have servers. */
  readonly occupied: ReadonlySet<string>;
  readonly counts: SlotCounts;
  /** Identities of the header sets that the configuration has. */
  readonly headerSets: ReadonlySet<string>;
}

export interface Layout {
  /** What HAProxy is to hold; servers that it does not name leave. */
  readonly wanted: RuntimeState;
  readonly slots: ReadonlyMap<string, string>;
  /** Whose requests a slot takes. */
  readonly backends: ReadonlyMap<string, RouteBackend>;
  readonly needed: SlotCounts;
  readonly headerSets: ReadonlyMap<string, HeaderSet>;
}

/** Leads to no route: a redirect takes precedence even over a wildcard that matches its host. */
const builtInKey = '!';
const anyHostKey = '*';

/**
 * How a routing table is served by HAProxy as far as it can be without another configuration. A rule that it cannot serve,
 * for want of a slot or of its headers, is left out of `rules`: the built-in proxy serves it then, as it answers
 * everything that is nobody's.
 */
export function planLayout(request: LayoutRequest): Layout {
  const { table } = request;
  const routes = collectRoutes(table);
  const versions = collectVersions([...routes.rules.keys()]);
  const assignment = assignSlots({
    previous: request.slots,
    wanted: new Map([...versions].map(([key, { kind }]) => [key, kind])),
    occupied: request.occupied,
    counts: request.counts,
  });
  const servers = new Map<string, Map<string, Server>>();
  const backends = new Map<string, RouteBackend>();
  for (const [key, { backend }] of versions) {
    const slot = assignment.slots.get(key);
    if (slot === undefined) continue;
    servers.set(slot, serversOf(backend.endpoints));
    backends.set(slot, backend);
  }
  const targets = targetMaps(routes.rules, assignment.slots, request.headerSets);
  return {
    wanted: { maps: { ...routes.maps, ...targets, only: onlyServers(servers) }, servers },
    slots: assignment.slots,
    backends,
    needed: assignment.needed,
    headerSets: collectHeaderSets([...routes.rules.keys()]),
  };
}

interface Routes {
  readonly maps: Pick<RuntimeState['maps'], 'hosts' | 'wildcards' | 'exact' | 'prefixes'>;
  readonly rules: ReadonlyMap<RouteRule, string>;
}

/** Where a rule is reached: a key of the map `exact` or `prefixes`. */
interface Place {
  readonly map: 'exact' | 'prefixes';
  readonly key: string;
}

function collectRoutes(table: RoutingTable): Routes {
  const hosts = new Map<string, string>();
  const wildcards = new Map<string, string>();
  const places = new Map<RouteRule, Place[]>();
  const claim = (hostKey: string, routes: readonly PathRoute[]): void => claimPlaces(places, hostKey, routes, table);
  for (const [host, routes] of table.exactHosts) {
    if (!isPlainHost(host)) continue;
    hosts.set(host, host);
    claim(host, routes);
  }
  for (const [suffix, routes] of table.wildcardHosts) {
    if (!isPlainHost(suffix)) continue;
    wildcards.set(suffix, `*.${suffix}`);
    claim(`*.${suffix}`, routes);
  }
  claim(anyHostKey, table.anyHost);
  for (const host of table.redirects.keys()) if (isPlainHost(host)) hosts.set(host, builtInKey);
  const exact = new Map<string, string>();
  const prefixes = new Map<string, string>();
  const rules = new Map<RouteRule, string>();
  for (const [rule, own] of places) {
    // All of its places name a rule, so that no other one can ever be reached where only some of them have changed.
    const id = `r${hashOf(own.map(({ map, key }) => `${map} ${key}`).toSorted())}`;
    rules.set(rule, id);
    for (const { map, key } of own) (map === 'exact' ? exact : prefixes).set(key, id);
  }
  return { maps: { hosts, wildcards, exact, prefixes }, rules };
}

function claimPlaces(
  places: Map<RouteRule, Place[]>,
  hostKey: string,
  routes: readonly PathRoute[],
  { fallback }: RoutingTable,
): void {
  const taken = new Set<string>();
  const withFallback: readonly PathRoute[] =
    fallback === undefined ? routes : [...routes, { path: '/', match: 'Prefix', rule: fallback }];
  for (const { path, match, rule } of withFallback) {
    if (!isPlainPath(path)) continue;
    const place: Place =
      match === 'Exact'
        ? { map: 'exact', key: `${hostKey}${path}` }
        : { map: 'prefixes', key: `${hostKey}${path.endsWith('/') ? path : `${path}/`}` };
    const name = `${place.map} ${place.key}`;
    if (taken.has(name)) continue;
    taken.add(name);
    const known = places.get(rule);
    if (known === undefined) places.set(rule, [place]);
    else known.push(place);
  }
}

/** No other host is looked up in the maps, nor one with a final dot, which means nothing: the built-in proxy takes requests for it. */
export const plainHostPattern = '^([a-z0-9._-]*[a-z0-9_-])?$';
const plainHost = new RegExp(plainHostPattern);

function isPlainHost(host: string): boolean {
  return host !== '' && plainHost.test(host);
}

/** A request line has no other characters, so a route with others is never reached. */
function isPlainPath(path: string): boolean {
  return /^\/[!-~]*$/.test(path);
}

interface Version {
  readonly kind: SlotKind;
  readonly backend: RouteBackend;
}

/** Every version that has pods, with weight or without: one that loses its weight keeps its pods for what is open. */
function collectVersions(rules: readonly RouteRule[]): ReadonlyMap<string, Version> {
  const versions = new Map<string, Version>();
  for (const rule of rules) {
    for (const backend of rule.backends) {
      const usable = { ...backend, endpoints: backend.endpoints.filter(isUsable) };
      if (usable.endpoints.length === 0) continue;
      versions.set(versionKey(rule, usable), { kind: kindOf(rule), backend: usable });
    }
  }
  return versions;
}

function kindOf(rule: RouteRule): SlotKind {
  return rule.compression ? 'compressing' : 'plain';
}

/** One Service may be reached at several ports, by rules of their own. */
function versionKey(rule: RouteRule, backend: RouteBackend): string {
  const ports = [...new Set(backend.endpoints.map(({ port }) => port))].toSorted((a, b) => a - b);
  const { namespace, split = '', application, service, version } = backend;
  return [kindOf(rule), namespace, split, application, service, version, ports.join()].join('\n');
}

function isUsable({ address, port }: EndpointAddress): boolean {
  return isIP(address) !== 0 && !address.includes('%') && Number.isInteger(port) && port > 0 && port < 65_536;
}

function serversOf(endpoints: readonly EndpointAddress[]): Map<string, Server> {
  const names = new Map(endpoints.map(({ address, port }) => [`${address}_${port}`, { address, port }]));
  const weight = names.size === 1 ? 0 : sharedWeight;
  return new Map([...names].map(([name, at]) => [name, { ...at, state: 'ready' as const, weight }]));
}

function onlyServers(servers: ReadonlyMap<string, ReadonlyMap<string, Server>>): Entries {
  const only = new Map<string, string>();
  for (const [slot, ofSlot] of servers) for (const [name, { weight }] of ofSlot) if (weight === 0) only.set(slot, name);
  return only;
}

function targetMaps(
  rules: ReadonlyMap<RouteRule, string>,
  slots: ReadonlyMap<string, string>,
  headerSets: ReadonlySet<string>,
): Pick<RuntimeState['maps'], 'rules' | 'splits' | 'headers'> {
  const targets = new Map<string, string>();
  const splits = new Map<string, string>();
  const headers = new Map<string, string>();
  for (const [rule, id] of rules) {
    const headerSet = headerSetId(rule.responseHeaders);
    if (headerSet !== undefined && !headerSets.has(headerSet)) continue;
    const target = targetOf(rule, slots);
    if (target === undefined) continue;
    targets.set(id, target.name);
    if (headerSet !== undefined) headers.set(id, headerSet);
    for (const [turn, slot] of target.turns) splits.set(turn, slot);
  }
  return { rules: targets, splits, headers };
}

interface Target {
  readonly name: string;
  readonly turns: Entries;
}

/**
 * Whether it takes more than weights and a few headers: the built-in proxy serves it then. Held requests are not among that,
 * because they are those for which nobody is ready, and these are its own anyway.
 */
function isBuiltIn(rule: RouteRule): boolean {
  return isByUser(rule) || rule.mirror !== undefined || !hasRoomFor(rule.responseHeaders);
}

/** Undefined: it is the built-in proxy's, nobody is ready, or somebody has no slot. */
function targetOf(rule: RouteRule, slots: ReadonlyMap<string, string>): Target | undefined {
  if (isBuiltIn(rule)) return undefined;
  const takers = rule.backends
    .map((backend) => ({ ...backend, endpoints: backend.endpoints.filter(isUsable) }))
    .filter(({ weight, endpoints }) => weight > 0 && endpoints.length > 0)
    .map((backend) => ({ weight: backend.weight, slot: slots.get(versionKey(rule, backend)) }));
  const [first] = takers;
  if (first?.slot === undefined) return undefined;
  if (takers.length === 1) return { name: first.slot, turns: new Map() };
  const { turns, total, stride } = calculateShares(takers.map(({ weight }) => weight));
  const order: string[] = [];
  for (const [index, { slot }] of takers.entries()) {
    if (slot === undefined) return undefined;
    for (let turn = 0; turn < (turns[index] ?? 0); turn++) order.push(slot);
  }
  // What a split is named for never changes: other weights are another split, and `rules` moves to it in one step.
  const name = `s:${hashOf(order)}:${total}:${stride}`;
  return { name, turns: new Map(order.map((slot, turn) => [`${name}.${turn}`, slot])) };
}

function collectHeaderSets(rules: readonly RouteRule[]): ReadonlyMap<string, HeaderSet> {
  const sets = new Map<string, HeaderSet>();
  for (const { responseHeaders } of rules) {
    const id = headerSetId(responseHeaders);
    if (id !== undefined && hasRoomFor(responseHeaders)) sets.set(id, responseHeaders);
  }
  return sets;
}
