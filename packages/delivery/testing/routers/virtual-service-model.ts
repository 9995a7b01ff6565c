/** VirtualService, as https://istio.io/latest/docs/reference/config/networking/virtual-service/ says. */
import {
  istio,
  type StringMatch,
  type VirtualService,
  type VirtualServiceMatch,
  type VirtualServiceRoute,
} from '../../src/routers/istio.ts';
import { isHostCovered, pickByWeight, type Delivery, type ModelRequest, type TrafficModel } from './traffic-model.ts';

export const virtualServiceModel: TrafficModel<VirtualService> = {
  type: istio.type,
  route: (services, request, random) => {
    const route = services
      .filter(({ spec }) => (spec?.hosts ?? []).some((host) => host === '*' || isHostCovered(request.host, host)))
      .flatMap(({ spec }) => spec?.http ?? [])
      .find(({ match }) => match === undefined || match.some((each) => isMatched(each, request)));
    return route === undefined ? { service: undefined } : deliver(route, random);
  },
  statusOf: () => undefined,
};

function isMatched({ uri, headers = {} }: VirtualServiceMatch, request: ModelRequest): boolean {
  return (
    isStringMatched(uri, request.path) &&
    Object.entries(headers).every(([name, match]) => {
      const actual = request.headers[name];
      return actual !== undefined && isStringMatched(match, actual);
    })
  );
}

/** Regular expressions are those of RE2, and fit the whole text. */
function isStringMatched(match: StringMatch | undefined, text: string): boolean {
  if (match?.exact !== undefined) return text === match.exact;
  if (match?.prefix !== undefined) return text.startsWith(match.prefix);
  return match?.regex === undefined || new RegExp(`^(?:${match.regex})$`).test(text);
}

function deliver({ route = [], mirror, mirrorPercentage }: VirtualServiceRoute, random: () => number): Delivery {
  const target = pickByWeight(route, ({ weight = 0 }) => (route.length === 1 ? 100 : weight), random);
  const isMirrored = mirror !== undefined && random() * 100 < (mirrorPercentage?.value ?? 100);
  return { service: target?.destination.host, ...(isMirrored ? { mirrored: mirror.host } : {}) };
}
