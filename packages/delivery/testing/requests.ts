/**
 * Requests, and what becomes of them. From outside each comes by a gateway: to a version by the split as that gateway saw it
 * last, and to a ready pod of it. From inside each comes to a pod that the endpoints name. One that has begun ends within the
 * drain.
 */
import type { Pod } from '@slipway/kube/api.generated';
import { labels } from '../src/names.ts';
import { Violation } from './violation.ts';
import { endpointsOf } from './simulation/endpoints.ts';
import { isLive } from './simulation/partitions.ts';
import { routerOf } from './simulation/routers.ts';
import { isPodReady, isTerminating, type World } from './simulation/world.ts';

/** By names of pods, in milliseconds. */
export interface Reached {
  /** When each could be sent a request last. */
  readonly last: Map<string, number>;
  /** Since when no Service leads to it. */
  readonly left: Map<string, number>;
  /** Those that were seen not to be ready, and so may have been told to go. */
  readonly dismissed: Set<string>;
}

export function nobodyReached(): Reached {
  return { last: new Map(), left: new Map(), dismissed: new Set() };
}

export function copyReached({ last, left, dismissed }: Reached): Reached {
  return { last: new Map(last), left: new Map(left), dismissed: new Set(dismissed) };
}

/**
 * A gateway that routes by endpoints of so long ago hangs, though it renews its Lease: what it sends to pods that have left is
 * lost by it, and by nobody's decision.
 */
const longestLagMilliseconds = 30_000;

/** A pod that is not ready has no requests to lose, also where it is ready again before those see it who were behind. */
export function noteRequests(reached: Reached, world: World): void {
  const senders = sendersIn(world);
  const { last, left } = reached;
  for (const pod of world.pods) {
    const { name = '', labels: own } = pod.metadata;
    if (own?.[labels.backend] === 'true' || isSliced(world, name)) left.delete(name);
    else if (!left.has(name)) left.set(name, world.now);
    if (!isPodReady(pod)) last.delete(name);
    else if (isReachable(pod, senders, leavingOf(reached, world, name))) last.set(name, world.now);
  }
}

/** Endpoints that are late name it still. */
function isSliced(world: World, name: string): boolean {
  return world.slicedPods !== undefined && endpointsOf(world).pods.has(name);
}

interface Dismissing {
  /** As the controller saw it. */
  readonly seen: Pick<World, 'pods'>;
  readonly world: World;
  /** Writes have been sent, and have not arrived. */
  readonly isUnderWay: boolean;
}

/**
 * A gateway knows by the endpoints alone whether a pod is ready. One that lags sends to a pod all the while it is not, and when
 * it is again: for those requests a release waits as for any others. Only where it saw the pod not ready it may have told the
 * ReplicaSet to let it go, which it may at once, and nothing takes that back when the pod is ready before it has gone.
 */
export function noteDismissals({ dismissed }: Reached, { seen, world, isUnderWay }: Dismissing): void {
  for (const pod of seen.pods) {
    const { name = '', labels: own = {} } = pod.metadata;
    if (!isPodReady(pod)) dismissed.add(name);
    else if (dismissed.has(name) && !isUnderWay && !isShrinking(world, own[labels.release])) dismissed.delete(name);
  }
}

function isShrinking({ replicaSets, pods }: World, release: string | undefined): boolean {
  const isOwn = ({ metadata }: Pick<Pod, 'metadata'>): boolean => metadata.labels?.[labels.release] === release;
  const wanted = replicaSets.find(isOwn)?.spec?.replicas ?? 0;
  return pods.filter((pod) => isOwn(pod) && !isTerminating(pod)).length > wanted;
}

/** Of a pod to which no Service leads any more. */
interface Leaving {
  /** What is sent to it all the same is lost by whoever sends it. */
  readonly isForgone: boolean;
  readonly since: number;
}

