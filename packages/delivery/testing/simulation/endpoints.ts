/** What gateways know of the pods behind each version: an EndpointSlice as each of them saw it last. */
import type { Pod } from '@slipway/kube/api.generated';
import { labels } from '../../src/names.ts';
import { revisionOf, type KnownEndpoints } from './known-endpoints.ts';
import { isPodReady, type Gateway, type World } from './world.ts';

const known = new WeakMap<World['pods'], KnownEndpoints>();

export function endpointsOf(world: Pick<World, 'pods' | 'slicedPods' | 'slicedAt' | 'slice'>): KnownEndpoints {
  const { slice, slicedAt, slicedPods: pods = world.pods } = world;
  const remembered = known.get(pods);
  const revision = Math.max(revisionOf([slice, ...pods]), slicedAt);
  if (remembered?.revision === revision) return remembered;
  const endpoints = { pods: new Set(pods.filter(isBehind).map(({ metadata }) => metadata.name ?? '')), revision };
  known.set(pods, endpoints);
  return endpoints;
}

function isBehind(pod: Pod): boolean {
  return isPodReady(pod) && pod.metadata.labels?.[labels.backend] === 'true';
}

/** What was late is written as it is now, which is a change of its own. */
export function followPods(world: World): World {
  if (world.slicedPods === undefined) return world;
  const revision = world.revision + 1;
  return { ...world, revision, slicedPods: undefined, slicedAt: revision };
}

/** As they are now, unless it lags behind, hangs or is cut off: then as they were. */
export function followEndpoints(world: World, gateway: Gateway): KnownEndpoints {
  const { isAlive, isStuck, isLagging, cutSince } = gateway;
  if (!isAlive || isStuck || isLagging || cutSince !== undefined) return gateway.endpoints;
  const { pods, revision } = endpointsOf(world);
  const { endpoints } = gateway;
  const isSame = pods.size === endpoints.pods.size && [...pods].every((name) => endpoints.pods.has(name));
  return isSame && revision <= endpoints.revision
    ? endpoints
    : { pods, revision: Math.max(revision, endpoints.revision) };
}
