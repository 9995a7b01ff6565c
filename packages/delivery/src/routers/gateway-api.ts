/**
 * HTTPRoute of the Gateway API, version v1: weights, matches by headers, mirrored requests, response headers.
 * https://gateway-api.sigs.k8s.io/reference/spec/#httproute
 */
import type { Condition } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { ParentReference, Split, SplitBackend, SplitRule } from '@slipway/kube/split';
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
import { accepted, sharesOf, type Acceptance, type Existing, type Router, type RuleInForce } from './router.ts';

export interface HttpRoute extends KubeObject {
  readonly spec?: {
    readonly parentRefs?: readonly RouteParent[] | undefined;
    readonly hostnames?: readonly string[] | undefined;
    readonly rules?: readonly HttpRouteRule[] | undefined;
  };
  readonly status?: { readonly parents?: readonly RouteParentStatus[] | undefined };
}

interface RouteParent extends ParentReference {
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
}

interface RouteParentStatus {
  readonly parentRef: RouteParent;
  readonly controllerName?: string | undefined;
  readonly conditions?: readonly Condition[] | undefined;
}

/** Absent matches fit every request, as one of the prefix `/`. */
export interface HttpRouteRule {
  readonly matches?: readonly HttpRouteMatch[] | undefined;
  readonly filters?: readonly HttpRouteFilter[] | undefined;
  readonly backendRefs?: readonly BackendReference[] | undefined;
}

export interface HttpRouteMatch {
  readonly path?: { readonly type?: string | undefined; readonly value?: string | undefined } | undefined;
  readonly headers?:
    | ReadonlyArray<{ readonly name: string; readonly type?: string | undefined; readonly value: string }>
    | undefined;
}

interface BackendReference {
  readonly name: string;
  readonly port?: number | undefined;
  /** Default 1. */
  readonly weight?: number | undefined;
}

interface SetHeader {
  readonly name: string;
  readonly value: string;
}

interface HttpRouteFilter {
  readonly type: string;
  readonly requestMirror?: { readonly backendRef: BackendReference; readonly percent?: number | undefined } | undefined;
  readonly responseHeaderModifier?:
    | {
        readonly set?: readonly SetHeader[] | undefined;
        readonly add?: readonly SetHeader[] | undefined;
        readonly remove?: readonly string[] | undefined;
      }
    | undefined;
}

const httpRoutes: ResourceType<HttpRoute> = {
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  kind: 'HTTPRoute',
  plural: 'httproutes',
  namespaced: true,
};

export const gatewayApi: Router<HttpRoute> = {
  name: 'gatewayApi',
  confirmation: 'accepted',
  type: httpRoutes,
  product: 'the Gateway API (v1.0 or later)',
  objectNames: ruleObjectNames,
  render: (split, existing) =>
    ruleObjects(split).map((object) => renderRoute(split, object, existing.get(object.name))),
  readBack,
  acceptanceOf,
  withoutOurs,
};

/** One HTTPRoute for each rule of the Split, because hosts are said once for all rules of a route. */
function renderRoute(split: Split, object: RuleObject, existing: HttpRoute | undefined): HttpRoute {
  const { rule } = object;
  const hostnames = rule.hosts.length === 0 ? undefined : rule.hosts;
  const own = ownRules(rule);
  const { parentRefs } = split.spec;
  const known = knownServices(existing, rule);
  const headers = writtenHeaders(existing);
  const rules = mergeList({
    own,
    existing: existing?.spec?.rules ?? [],
    isOwn: (each) => isOwn(each, known),
    join: (each, before) =>
      withAdditions(
        each,
        before.find(({ matches }) => covers(matches, each.matches)),
        { known, headers },
      ),
  });
  const head = ownHead({ type: httpRoutes, split, object, content: { hostnames, parentRefs, own } });
  return { ...head, spec: { parentRefs, hostnames, rules } };
}

