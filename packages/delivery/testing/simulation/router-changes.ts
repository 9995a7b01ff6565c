/** Spec names another router, and routers are let go. */
import type { Carrier } from '@slipway/kube/split';
import type { ApplicationRoute } from '../../src/api/application.ts';
import { validateRouter } from '../../src/routers/validate-router.ts';
import { changeSpec } from './people.ts';
import { isCarrying } from './routers.ts';
import { newGateway, unrouted, type Gateway, type World } from './world.ts';

/** What the router that is asked for cannot do nobody asks for. */
export function changeRouter(world: World, router: Carrier): World {
  const { route } = world.application.spec;
  if (route === undefined) return world;
  const next = routeBy(route, router);
  const isRefused = validateRouter({ ...world.application.spec, route: next }).length > 0;
  return isRefused ? world : withRouter(changeSpec(world, { route: next }), router);
}

function routeBy({ hosts, handoverSeconds }: ApplicationRoute, router: Carrier): ApplicationRoute {
  const own = { hosts, handoverSeconds };
  if (router === 'gateway') return own;
  return router === 'ingressNginx'
    ? { ...own, through: router }
    : { ...own, through: router, parentRefs: [{ name: 'public' }] };
}

function withRouter(world: World, name: Carrier): World {
  if (name === 'gateway' || world.gateways.some((each) => each.name === name)) return world;
  return { ...world, gateways: [...world.gateways, newGateway(name)] };
}

/** By one that the Split names no more nobody comes: that is what the time of both was for. */
export function withoutFormerRouters(world: World): World {
  const { split, gateways } = world;
  const isOver = (each: Gateway): boolean =>
    split !== undefined &&
    (each.inForce !== undefined || each.openSince !== undefined) &&
    !isCarrying(each, split.spec);
  if (!gateways.some(isOver)) return world;
  return {
    ...world,
    gateways: gateways.map((each) => (isOver(each) ? { ...each, ...unrouted, openSince: undefined } : each)),
  };
}
