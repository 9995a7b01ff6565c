/** What gateways know of the pods behind each version: an EndpointSlice as each of them saw it last. */
import type { Pod } from '@slipway/kube/api.generated';
import { labels } from '../../src/names.ts';
import { revisionOf, type KnownEndpoints } from './known-endpoints.ts';
import { isPodReady, type Gateway, type World } from './world.ts';

const known = new WeakMap<World['pods'], KnownEndpoints>();

export function endpointsOf({ pods, slice }: Pick<World, 'pods' | 'slice'>): KnownEndpoints {
  const remembered = known.get(pods);
  const revision = revisionOf([slice, ...pods]);
  if (remembered?.revision === revision) return remembered;
  const endpoints = { pods: new Set(pods.filter(isBehind).map(({ metadata }) => metadata.name ?? '')), revision };
  known.set(pods, endpoints);
  return endpoints;
}

function isBehind(pod: Pod): boolean {
  return isPodReady(pod) && pod.metadata.labels?.[labels.backend] === 'true';
}

/** As they are now, unless it lags behind or hangs: then as they were. */
export function followEndpoints(world: World, gateway: Gateway): KnownEndpoints {
  if (!gateway.isAlive || gateway.isStuck || gateway.isLagging) return gateway.endpoints;
  const { pods, revision } = endpointsOf(world);
  const { endpoints } = gateway;
  const isSame = pods.size === endpoints.pods.size && [...pods].every((name) => endpoints.pods.has(name));
  return isSame && revision <= endpoints.revision
    ? endpoints
    : { pods, revision: Math.max(revision, endpoints.revision) };
}
