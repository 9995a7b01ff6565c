/** HTTPRoute, as https://gateway-api.sigs.k8s.io/reference/spec/ says. */
import { gatewayApi, type HttpRoute, type HttpRouteMatch, type HttpRouteRule } from '../../src/routers/gateway-api.ts';
import {
  isHostCovered,
  isUnderPath,
  pickByWeight,
  type Delivery,
  type ModelRequest,
  type TrafficModel,
} from './traffic-model.ts';

interface Candidate {
  readonly match: HttpRouteMatch;
  readonly rule: HttpRouteRule;
  readonly hostLength: number;
}

export const httpRouteModel: TrafficModel<HttpRoute> = {
  type: gatewayApi.type,
  route: (routes, request, random) => {
    const candidates = routes.flatMap((route) => candidatesOf(route, request));
    const rule = candidates.toSorted(byPrecedence)[0]?.rule;
    return rule === undefined ? { service: undefined } : deliver(rule, random);
  },
  statusOf: (route, isTaken) => ({
    parents: (route.spec?.parentRefs ?? []).map((parentRef) => ({
      parentRef,
      controllerName: 'example.org/model',
      conditions: ['Accepted', 'ResolvedRefs'].map((type) => ({
        type,
        status: isTaken ? 'True' : 'False',
        reason: isTaken ? type : 'NoMatchingListenerHostname',
        message: isTaken ? '' : 'no listener takes the hosts',
        observedGeneration: route.metadata.generation,
        lastTransitionTime: '2026-01-01T00:00:00Z',
      })),
    })),
  }),
};

/** Without hosts a route serves all of the listener; without matches it is one of the prefix `/`. */
function candidatesOf({ spec }: HttpRoute, request: ModelRequest): readonly Candidate[] {
  const { hostnames = ['*'], rules = [] } = spec ?? {};
  const fitting = hostnames.filter((each) => each === '*' || isHostCovered(request.host, each));
  return fitting.flatMap((host) =>
    rules.flatMap((rule) =>
      (rule.matches ?? [{}])
        .filter((match) => isMatched(match, request))
        .map((match) => ({ match, rule, hostLength: host.length })),
    ),
  );
}

function isMatched({ path, headers = [] }: HttpRouteMatch, request: ModelRequest): boolean {
  const { type = 'PathPrefix', value = '/' } = path ?? {};
  const isPath = type === 'Exact' ? request.path === value : isUnderPath(request.path, value);
  return (
    isPath &&
    headers.every((header) => {
      const actual = request.headers[header.name.toLowerCase()];
      if (actual === undefined) return false;
      return header.type === 'RegularExpression' ? new RegExp(header.value).test(actual) : actual === header.value;
    })
  );
}

/** "Exact" path, longest prefix, most header matches; then the first in list order, which a stable sort keeps. */
function byPrecedence(a: Candidate, b: Candidate): number {
  const exactness = (match: HttpRouteMatch): number => (match.path?.type === 'Exact' ? 1 : 0);
  const pathLength = (match: HttpRouteMatch): number => (match.path?.value ?? '/').length;
  return (
    b.hostLength - a.hostLength ||
    exactness(b.match) - exactness(a.match) ||
    pathLength(b.match) - pathLength(a.match) ||
    (b.match.headers?.length ?? 0) - (a.match.headers?.length ?? 0)
  );
}

/** "If weight is set to 0, no traffic should be forwarded for this entry. If unspecified, weight defaults to 1." */
function deliver({ backendRefs = [], filters = [] }: HttpRouteRule, random: () => number): Delivery {
  const backend = pickByWeight(backendRefs, ({ weight = 1 }) => weight, random);
  const mirror = filters.find(({ type }) => type === 'RequestMirror')?.requestMirror;
  const isMirrored = mirror !== undefined && random() * 100 < (mirror.percent ?? 100);
  return { service: backend?.name, ...(isMirrored ? { mirrored: mirror.backendRef.name } : {}) };
}
