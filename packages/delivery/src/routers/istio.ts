/**
 * VirtualService of Istio: weights, matches by headers, mirrored requests, response headers.
 * https://istio.io/latest/docs/reference/config/networking/virtual-service/
 */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { Split, SplitBackend, SplitRule } from '@slipway/kube/split';
import { headerConditions } from './conditions-as-patterns.ts';
import {
  covers,
  knownServices,
  mergeList,
  ownHead,
  ruleObjectNames,
  ruleObjects,
  writtenHeaders,
  type RuleObject,
} from './own-objects.ts';
import { accepted, sharesOf, type Existing, type Router, type RuleInForce } from './router.ts';

export interface VirtualService extends KubeObject {
  readonly spec?: {
    readonly hosts?: readonly string[] | undefined;
    /** `namespace/name`. Absent: the sidecars of the mesh. */
    readonly gateways?: readonly string[] | undefined;
    readonly http?: readonly VirtualServiceRoute[] | undefined;
    readonly tls?: readonly object[] | undefined;
    readonly tcp?: readonly object[] | undefined;
  };
}

/** "The first rule matching an incoming request is used." Without matches it fits every request. */
export interface VirtualServiceRoute {
  readonly name?: string | undefined;
  readonly match?: readonly VirtualServiceMatch[] | undefined;
  readonly route?: readonly VirtualServiceDestination[] | undefined;
  readonly directResponse?: { readonly status: number } | undefined;
  readonly mirror?: Destination | undefined;
  readonly mirrorPercentage?: { readonly value: number } | undefined;
  readonly headers?: VirtualServiceHeaders | undefined;
}

interface VirtualServiceHeaders {
  readonly request?: object | undefined;
  readonly response?: { readonly set?: Readonly<Record<string, string>> | undefined } | undefined;
}

export interface StringMatch {
  readonly exact?: string | undefined;
  readonly prefix?: string | undefined;
  readonly regex?: string | undefined;
}

export interface VirtualServiceMatch {
  readonly uri?: StringMatch | undefined;
  readonly headers?: Readonly<Record<string, StringMatch>> | undefined;
}

interface Destination {
  readonly host: string;
  readonly port?: { readonly number: number } | undefined;
}

interface VirtualServiceDestination {
  readonly destination: Destination;
  readonly weight?: number | undefined;
}

const virtualServices: ResourceType<VirtualService> = {
  group: 'networking.istio.io',
  version: 'v1',
  kind: 'VirtualService',
  plural: 'virtualservices',
  namespaced: true,
};

/** Of our rules, by which they are told from those of others also where they lead nowhere. */
const ruleName = 'slipway';

export const istio: Router<VirtualService> = {
  name: 'istio',
  confirmation: 'timed',
  type: virtualServices,
  product: 'Istio (1.22 or later)',
  objectNames: ruleObjectNames,
  render: (split, existing) =>
    ruleObjects(split).map((object) => renderService(split, object, existing.get(object.name))),
  readBack,
  // Sidecars and ingress gateways follow without a word in the object.
  acceptanceOf: () => accepted,
  withoutOurs,
};

function renderService(split: Split, object: RuleObject, existing: VirtualService | undefined): VirtualService {
  const { rule } = object;
  const hosts = rule.hosts.length === 0 ? ['*'] : rule.hosts;
  const parents = (split.spec.parentRefs ?? []).map(
    ({ name, namespace }) => `${namespace ?? split.metadata.namespace ?? ''}/${name}`,
  );
  const gateways = parents.length === 0 ? undefined : parents;
  const own = ownRoutes(rule);
  const known = knownServices(existing, rule);
  const headers = writtenHeaders(existing);
  const http = mergeList({
    own,
    existing: existing?.spec?.http ?? [],
    isOwn: (each) => isOwn(each, known),
    join: (each, before) =>
      withAdditions(
        each,
        before.find(({ match }) => covers(match, each.match)),
        { known, headers },
      ),
  });
  const head = ownHead({ type: virtualServices, split, object, content: { hosts, gateways, own } });
  return { ...head, spec: { hosts, gateways, http } };
}

/** Those for single users first: the first that fits is used. */
function ownRoutes(rule: SplitRule): readonly VirtualServiceRoute[] {
  const uris = (rule.paths.length === 0 ? ['/'] : rule.paths).flatMap(urisUnder);
  const { responseHeaders = {}, mirror } = rule;
  const handling = {
    ...(Object.keys(responseHeaders).length === 0 ? {} : { headers: { response: { set: responseHeaders } } }),
    ...(mirror === undefined ? {} : { mirror: destinationOf(mirror), mirrorPercentage: { value: mirror.percent } }),
  };
  const matched = (rule.matches ?? []).flatMap((match): readonly VirtualServiceRoute[] => {
    const backend = rule.backends.find(({ service }) => service === match.service);
    const headers = Object.fromEntries(
      headerConditions(match).map((each) => [
        each.name,
        'exact' in each ? { exact: each.exact } : { regex: each.pattern },
      ]),
    );
    const route = backend === undefined ? [] : [{ destination: destinationOf(backend), weight: 100 }];
    return backend === undefined
      ? []
      : [{ name: ruleName, match: uris.map((uri) => ({ uri, headers })), route, ...handling }];
  });
  return [...matched, { name: ruleName, match: uris.map((uri) => ({ uri })), ...targetOf(rule), ...handling }];
}

