/** What must hold of the world whatever the controller decides, in terms of pods and weights and of nothing else. */
import type { Pod } from '@slipway/kube/api.generated';
import { isFinished, type Release } from '../src/api/release.ts';
import { labels } from '../src/names.ts';
import { calculateBounds } from '../src/replica-bounds.ts';
import { checkFirstTraffic, isAdmitted } from './gate-invariants.ts';
import { checkFeasible, checkHandover, checkRefusedRoute } from './route-invariants.ts';
import { checkSessions, findDeserted } from './session-invariants.ts';
import type { Change } from './simulation/api.ts';
import { isLive } from './simulation/partitions.ts';
import { sessionRule } from './simulation/sessions.ts';
import { Violation } from './violation.ts';
import { isBeingDeleted, isPodReady, type World } from './simulation/world.ts';

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

export function checkAction(change: Change): void {
  const broken = [checkCapacity, checkLoad, checkSum, checkFirstTraffic, checkMemory, checkInFlight].flatMap(
    (check) => check(change) ?? [],
  );
  if (broken.length > 0) throw new Violation(`${broken.join('; ')} by ${JSON.stringify(change.action)}`);
}

/** What a planner promises beyond the interlock. */
export function checkDecided(change: Change): void {
  checkAction(change);
  const broken =
    checkGates(change) ??
    checkRouted(change) ??
    checkSessions(change) ??
    checkRefusedRoute(change) ??
    checkHandover(change) ??
    checkFeasible(change) ??
    checkLeft(change);
  if (broken !== undefined) throw new Violation(`${broken} by ${JSON.stringify(change.action)}`);
}

/** The least number of pods that must go on serving; undefined where there is nothing to lose yet or any more. */
function floorOf({ after }: Change): number | undefined {
  const isOver = after.application.spec.replicas === 0 || isBeingDeleted(after.application);
  return isOver || isRefusedWithoutStable(after) || isRecreating(after) ? undefined : leastOf(after);
}

/** By the strategy of what is under way, whatever spec says by now. */
function leastOf({ application: { spec }, releases }: World): number {
  const { replicas = 1 } = spec;
  const open = releases.filter(({ status }) => status === undefined || !isFinished(status.phase));
  const strategies = [spec.strategy, ...open.map((release) => release.spec.strategy)];
  const missing = strategies.map((strategy) =>
    strategy?.type === 'rolling' ? calculateBounds(strategy.rolling, replicas).maxUnavailable : 0,
  );
  return replicas - Math.max(...missing);
}

/** One version stops before the other starts. */
function isRecreating({ releases }: World): boolean {
  return releases.some(
    ({ spec, status }) =>
      spec.strategy.type === 'recreate' && (status?.phase === 'Promoting' || status?.phase === 'RollingBack'),
  );
}

/** No version is stable, and none is to become it: what there is loses everything, and nothing takes its place. */
function isRefusedWithoutStable({ application, releases }: World): boolean {
  const phases = releases.map(({ status }) => status);
  const isRefused = phases.some((status) => status?.phase === 'RollingBack' && status.ending !== undefined);
  const isOver = phases.every(
    (status) => status !== undefined && isFinished(status.phase) && status.phase !== 'Succeeded',
  );
  return application.status?.serving === undefined && (isRefused || isOver);
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
  // Where there was no route at all, who serves inside takes those outside too.
  if (change.before.split === undefined && next < Infinity && isInsideAlready(change)) return undefined;
  return next > allowed + rounding ? `load: a pod carries ${next} %, allowed are ${allowed} %` : undefined;
}

function isInsideAlready({ before, after }: Change): boolean {
  return [...weightsByRelease(after)].every(([name, weight]) => weight === 0 || isInside(before, name));
}

function checkSum({ after }: Change): string | undefined {
  const weights = [...weightsByRelease(after).values()];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const wanted = after.split?.spec.rules[0]?.hold === undefined ? 100 : 0;
  return weights.length > 0 && total !== wanted ? `sum: the weights are ${weights.join(' + ')}` : undefined;
}

