/**
 * Requests, and what becomes of them. From outside each comes by a gateway: to a version by the split as that gateway saw it
 * last, and to a ready pod of it. From inside each comes to a pod that the endpoints name. One that has begun ends within the
 * drain.
 */
import type { Pod } from '@slipway/kube/api.generated';
import { labels } from '../src/names.ts';
import { Violation } from './violation.ts';
import { isPodReady, type World } from './simulation/world.ts';

/** When each pod could be sent a request last, by name, in milliseconds. */
export type Reached = Map<string, number>;

/** A pod that is not ready has no requests to lose, also where it is ready again before those see it who were behind. */
export function noteRequests(reached: Reached, world: World): void {
  const versions = reachableVersions(world);
  const inside = insidePods(world);
  for (const pod of world.pods) {
    const { name = '' } = pod.metadata;
    if (!isPodReady(pod)) reached.delete(name);
    else if (isReachable(pod, versions, inside)) reached.set(name, world.now);
  }
}

/** By release name: those to which some gateway sends requests now. */
function reachableVersions({ gateways }: World): ReadonlySet<string> {
  const rules = gateways.flatMap(({ isAlive, inForce }) => (isAlive ? (inForce?.rules ?? []) : []));
  const reachable = rules.flatMap(({ backends, sessions }) =>
    backends.filter(({ weight }) => weight > 0 || sessions !== undefined),
  );
  return new Set(reachable.map(({ version }) => version));
}

function insidePods({ slice }: World): ReadonlySet<string> {
  const ready = slice.endpoints?.filter(({ conditions }) => conditions?.ready !== false) ?? [];
  return new Set(ready.flatMap(({ targetRef }) => targetRef?.name ?? []));
}

function isReachable(pod: Pod, versions: ReadonlySet<string>, inside: ReadonlySet<string>): boolean {
  const { labels: own = {}, name = '' } = pod.metadata;
  const isOutside = own[labels.backend] === 'true' && versions.has(own[labels.release] ?? '');
  return isPodReady(pod) && (isOutside || inside.has(name));
}

/** A pod that is ready goes only when no request can come to it any more, and the last one has ended. */
export function checkRemoval(reached: Reached, world: World, pod: Pod): void {
  const { name = '', labels: own } = pod.metadata;
  const { replicas = 1, drainSeconds = 0 } = world.application.spec;
  if (!isPodReady(pod) || replicas === 0) return;
  const which = `pod ${name} of ${own?.[labels.release] ?? ''}`;
  if (isReachable(pod, reachableVersions(world), insidePods(world)))
    throw new Violation(`requests: ${which} is removed while requests come to it`);
  const since = world.now - (reached.get(name) ?? -Infinity);
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
