/**
 * Going back to a version that has too few ready pods: at once what they can carry, and the candidate carries the rest,
 * because a pod of it beats an overloaded one and that one beats none. Where stable lacks nothing but room, the candidate's
 * pods that carry nothing any more make it.
 */
import { candidateDrainSeconds } from '../candidate-drain.ts';
import { names, silentPods } from '../moving-traffic.ts';
import { describeConfirmation } from '../describe-confirmation.ts';
import { isRouted, isServing, isSplitConfirmed, splitWeights, viewOf, type VersionView } from '../observation.ts';
import type { Action, Step } from '../plan.ts';
import { describeMissing, isShortOfRoom } from '../pod-faults.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { calculateReturn, shareOut } from '../sharing.ts';
import { planShrink } from '../shrinking.ts';

export interface PartialReturn extends Pick<Step, 'actions' | 'requeueAfter'> {
  readonly waitingFor: string;
}

interface Return extends ReleaseContext {
  readonly stable: VersionView;
  /** Pods that carry all of the traffic. */
  readonly needed: number;
}

/** Nothing comes to the candidate any more: whatever stable lacks, that one need not wait for it. */
export function isLeft({ observation, candidate }: ReleaseContext, stable: VersionView): boolean {
  const isOutside = isRouted(observation) && splitWeights(observation)[nameOf(stable.release)] !== 100;
  return !isOutside && candidate.listed.length === 0 && !candidate.pods.some(isServing);
}

/** The next step towards what stable can carry; every step begins only when the one before is confirmed. */
export function planPartialReturn(context: Return): PartialReturn {
  const { observation, stable } = context;
  const waitingFor = describeReturn(context);
  const first = [planJoining, planWeights].map((plan) => plan(context)).find((actions) => actions.length > 0);
  if (first !== undefined) return { actions: first, waitingFor };
  const isShort = isShortOfRoom(stable);
  if (isRouted(observation) && !isSplitConfirmed(observation))
    return { actions: [], waitingFor: isShort ? `${waitingFor}; ${describeUnconfirmed(context)}` : waitingFor };
  const leaving = planPlaces(context);
  return leaving.length > 0 || !isShort ? { actions: leaving, waitingFor } : { ...planRoom(context), waitingFor };
}

function planJoining({ stable }: Return): readonly Action[] {
  const joining = names(silentPods(stable));
  const release = nameOf(stable.release);
  return joining.length === 0
    ? []
    : [{ type: 'setServing', release, pods: joining, serves: true, backend: true, template: true }];
}

/** Stable is never given less than it has. */
function planWeights({ observation, stable, needed }: Return): readonly Action[] {
  const before = splitWeights(observation);
  const target = nameOf(stable.release);
  const others = observation.releases
    .filter((release) => nameOf(release) !== target && (before[nameOf(release)] ?? 0) > 0)
    .map((release) => viewOf(observation, release))
    .filter(({ backends }) => backends.length > 0);
  const pods = others.reduce((sum, { backends }) => sum + backends.length, 0);
  const share = calculateReturn(stable.backends.length, needed, pods);
  const isDue = isRouted(observation) && stable.backends.length > 0 && share > (before[target] ?? 0);
  return isDue ? [{ type: 'setSplit', weights: { [target]: share, ...shareOut(100 - share, others) } }] : [];
}

/** Inside the cluster the share is that of the pods in the Service: where those of stable stand, the candidate's leave. */
function planPlaces({ candidate, stable, needed }: Return): readonly Action[] {
  const missed = Math.max(0, needed - stable.serving.length);
  const leaving = candidate.serving.slice(0, Math.max(0, candidate.serving.length - missed));
  const release = nameOf(candidate.release);
  return leaving.length === 0
    ? []
    : [{ type: 'setServing', release, pods: names(leaving), serves: false, template: false }];
}

/** A quota that is used up or nodes that are full would keep stable from growing as long as the candidate stays whole. */
function planRoom(context: Return): Pick<Step, 'actions' | 'requeueAfter'> {
  const { candidate, status, release, observation } = context;
  const drainSeconds = candidateDrainSeconds(release, status);
  const { actions, requeueAfter } = planShrink({
    view: candidate,
    goal: calculateRemaining(context),
    drainSeconds,
    observation,
  });
  return { actions, requeueAfter };
}

/** As many as the candidate's share needs, outside and inside. */
function calculateRemaining({ observation, candidate, stable, needed }: Return): number {
  const weight = isRouted(observation) ? (splitWeights(observation)[nameOf(candidate.release)] ?? 0) : 0;
  // Half a point is rounding.
  const share = Math.ceil(((weight - 0.5) * needed) / 100);
  const outside = weight === 0 ? 0 : Math.max(share, needed - stable.backends.length);
  return Math.max(0, outside, Math.min(candidate.serving.length, needed - stable.serving.length));
}

/** `1 of 4 pods of version 1 to be ready (…); version 2 carries 75 % until then` */
function describeReturn({ observation, stable, candidate, needed }: Return): string {
  const { version } = candidate.release.spec;
  const weight = isRouted(observation) ? (splitWeights(observation)[nameOf(candidate.release)] ?? 0) : 0;
  const count = candidate.serving.length;
  const pods = `${count} ${count === 1 ? 'pod' : 'pods'} of version ${version} ${count === 1 ? 'serves' : 'serve'}`;
  const rest = weight > 0 ? `version ${version} carries ${weight} %` : pods;
  const missing = describeMissing(stable, needed);
  return weight === 0 && count === 0 ? missing : `${missing}; ${rest} until then`;
}

function describeUnconfirmed({ observation, stable }: Return): string {
  const share = splitWeights(observation)[nameOf(stable.release)] ?? 0;
  return describeConfirmation(observation, `${share} % for version ${stable.release.spec.version}`);
}
