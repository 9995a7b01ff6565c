/** What must hold between Applications of one order, in terms of weights, pods and times. */
import { isFinished, type Release, type ReleaseStatus } from '../src/api/release.ts';
import { labels, teardownFinalizer } from '../src/names.ts';
import { calculateSilence } from '../src/status/status-writes.ts';
import { isBereft, weightOf } from './route-invariants.ts';
import { hasFinalizer } from '@slipway/kube/finalizers';
import { controllerTime, isBeingDeleted, type World } from './simulation/world.ts';
import { Violation } from './violation.ts';

/** One member as a look at it has changed it. */
export interface Looked {
  readonly before: World;
  readonly after: World;
}

/**
 * No version takes traffic before those that it waits for have all of theirs, unless a person promotes it. One that is missing
 * never has.
 */
export function checkOrder(looked: Looked, predecessors: ReadonlyArray<World | undefined>): void {
  for (const release of looked.after.releases) {
    if (!isGoingForward(release) || !isTaking(looked, release)) continue;
    const early = predecessors.findIndex((world) => world === undefined || !hasAll(world));
    if (early >= 0)
      throw new Violation(
        `order: ${release.metadata.name} takes traffic before predecessor ${early} has all of its own`,
      );
  }
}

function isGoingForward({ status }: Release): boolean {
  const isOpen = status !== undefined && !isFinished(status.phase);
  return isOpen && status.ending === undefined && status.promotedBy === undefined;
}

/** Its first requests, more of them, or all: not what it gets for a version that has died. */
function isTaking({ before, after }: Looked, { metadata: { name = '' }, status }: Release): boolean {
  const known = statusIn(before, name);
  if (known === undefined || known.phase === 'Promoting' || known.phase === 'Guarding') return false;
  const isMoving = status?.phase === 'Promoting' || status?.phase === 'Guarding';
  const isHeavier = before.split !== undefined && weightOf(after, name) > weightOf(before, name) && !isBereft(before);
  const isFirst =
    known.firstTrafficAt === undefined && countServing(before, name) === 0 && countServing(after, name) > 0;
  return isMoving || isHeavier || isFirst;
}

function statusIn({ releases }: World, name: string): ReleaseStatus | undefined {
  return releases.find(({ metadata }) => metadata.name === name)?.status;
}

function countServing({ pods }: World, release: string): number {
  return pods.filter(
    ({ metadata }) => metadata.labels?.[labels.release] === release && metadata.labels[labels.serves] === 'true',
  ).length;
}

/** All of the traffic is at what spec asks for, and that is not on its way back. */
function hasAll(world: World): boolean {
  const { application, releases, split } = world;
  const weighed = (split?.spec.rules[0]?.backends ?? []).filter(({ weight }) => weight > 0);
  const served = new Set(
    releases.map(({ metadata }) => metadata.name ?? '').filter((name) => countServing(world, name) > 0),
  );
  const carrying = weighed.length > 0 ? weighed.map(({ version }) => version) : [...served];
  // Without pods, or where somebody has deleted the route: what serves is what is said to.
  const [name = application.status?.serving?.release, ...others] = carrying;
  const release = releases.find(({ metadata }) => metadata.name === name);
  const isAsked = imageOf(release?.spec) === imageOf(application.spec);
  return others.length === 0 && isAsked && release?.status?.ending === undefined;
}

function imageOf(spec: Pick<World['application']['spec'], 'template'> | undefined): string | undefined {
  return spec?.template?.spec?.containers[0]?.image;
}

/** Those that wait for each other are told so, and nothing new is released of them. What serves already may be written down. */
export function checkCycle({ before, after }: Looked): void {
  const { companions, application } = before;
  if (companions.cycle === undefined || isBeingDeleted(application) || !hasFinalizer(application, teardownFinalizer))
    return;
  const valid = after.application.status?.conditions?.find(({ type }) => type === 'Valid');
  if (!isMovingAtOnce({ before, after }) && (valid?.status !== 'False' || !valid.message.includes(' is a cycle')))
    throw new Violation(`order: those that wait for each other are not told so, Valid is ${valid?.status}`);
  const known = new Set([
    ...before.releases.map(({ metadata }) => metadata.name),
    application.status?.serving?.release,
  ]);
  const begun = after.releases.find(({ metadata }) => !known.has(metadata.name));
  if (begun !== undefined) throw new Violation(`order: ${begun.metadata.name} begins, and waits for itself`);
}

/** By the time of the look: after a round it is a second later. What there is to tell is written when the first moves are done. */
function isMovingAtOnce({ before, after }: Looked): boolean {
  const now = controllerTime(before);
  return after.releases.some(({ status }) => status !== undefined && calculateSilence(status, now) !== undefined);
}

/** The last goes back first: nobody gives traffic back while one after it has not, for as long as a release may be without progress. */
export function checkReturn({ before, after }: Looked, later: readonly World[]): void {
  const release = after.releases.find(({ status }) => status?.phase === 'RollingBack');
  const { name = '' } = release?.metadata ?? {};
  if (release === undefined || statusIn(before, name)?.phase !== 'RollingBack' || !isReturning({ before, after }, name))
    return;
  const { ending, progressedAt } = release.status ?? {};
  const isAsked = ending?.by === 'group' || ending?.command !== undefined;
  const patience =
    Date.parse(statusIn(before, name)?.progressedAt ?? progressedAt ?? '') +
    release.spec.progressDeadlineSeconds * 1_000;
  if (!isAsked || ending.phase === 'Superseded' || controllerTime(after) >= patience) return;
  const early = later.findIndex((world) => world.releases.some(isOnTheWayBack));
  if (early >= 0) throw new Violation(`order: ${name} gives its traffic back before member ${early} after it`);
}

function isReturning({ before, after }: Looked, name: string): boolean {
  const isLighter = weightOf(after, name) < weightOf(before, name) && !isBereft(before);
  return isLighter || (before.split === undefined && countServing(after, name) < countServing(before, name));
}

function isOnTheWayBack({ status }: Release): boolean {
  const isAway = status?.ending !== undefined && status.ending.phase !== 'Superseded';
  return status?.phase === 'RollingBack' && isAway && status.trafficReturnedAt === undefined;
}

/** Who goes back for a reason of its own takes along all whose attempt was under way then. */
export function checkTogether({ before, after }: Looked, peers: readonly World[]): void {
  const active = after.releases.find(({ status }) => status !== undefined && !isFinished(status.phase));
  const attempt = active?.status?.attempts?.at(-1);
  if (active?.status === undefined || attempt === undefined || attempt.cause === 'rollback') return;
  // What begins with this look is seen as under way by the next one.
  const isNew = statusIn(before, active.metadata.name ?? '')?.attempts?.at(-1)?.number !== attempt.number;
  if (isNew || active.status.ending !== undefined || active.status.phase === 'Pending') return;
  if (after.application.status?.serving?.release === active.metadata.name) return;
  const culprit = peers.find(({ releases }) =>
    releases.some((each) => returnedAt(each) >= Date.parse(attempt.startedAt)),
  );
  if (culprit !== undefined)
    throw new Violation(`order: ${active.metadata.name} goes on, and another member has gone back`);
}

/** In milliseconds; never: -Infinity. */
function returnedAt({ status }: Release): number {
  const { ending, transitions = [] } = status ?? {};
  if (ending === undefined || ending.phase === 'Superseded' || ending.by === 'group') return -Infinity;
  const last = transitions.findLast(({ phase }) => phase === 'RollingBack');
  return last === undefined ? -Infinity : Date.parse(last.at);
}
