/** Gateways, each of which routes by the Split as it saw it last. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { SplitInstanceStatus } from '@slipway/kube/split';
import { versioned, type Gateway, type World } from './world.ts';

/** Each takes the Split as it stands, and says so. */
export function runGateways(world: World): World {
  return world.gateways.reduce((before, _, index) => runGateway(before, index), world);
}

export function runGateway(world: World, index: number): World {
  const { split } = world;
  const gateway = world.gateways[index];
  if (gateway === undefined || !gateway.isAlive || gateway.isStuck) return world;
  const routed = gateway.inForce === split?.spec ? world : changeGateway(world, index, { inForce: split?.spec });
  const observedGeneration = split?.metadata.generation;
  if (split === undefined || observedGeneration === undefined) return routed;
  const instances = split.status?.instances ?? [];
  if (instances.some((each) => each.name === gateway.name && each.observedGeneration === observedGeneration))
    return routed;
  const reported: SplitInstanceStatus = {
    name: gateway.name,
    observedGeneration,
    inForceSince: formatMicroTime(world.now),
  };
  const others = instances.filter(({ name }) => name !== gateway.name);
  const [written, revision] = versioned(world, { ...split, status: { instances: [...others, reported] } });
  return { ...routed, revision, split: written };
}

/** A gateway that starts anew routes nothing before it has seen the Split. */
export function changeGateway(world: World, index: number, change: Partial<Gateway>): World {
  const chosen = index % world.gateways.length;
  return { ...world, gateways: world.gateways.map((each, at) => (at === chosen ? { ...each, ...change } : each)) };
}
