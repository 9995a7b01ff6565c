/** What must hold of the world whatever the controller decides, in terms of pods and weights and of nothing else. */
import type { Pod } from '@slipway/kube/api.generated';
import { labels } from '../src/names.ts';
import type { Action } from '../src/plan.ts';
import { calculateBounds } from '../src/replica-bounds.ts';
import { isPodReady, type World } from './simulation.ts';

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

export function checkAction(before: World, action: Action, after: World): void {
  const { spec } = after.application;
  const replicas = spec.replicas ?? 1;
  const floor =
    replicas -
    (spec.strategy?.type === 'rolling' ? calculateBounds(spec.strategy.rolling, replicas).maxUnavailable : 0);
  const say = (rule: string, detail: string): never => {
    throw new Violation(`${rule}: ${detail} by ${JSON.stringify(action)}`);
  };
  // A first release that fails leaves nothing routed: there is nothing to lose yet.
  const isFirst = before.application.status?.serving === undefined && action.type === 'removeRoute';
  if (replicas > 0 && !isFirst) {
    const [inside, outside] = [insideCapacity(after), outsideCapacity(after)];
    if (inside < Math.min(insideCapacity(before), floor))
      say('capacity', `${inside} pods serve inside, ${insideCapacity(before)} before`);
    // Away from a version without any ready pod nothing can be lost.
    if (outside < Math.min(outsideCapacity(before), floor))
      say('capacity', `${outside} pods serve outside, ${outsideCapacity(before)} before`);
    const allowed = Math.max(floor > 0 ? 100 / floor : Infinity, highestLoad(before));
    if (highestLoad(after) > allowed + rounding)
      say('load', `a pod carries ${highestLoad(after).toFixed(1)} %, allowed are ${allowed.toFixed(1)} %`);
  }
  const weights = [...weightsByRelease(after).values()];
  if (weights.length > 0 && weights.reduce((sum, weight) => sum + weight, 0) !== 100)
    say('sum', `the weights are ${weights.join(' + ')}`);
  checkGates(before, after, say);
  if (action.type === 'deleteVersion' || action.type === 'deleteRelease') {
    if (action.release === before.application.status?.serving?.release) say('memory', 'the stable version is deleted');
  }
}

/** No version comes to traffic whose pods have not said that they are healthy, unless a person promoted it. */
function checkGates(before: World, after: World, say: (rule: string, detail: string) => never): void {
  const old = weightsByRelease(before);
  for (const [name, weight] of weightsByRelease(after)) {
    if (weight === 0 || (old.get(name) ?? 0) > 0) continue;
    const release = after.releases.find(({ metadata }) => metadata.name === name);
    const isKnownGood =
      after.application.status?.serving?.release === name ||
      release?.status?.promotedBy !== undefined ||
      release?.status?.phase === 'Succeeded';
    const passed = after.pods.some(
      (pod) => releaseOf(pod) === name && after.answers.get(pod.metadata.uid ?? '')?.outcome === 'passed',
    );
    if (!isKnownGood && !passed && release?.status?.healthyAt === undefined)
      say('gates', `version ${name} gets ${weight} % and no gate has passed`);
  }
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