/** `/shop` by whole elements, where a prefix is one of characters: exactly that, and what is under `/shop/`. */
function urisUnder(path: string): readonly StringMatch[] {
  const bare = path.endsWith('/') ? path.slice(0, -1) : path;
  return bare === '' ? [{ prefix: '/' }] : [{ exact: bare }, { prefix: `${bare}/` }];
}

/** Destinations of which none has a weight are refused: then it is answered like by a Service without pods. */
function targetOf({ backends }: SplitRule): Pick<VirtualServiceRoute, 'route' | 'directResponse'> {
  return backends.every(({ weight }) => weight === 0)
    ? { directResponse: { status: 503 } }
    : { route: backends.map((backend) => ({ destination: destinationOf(backend), weight: backend.weight })) };
}

/** A short name is one in the namespace of the VirtualService. */
function destinationOf({ service, port }: Pick<SplitBackend, 'service' | 'port'>): Destination {
  return { host: service, port: { number: Number(port) } };
}

function isOwn({ name, route = [] }: VirtualServiceRoute, known: ReadonlySet<string>): boolean {
  return name === ruleName || route.some(({ destination }) => known.has(destination.host));
}

interface Ours {
  readonly known: ReadonlySet<string>;
  readonly headers: ReadonlySet<string>;
}

/** Time-outs, retries, faults and whatever else a rule may say stay as others said it. */
function withAdditions(
  own: VirtualServiceRoute,
  existing: VirtualServiceRoute | undefined,
  { known, headers: written }: Ours,
): VirtualServiceRoute {
  if (existing === undefined) return own;
  const { route: _, directResponse: __, mirror, mirrorPercentage, headers: ___, ...others } = existing;
  const isForeignMirror = mirror !== undefined && !known.has(mirror.host);
  const headers = mergeHeaders(own.headers, existing.headers, written);
  return {
    ...others,
    ...(isForeignMirror ? { mirror, mirrorPercentage } : {}),
    ...own,
    ...(headers === undefined ? {} : { headers }),
  };
}

function mergeHeaders(
  own: VirtualServiceHeaders | undefined,
  existing: VirtualServiceHeaders | undefined,
  written: ReadonlySet<string>,
): VirtualServiceHeaders | undefined {
  const set = { ...withoutNames(existing?.response?.set ?? {}, written), ...own?.response?.set };
  const isSetting = Object.keys(set).length > 0;
  const response = isSetting ? { ...existing?.response, set } : withoutSet(existing?.response);
  const isBare = existing?.request === undefined && Object.keys(response).length === 0;
  return isBare ? undefined : { ...existing, response };
}

function withoutNames(set: Readonly<Record<string, string>>, names: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries(Object.entries(set).filter(([name]) => !names.has(name.toLowerCase())));
}

function withoutSet(response: VirtualServiceHeaders['response']): object {
  const { set: _, ...rest } = response ?? {};
  return rest;
}

function readBack(split: Split, existing: Existing<VirtualService>): readonly RuleInForce[] {
  return ruleObjects(split).map(({ name, rule }) => {
    const known = knownServices(existing.get(name), rule);
    const own = (existing.get(name)?.spec?.http ?? []).filter((each) => isOwn(each, known));
    return readRoute(own.find(({ match = [] }) => match.every(({ headers }) => headers === undefined)) ?? {}, known);
  });
}

/** "If there is only one destination in a rule, the weight value is assumed to be 100"; otherwise its share of their sum. */
function readRoute(
  { route = [], mirror, mirrorPercentage }: VirtualServiceRoute,
  known: ReadonlySet<string>,
): RuleInForce {
  const isAlone = route.length === 1;
  return {
    weights: sharesOf(route.map(({ destination, weight = 0 }) => [destination.host, isAlone ? 100 : weight])),
    // "If this field is absent, all the traffic (100%) will be mirrored."
    ...(known.has(mirror?.host ?? '') ? { mirrorPercent: mirrorPercentage?.value ?? 100 } : {}),
  };
}

function withoutOurs(service: VirtualService): VirtualService | undefined {
  const known = knownServices(service);
  const { http = [], tls = [], tcp = [] } = service.spec ?? {};
  const rest = http.filter((route) => !isOwn(route, known));
  return rest.length + tls.length + tcp.length === 0
    ? undefined
    : { ...service, spec: { ...service.spec, http: rest } };
}