function leavingOf({ left, dismissed }: Reached, { now }: World, name: string): Leaving {
  const since = left.get(name) ?? now;
  return { isForgone: dismissed.has(name) || now - since >= longestLagMilliseconds, since };
}

interface Senders {
  readonly gateways: readonly Sender[];
  /** Pods to which clients in the cluster come. */
  readonly inside: ReadonlySet<string>;
}

interface Sender {
  /** By release name: those to which it sends requests now. */
  readonly versions: ReadonlySet<string>;
  /** Pods that it knows; undefined: it always knows all. */
  readonly endpoints: ReadonlySet<string> | undefined;
  readonly backSince: number;
}

function sendersIn(world: World): Senders {
  const gateways = world.gateways.flatMap((gateway): readonly Sender[] => {
    if (!isLive(gateway, world.now) || gateway.inForce === undefined) return [];
    const reachable = gateway.inForce.rules.flatMap(({ backends, sessions }) =>
      backends.filter(({ weight }) => weight > 0 || sessions !== undefined),
    );
    const endpoints = routerOf(gateway) === undefined ? gateway.endpoints.pods : undefined;
    const { backSince } = gateway;
    return [{ versions: new Set(reachable.map(({ version }) => version)), endpoints, backSince }];
  });
  return { gateways, inside: insidePods(world) };
}

function insidePods({ slice }: World): ReadonlySet<string> {
  const ready = slice.endpoints?.filter(({ conditions }) => conditions?.ready !== false) ?? [];
  return new Set(ready.flatMap(({ targetRef }) => targetRef?.name ?? []));
}

/** Whoever follows sends to who is behind the Service of its version, and whoever lags to who was there. */
function isReachable(pod: Pod, { gateways, inside }: Senders, { isForgone, since }: Leaving): boolean {
  const { labels: own = {}, name = '' } = pod.metadata;
  const isKnown = ({ endpoints, backSince }: Sender): boolean =>
    own[labels.backend] === 'true' || (!isForgone && since >= backSince && endpoints?.has(name) === true);
  const isOutside = gateways.some((each) => each.versions.has(own[labels.release] ?? '') && isKnown(each));
  return isPodReady(pod) && (isOutside || inside.has(name));
}

/** A pod that is ready goes only when no request can come to it any more, and the last one has ended. */
export function checkRemoval(reached: Reached, world: World, pod: Pod): void {
  const { name = '', labels: own } = pod.metadata;
  const { replicas = 1, drainSeconds = 0 } = world.application.spec;
  if (!isPodReady(pod) || replicas === 0) return;
  const which = `pod ${name} of ${own?.[labels.release] ?? ''}`;
  if (isReachable(pod, sendersIn(world), leavingOf(reached, world, name)))
    throw new Violation(`requests: ${which} is removed while requests come to it`);
  const since = world.now - (reached.last.get(name) ?? -Infinity);
  if (since < drainSeconds * 1_000)
    throw new Violation(`requests: ${which} is removed ${since} ms after a request may have come to it`);
}

/** Where a look finds nothing to do, and gateways have followed, none sends requests to nobody while another version has pods. */
export function checkDelivered({ gateways, pods, split }: World): void {
  for (const { isAlive, inForce, name } of gateways) {
    if (!isAlive || inForce === undefined || inForce !== split?.spec) continue;
    const carrying = inForce.rules[0]?.backends.filter(({ weight }) => weight > 0) ?? [];
    const isBehind = (version: string): boolean =>
      pods.some(
        (pod) =>
          isPodReady(pod) &&
          pod.metadata.labels?.[labels.release] === version &&
          pod.metadata.labels[labels.backend] === 'true',
      );
    const dead = carrying.filter(({ version }) => !isBehind(version));
    if (dead.length > 0 && dead.length < carrying.length)
      throw new Violation(`requests: ${name} sends to ${dead[0]?.version}, which has no ready pod, and another has`);
  }
}
