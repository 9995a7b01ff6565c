/** Gateways, each of which routes by the Split as it saw it last, and counts the sessions that it sees. */
import { formatMicroTime } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import type { SplitInstanceStatus, SplitRule } from '@slipway/kube/split';
import { followEndpoints } from './endpoints.ts';
import { withoutFormerRouters } from './router-changes.ts';
import { isCarrying, routerOf } from './routers.ts';
import { startSessions, sessionCounts } from './sessions.ts';
import { unrouted, versioned, type Gateway, type World } from './world.ts';

/** Each takes the Split as it stands, and says so. */
export function runGateways(world: World): World {
  return world.gateways.reduce((before, _, index) => runGateway(before, index), world);
}

/** One that is stuck goes on telling what it sees. */
export function runGateway(given: World, index: number): World {
  const world = runEndpointsOf(given, index);
  const { split } = world;
  const gateway = world.gateways[index];
  if (gateway === undefined || !gateway.isAlive || gateway.cutSince !== undefined) return world;
  if (split !== undefined && !isCarrying(gateway, split.spec))
    return withoutEntry(withoutFormerRouters(world), gateway);
  const isRefused = gateway.isRefusing && routerOf(gateway) !== undefined && isLeading(split?.spec);
  const isChanged = !gateway.isStuck && !isRefused && gateway.inForce !== split?.spec;
  const routed = withOpening(isChanged ? changeGateway(world, index, rerouted(gateway, world)) : world, index);
  const current = routed.gateways[index];
  const generation = split?.metadata.generation;
  if (split === undefined || generation === undefined || current === undefined) return routed;
  const instances = split.status?.instances ?? [];
  const told = instances.find(({ name }) => name === gateway.name);
  const backends = sessionCounts(current, world.now);
  const reported: SplitInstanceStatus = {
    name: gateway.name,
    observedGeneration:
      isRefused || current.taking !== undefined
        ? Math.min(told?.observedGeneration ?? 0, generation - 1)
        : gateway.isStuck
          ? (told?.observedGeneration ?? 0)
          : generation,
    inForceSince: formatMicroTime(world.now),
    ...(backends.length === 0 ? {} : { backends }),
    ...(gateway.isRefusing && isLeading(split.spec) ? refusal : {}),
  };
  if (isSameJson({ ...told, inForceSince: '' }, { ...reported, inForceSince: '' })) return routed;
  const others = instances.filter(({ name }) => name !== gateway.name);
  const [written, revision] = versioned(world, { ...split, status: { instances: [...others, reported] } });
  return { ...routed, revision, split: written };
}

/** Its own copy of the endpoints, which it follows apart from the Split. */
function runEndpointsOf(world: World, index: number): World {
  const gateway = world.gateways[index];
  const endpoints = gateway === undefined ? undefined : followEndpoints(world, gateway);
  return endpoints === undefined || endpoints === gateway?.endpoints
    ? world
    : changeGateway(world, index, { endpoints });
}

/** Nothing is left to be said by a router of another project. */
function withoutEntry(world: World, gateway: Gateway): World {
  const { split } = world;
  const instances = split?.status?.instances ?? [];
  const others = instances.filter(({ name }) => name !== gateway.name);
  if (split === undefined || routerOf(gateway) === undefined || others.length === instances.length) return world;
  const [written, revision] = versioned(world, { ...split, status: { instances: others } });
  return { ...world, revision, split: written };
}

function rerouted(gateway: Gateway, { split, now }: World): Partial<Gateway> {
  const { inForce, taking, closedAt, sessions } = gateway;
  if (routerOf(gateway) === 'ingressNginx' && split !== undefined && taking !== split.spec)
    return { inForce: halfTaken(inForce, split.spec), taking: split.spec };
  const isClosing = isLeading(inForce) && !isLeading(split?.spec);
  return {
    inForce: split?.spec,
    taking: undefined,
    closedAt: isClosing ? now : closedAt,
    sessions: startSessions(sessions, split?.spec, now),
  };
}

/** Of two Ingresses the one is read before the other: meanwhile each request goes where the last split says, or this one. */
function halfTaken(before: Gateway['inForce'], next: NonNullable<Gateway['inForce']>): Gateway['inForce'] {
  const former = before?.rules[0]?.backends ?? [];
  const rules = next.rules.map((rule, index): SplitRule => {
    if (index > 0) return rule;
    const left = former.filter(({ weight, version }) => weight > 0 && !isWeighed(rule, version));
    const others = rule.backends.filter(({ version }) => left.every((each) => each.version !== version));
    return { ...rule, backends: [...others, ...left] };
  });
  return { ...next, rules: rules.length === 0 ? (before?.rules ?? []) : rules };
}

function isWeighed({ backends }: SplitRule, version: string): boolean {
  return backends.some((each) => each.version === version && each.weight > 0);
}

function withOpening(world: World, index: number): World {
  const gateway = world.gateways[index];
  // One that has just been started says nothing of what it did before.
  if (gateway?.inForce === undefined) return world;
  const openSince = isOpen(gateway) ? (gateway.openSince ?? world.now) : undefined;
  return openSince === gateway.openSince ? world : changeGateway(world, index, { openSince });
}

/** What a router of another project refuses never is in force; a gateway of ours takes what it refuses, and leads nowhere. */
export function isOpen(gateway: Gateway): boolean {
  return isLeading(gateway.inForce) && (!gateway.isRefusing || routerOf(gateway) !== undefined);
}

function isLeading(spec: Gateway['inForce']): boolean {
  return (spec?.rules ?? []).length > 0;
}

const refusal = { conflicts: ['host shop belongs to other'], unservedRules: [0] } as const;

/** What it had to do ends with it. */
export function stopGateway(world: World, index: number): World {
  const gateway = world.gateways[index % world.gateways.length];
  // Of a router of another project nobody knows whether it lives.
  if (gateway !== undefined && routerOf(gateway) !== undefined) return changeGateway(world, index, { isStuck: true });
  return changeGateway(world, index, { isAlive: false, ...unrouted });
}

/** A gateway that starts anew routes nothing before it has seen the Split. */
export function changeGateway(world: World, index: number, change: Partial<Gateway>): World {
  const chosen = index % world.gateways.length;
  return { ...world, gateways: world.gateways.map((each, at) => (at === chosen ? { ...each, ...change } : each)) };
}