/** More conditions on headers win, whatever the order: the rules for single users need no other place than the first. */
function ownRules(rule: SplitRule): readonly HttpRouteRule[] {
  const paths = rule.paths.length === 0 ? ['/'] : rule.paths;
  const filters = filtersOf(rule);
  const handling = filters.length === 0 ? {} : { filters };
  const matched = (rule.matches ?? []).flatMap((match): readonly HttpRouteRule[] => {
    const backend = rule.backends.find(({ service }) => service === match.service);
    const headers = headerConditions(match).map((each) =>
      'exact' in each
        ? { name: each.name, type: 'Exact', value: each.exact }
        : { name: each.name, type: 'RegularExpression', value: each.pattern },
    );
    const matches = paths.map((value) => ({ path: { type: 'PathPrefix', value }, headers }));
    return backend === undefined
      ? []
      : [{ matches, ...handling, backendRefs: [referenceTo({ ...backend, weight: 100 })] }];
  });
  const matches = paths.map((value) => ({ path: { type: 'PathPrefix', value } }));
  return [...matched, { matches, ...handling, backendRefs: rule.backends.map(referenceTo) }];
}

function referenceTo({ service, port, weight }: Pick<SplitBackend, 'service' | 'port' | 'weight'>): BackendReference {
  return { name: service, port: Number(port), weight };
}

function filtersOf({ mirror, responseHeaders = {} }: SplitRule): readonly HttpRouteFilter[] {
  const set = Object.entries(responseHeaders).map(([name, value]) => ({ name, value }));
  const percent = mirror === undefined || mirror.percent === 100 ? {} : { percent: mirror.percent };
  return [
    ...(set.length === 0 ? [] : [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }]),
    ...(mirror === undefined
      ? []
      : [
          {
            type: 'RequestMirror',
            requestMirror: { backendRef: { name: mirror.service, port: Number(mirror.port) }, ...percent },
          },
        ]),
  ];
}

/** A rule is ours that leads to a version of ours, whoever has changed it since; and one that leads nowhere at all. */
function isOwn({ backendRefs = [], filters = [] }: HttpRouteRule, known: ReadonlySet<string>): boolean {
  return backendRefs.length === 0 ? filters.length === 0 : backendRefs.some(({ name }) => known.has(name));
}

interface Ours {
  readonly known: ReadonlySet<string>;
  readonly headers: ReadonlySet<string>;
}

/** Fields that are none of ours stay: filters, time-outs, and what of the rule no version of this file knows. */
function withAdditions(own: HttpRouteRule, existing: HttpRouteRule | undefined, ours: Ours): HttpRouteRule {
  if (existing === undefined) return own;
  const backendRefs = (own.backendRefs ?? []).map((reference) => ({
    ...existing.backendRefs?.find(({ name }) => name === reference.name),
    ...reference,
  }));
  const foreign = (existing.filters ?? []).flatMap((filter) => withoutOwn(filter, ours));
  const filters = (own.filters ?? []).reduce(addFilter, foreign);
  const { filters: _, ...others } = existing;
  return { ...others, ...own, backendRefs, ...(filters.length === 0 ? {} : { filters }) };
}

function withoutOwn(filter: HttpRouteFilter, { known, headers }: Ours): readonly HttpRouteFilter[] {
  const { requestMirror, responseHeaderModifier: modifier } = filter;
  if (requestMirror !== undefined) return known.has(requestMirror.backendRef.name) ? [] : [filter];
  if (modifier?.set === undefined) return [filter];
  const set = modifier.set.filter(({ name }) => !headers.has(name.toLowerCase()));
  const isEmpty = set.length === 0 && modifier.add === undefined && modifier.remove === undefined;
  return isEmpty ? [] : [{ ...filter, responseHeaderModifier: { ...modifier, set } }];
}

/** A rule may change the headers of answers by one filter only: what others set there stays beside ours. */
function addFilter(filters: readonly HttpRouteFilter[], own: HttpRouteFilter): readonly HttpRouteFilter[] {
  const foreign = filters.find(({ type }) => type === own.type);
  if (foreign === undefined || own.responseHeaderModifier === undefined) return [...filters, own];
  const { set = [], ...others } = foreign.responseHeaderModifier ?? {};
  const names = new Set((own.responseHeaderModifier.set ?? []).map(({ name }) => name.toLowerCase()));
  const kept = set.filter(({ name }) => !names.has(name.toLowerCase()));
  const merged = { ...others, set: [...kept, ...(own.responseHeaderModifier.set ?? [])] };
  return filters.map((each) => (each === foreign ? { ...foreign, responseHeaderModifier: merged } : each));
}

