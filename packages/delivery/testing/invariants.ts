/** What must hold of the world whatever the controller decides, in terms of pods and weights and of nothing else. */
import type { Pod } from '@slipway/kube/api.generated';
import type { ApplicationSpec } from '../src/api/application.ts';
import { labels } from '../src/names.ts';
import type { Action } from '../src/plan.ts';
import { calculateBounds } from '../src/replica-bounds.ts';
import { isPodReady, type World } from './simulation/world.ts';

export class Violation extends Error {}

function weightsByRelease(world: World): ReadonlyMap<string, number> {
  const backends = world.split?.spec.rules[0]?.backends ?? [];
  return new Map(backends.map(({ version, weight }) => [version, weight]));
}

function releaseOf(pod: Pod): string {
  return pod.metadata.labels?.[labels.release] ?? '';
}

function readyBackends(world: World, release: string): number {
  return world.pods.filter(
    (pod) => releaseOf(pod) === release && isPodReady(pod) && pod.metadata.labels?.[labels.backend] === 'true',
  ).length;
}

/** Ready pods that the endpoints of the Application's Service name, and will go on naming. */
function insideCapacity(world: World): number {
  const listed = new Set(world.slice.endpoints?.map(({ targetRef }) => targetRef?.name));
  return world.pods.filter(
    (pod) => isPodReady(pod) && pod.metadata.labels?.[labels.serves] === 'true' && listed.has(pod.metadata.name),
  ).length;
}

/** Ready pods of the versions that get traffic from outside. */
function outsideCapacity(world: World): number {
  return [...weightsByRelease(world)].reduce(
    (sum, [release, weight]) => sum + (weight > 0 ? readyBackends(world, release) : 0),
    0,
  );
}

function highestLoad(world: World): number {
  return Math.max(
    0,
    ...[...weightsByRelease(world)].map(([release, weight]) =>
      weight === 0 ? 0 : weight / readyBackends(world, release),
    ),
  );
}

/** Weights are whole numbers. */
const rounding = 1;

interface Change {
  readonly before: World;
  readonly action: Action;
  readonly after: World;
}

export function checkAction(before: World, action: Action, after: World): void {
  const change = { before, action, after };
  const broken = [checkCapacity, checkLoad, checkSum, checkGates, checkMemory, checkInFlight].flatMap(
    (check) => check(change) ?? [],
  );
  if (broken.length > 0) throw new Violation(`${broken.join('; ')} by ${JSON.stringify(action)}`);
}

/** The least number of pods that must go on serving; undefined where there is nothing to lose yet or any more. */
function floorOf({ after }: Change): number | undefined {
  return after.application.spec.replicas === 0 || isRefusedWithoutStable(after)
    ? undefined
    : leastOf(after.application.spec);
}

function leastOf({ replicas = 1, strategy }: ApplicationSpec): number {
  return replicas - (strategy?.type === 'rolling' ? calculateBounds(strategy.rolling, replicas).maxUnavailable : 0);
}

/** No version is stable and the one under way is refused: it loses everything, and nothing takes its place. */
function isRefusedWithoutStable({ application, releases }: World): boolean {
  const isRefused = releases.some(({ status }) => status?.phase === 'RollingBack' && status.ending !== undefined);
  return application.status?.serving === undefined && isRefused;
}

function checkCapacity(change: Change): string | undefined {
  const floor = floorOf(change);
  if (floor === undefined) return undefined;
  const sides = [
    { side: 'inside', count: insideCapacity },
    // Where spec asks for no route, nobody is to come by one.
    ...(change.after.application.spec.route === undefined ? [] : [{ side: 'outside', count: outsideCapacity }]),
  ];
  const lost = sides.find(({ count }) => count(change.after) < Math.min(count(change.before), floor));
  return lost === undefined
    ? undefined
    : `capacity: ${lost.count(change.after)} pods serve ${lost.side}, ${lost.count(change.before)} before`;
}

function checkLoad(change: Change): string | undefined {
  const floor = floorOf(change);
  if (floor === undefined) return undefined;
  const allowed = Math.max(floor > 0 ? 100 / floor : Infinity, highestLoad(change.before));
  const next = highestLoad(change.after);
  return next > allowed + rounding ? `load: a pod carries ${next} %, allowed are ${allowed} %` : undefined;
}

function checkSum({ after }: Change): string | undefined {
  const weights = [...weightsByRelease(after).values()];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.length > 0 && total !== 100 ? `sum: the weights are ${weights.join(' + ')}` : undefined;
}

/** No version comes to traffic whose pods have not said that they are healthy, unless a person promoted it. */
function checkGates({ before, after }: Change): string | undefined {
  const old = weightsByRelease(before);
  const early = [...weightsByRelease(after)].find(
    ([name, weight]) =>
      weight > 0 && (old.get(name) ?? 0) === 0 && !isKnownGood(after, name) && !hasPassed(after, name),
  );
  return early === undefined ? undefined : `gates: version ${early[0]} gets ${early[1]} % and no gate has passed`;
}

function isKnownGood({ application, releases }: World, name: string): boolean {
  const status = releases.find(({ metadata }) => metadata.name === name)?.status;
  if (application.status?.serving?.release === name || status?.phase === 'Succeeded') return true;
  return status?.promotedBy !== undefined || status?.healthyAt !== undefined;
}

function hasPassed({ pods, answers }: World, name: string): boolean {
  return pods.some((pod) => releaseOf(pod) === name && answers.get(pod.metadata.uid ?? '')?.outcome === 'passed');
}

function checkMemory({ before, action }: Change): string | undefined {
  const isDeletion = action.type === 'deleteVersion' || action.type === 'deleteRelease';
  const isStable = isDeletion && action.release === before.application.status?.serving?.release;
  return isStable ? 'memory: the stable version is deleted' : undefined;
}

/** A Split goes only without rules, and after the gateway that lives has said that it routes no more by it. */
function checkInFlight({ before, action }: Change): string | undefined {
  const { split, gatewayAlive } = before;
  if (action.type !== 'removeRoute' || split === undefined) return undefined;
  const isConfirmed = split.status?.instances?.[0]?.observedGeneration === split.metadata.generation;
  return split.spec.rules.length > 0 || (gatewayAlive && !isConfirmed)
    ? 'in flight: the Split goes while requests come by it'
    : undefined;
}

/** Where a look finds nothing to do, those who come by the Application's Service are served by as many as can be. */
export function checkQuiet(world: World): void {
  const { spec, status } = world.application;
  const serving = status?.serving?.release;
  const ready = world.pods.filter((pod) => releaseOf(pod) === serving && isPodReady(pod)).length;
  const least = Math.min(leastOf(spec), ready);
  const count = insideCapacity(world);
  if (count < least) throw new Violation(`quiet: ${count} pods serve inside, ${ready} of ${serving} are ready`);
}

/** A ready pod that takes traffic is never removed by scaling, unless nobody is to serve any more. */
export function checkDeletion(world: World, pod: Pod): void {
  if (!isPodReady(pod) || (world.application.spec.replicas ?? 1) === 0) return;
  const inside = pod.metadata.labels?.[labels.serves] === 'true';
  const weight = weightsByRelease(world).get(releaseOf(pod)) ?? 0;
  const outside = weight > 0 && pod.metadata.labels?.[labels.backend] === 'true';
  if (inside || outside)
    throw new Violation(
      `leaving: pod ${pod.metadata.name} of ${releaseOf(pod)} was removed while it served ${inside ? 'inside' : `outside with weight ${weight}`}`,
    );
}