/** The first traffic comes to a version only when every pod that then serves has said that it is healthy, unless a person promoted it. */
function checkGates({ before, action, after }: Change): string | undefined {
  const old = weightsByRelease(before);
  const isNew = (name: string): boolean => (old.get(name) ?? 0) === 0 && !isInside(before, name);
  const raised = [...weightsByRelease(after)].flatMap(([name, weight]) =>
    weight > (old.get(name) ?? 0) ? [name] : [],
  );
  const joined = action.type === 'setServing' && action.serves ? [action.release] : [];
  const early = [...raised, ...joined].find(
    (name) => isNew(name) && !isNamedAdmitted(after, name) && unheardPods(after, name) > 0,
  );
  return early === undefined
    ? undefined
    : `gates: ${early} gets traffic, and ${unheardPods(after, early)} of its pods have not said that they are healthy`;
}

/** Also one that nobody has to ask. */
function isNamedAdmitted(world: World, name: string): boolean {
  const release = world.releases.find(({ metadata }) => metadata.name === name);
  if (release === undefined) return world.application.status?.serving?.release === name;
  return release.spec.healthCheck === undefined || isAdmitted(world, release);
}

function isInside({ pods }: World, name: string): boolean {
  return pods.some((pod) => releaseOf(pod) === name && pod.metadata.labels?.[labels.serves] === 'true');
}

function unheardPods({ pods, healthy }: World, name: string): number {
  return pods.filter(
    (pod) =>
      releaseOf(pod) === name &&
      isPodReady(pod) &&
      pod.metadata.labels?.[labels.backend] === 'true' &&
      !healthy.has(pod.metadata.uid ?? ''),
  ).length;
}

function checkMemory({ before, action }: Change): string | undefined {
  const isDeletion = action.type === 'deleteVersion' || action.type === 'deleteRelease';
  const isWanted = isDeletion && !isBeingDeleted(before.application);
  const isStable = isWanted && action.release === before.application.status?.serving?.release;
  return isStable ? 'memory: the stable version is deleted' : undefined;
}

/** A Split goes only without rules, and when what came by the last gateway that lives has ended. */
function checkInFlight({ before, action }: Change): string | undefined {
  const { split, gateways, now, application } = before;
  if (action.type !== 'removeRoute' || split === undefined) return undefined;
  const living = gateways.filter((each) => isLive(each, now));
  const isRouting = living.some(({ inForce }) => (inForce?.rules ?? []).length > 0);
  if (split.spec.rules.length > 0 || isRouting) return 'in flight: the Split goes while requests come by it';
  const since = now - Math.max(...living.map(({ closedAt = -Infinity }) => closedAt));
  const { drainSeconds = 0 } = application.spec;
  return since < drainSeconds * 1_000
    ? `in flight: the Split goes ${since} ms after a request may have come by it`
    : undefined;
}

/** What lets an Application go leaves nothing of it to be in the way of the next one of its name. */
function checkLeft({ action, after }: Change): string | undefined {
  if (action.type !== 'setFinalizer' || action.present) return undefined;
  const left = findLeft(after);
  return left === undefined ? undefined : `left: ${left} stays behind`;
}

/** The first kind of which something is there. */
export function findLeft({ split, sessionKey, ...world }: World): string | undefined {
  const kinds = ['releases', 'replicaSets', 'services', 'copies', 'jobs', 'budgets', 'commands', 'approvals'] as const;
  const kind = kinds.find((each) => world[each].length > 0);
  return kind ?? (split === undefined ? undefined : 'split') ?? (sessionKey === undefined ? undefined : 'sessionKey');
}