/** "The proportion of requests forwarded to the referenced backend. This is computed as weight/(sum of all weights)." */
function readBack(split: Split, existing: Existing<HttpRoute>): readonly RuleInForce[] {
  return ruleObjects(split).map(({ name, rule }) => {
    const known = knownServices(existing.get(name), rule);
    const rules = (existing.get(name)?.spec?.rules ?? []).filter((each) => isOwn(each, known));
    const main = rules.find(({ matches = [] }) => matches.every(({ headers = [] }) => headers.length === 0));
    const mirror = main?.filters?.find(({ requestMirror }) => known.has(requestMirror?.backendRef.name ?? ''));
    return {
      weights: sharesOf((main?.backendRefs ?? []).map(({ name: service, weight = 1 }) => [service, weight])),
      // Without a share all requests are mirrored, also where the kind that is installed does not know shares.
      ...(mirror === undefined ? {} : { mirrorPercent: mirror.requestMirror?.percent ?? 100 }),
    };
  });
}

/** By every parent that it names, for the generation that stands there: everything else is about another route. */
function acceptanceOf(route: HttpRoute): Acceptance {
  const parents = route.spec?.parentRefs ?? [];
  const each = parents.map((parent) => acceptedBy(route, parent));
  return each.find(({ state }) => state === 'refused') ?? each.find(({ state }) => state === 'awaited') ?? accepted;
}

function acceptedBy(route: HttpRoute, parent: RouteParent): Acceptance {
  const { metadata, status } = route;
  const what = `HTTPRoute ${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
  const by = `Gateway ${parent.namespace ?? metadata.namespace ?? ''}/${parent.name}`;
  const statuses = (status?.parents ?? []).filter(({ parentRef }) => isSameParent(route, parentRef, parent));
  const current = statuses.flatMap(({ conditions = [] }) =>
    conditions.filter(({ observedGeneration }) => observedGeneration === metadata.generation),
  );
  const refusal = current.find(({ type, status: holds }) => isNeeded(type) && holds === 'False');
  if (refusal !== undefined)
    return {
      state: 'refused',
      sentence: `RouteRefused: ${what} is not in force at ${by}: ${refusal.type} is False, ${refusal.reason}: ${refusal.message}`,
    };
  const isAccepted = statuses.length > 0 && statuses.every(({ conditions = [] }) => isInForce(conditions, metadata));
  return isAccepted
    ? accepted
    : {
        state: 'awaited',
        sentence: `RouteNotAccepted: the controller of ${by} has not said that it accepts generation ${metadata.generation ?? 0} of ${what}: is the Gateway there, and does its listener let the route in?`,
      };
}

const needed = ['Accepted', 'ResolvedRefs'];

function isNeeded(type: string): boolean {
  return needed.includes(type);
}

function isInForce(conditions: readonly Condition[], { generation }: HttpRoute['metadata']): boolean {
  return needed.every((type) =>
    conditions.some((each) => each.type === type && each.status === 'True' && each.observedGeneration === generation),
  );
}

/** References are compared with the defaults that the kind gives them. */
function isSameParent({ metadata }: HttpRoute, a: RouteParent, b: RouteParent): boolean {
  const withDefaults = ({ group = httpRoutes.group, kind = 'Gateway', namespace, ...rest }: RouteParent): string =>
    [group, kind, namespace ?? metadata.namespace, rest.name, rest.sectionName ?? '', rest.port ?? ''].join('/');
  return withDefaults(a) === withDefaults(b);
}

function withoutOurs(route: HttpRoute): HttpRoute | undefined {
  const known = knownServices(route);
  const rules = (route.spec?.rules ?? []).filter((rule) => !isOwn(rule, known));
  return rules.length === 0 ? undefined : { ...route, spec: { ...route.spec, rules } };
}