/** The last pod does not leave a version to which a gateway that lives still sends requests, whatever the Split says by now. */
function checkRouted(change: Change): string | undefined {
  const { before, after } = change;
  // Where all may be missing for a moment, requests may be too; what is deleted ends its route first.
  const isEnding = isBeingDeleted(after.application) && after.application.spec.replicas !== 0;
  // A Split that somebody else deleted can be confirmed by nobody.
  if (isEnding && before.split === undefined) return undefined;
  if ((!isEnding && (floorOf(change) ?? 0) === 0) || before.pods === after.pods) return undefined;
  for (const gateway of before.gateways) {
    const { name, inForce } = gateway;
    const [rule] = isLive(gateway, before.now) ? (inForce?.rules ?? []) : [];
    const carrying = (rule?.backends ?? []).filter(({ weight }) => weight > 0 || rule?.sessions !== undefined);
    const left = carrying.find(
      ({ version }) => readyBackends(before, version) > 0 && readyBackends(after, version) === 0,
    );
    if (left !== undefined) return `requests: ${name} sends to ${left.version}, and its last pod leaves`;
  }
  return undefined;
}

/** What is released by strategy recreate meets no pods of a version that was begun before it. */
export function checkApart({ releases, pods, skew }: World): void {
  if (!releases.some(({ spec }) => spec.strategy.type === 'recreate')) return;
  // Which of them was begun last is not to be told from times of a clock that was set.
  if (skew !== 0 && releases.some(({ spec }) => spec.strategy.type !== 'recreate')) return;
  const present = new Set(pods.map(releaseOf));
  const meeting = releases.filter(({ metadata }) => present.has(metadata.name ?? '')).toSorted(byBeginning);
  const alone = meeting.slice(1).find(({ spec }) => spec.strategy.type === 'recreate');
  if (alone !== undefined)
    throw new Violation(`apart: pods of ${meeting.map(({ metadata }) => metadata.name).join(' and ')} meet`);
}

function byBeginning(a: Release, b: Release): number {
  return beginningOf(a).localeCompare(beginningOf(b));
}

/** What has pods and was never begun served before its record was deleted and written again, whichever strategy that names. */
function beginningOf({ status }: Release): string {
  return status?.attempts?.at(-1)?.startedAt ?? '';
}

/** Where a look finds nothing to do, those who come by the Application's Service are served by as many as can be. */
export function checkQuiet(world: World): void {
  if (isRecreating(world)) return;
  const { status } = world.application;
  const serving = status?.serving?.release;
  // Without its record nobody looks after it for a while: what there is serves on.
  if (!world.releases.some(({ metadata }) => metadata.name === serving)) return;
  const ready = world.pods.filter((pod) => releaseOf(pod) === serving && isPodReady(pod)).length;
  const least = Math.min(leastOf(world), ready);
  const count = insideCapacity(world);
  if (count < least) throw new Violation(`quiet: ${count} pods serve inside, ${ready} of ${serving} are ready`);
  const deserted = leastOf(world) > 0 ? findDeserted(world) : undefined;
  if (deserted !== undefined)
    throw new Violation(`quiet: ${deserted} keeps sessions, and none of its ready pods takes them`);
}

/** A ready pod that takes traffic is never removed by scaling, unless nobody is to serve any more. */
export function checkDeletion(world: World, pod: Pod): void {
  if (!isPodReady(pod) || (world.application.spec.replicas ?? 1) === 0) return;
  const inside = pod.metadata.labels?.[labels.serves] === 'true';
  const weight = weightsByRelease(world).get(releaseOf(pod)) ?? 0;
  const isNamed = sessionRule(world.split?.spec)?.backends.some(({ version }) => version === releaseOf(pod)) === true;
  const outside = (weight > 0 || isNamed) && pod.metadata.labels?.[labels.backend] === 'true';
  if (inside || outside)
    throw new Violation(
      `leaving: pod ${pod.metadata.name} of ${releaseOf(pod)} was removed while it served ${inside ? 'inside' : `outside with weight ${weight}`}`,
    );
}
