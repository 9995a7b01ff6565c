/** What is written to the status of each Release. */
import { formatMicroTime } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import { isFinished, type Release, type ReleaseStatus, type SplitInForce } from '../api/release.ts';
import { stableRelease } from '../current-releases.ts';
import { recordImages } from '../image-drift.ts';
import { calculateImageFaults } from '../image-faults.ts';
import { backendName } from '../names.ts';
import {
  handlingOf,
  isRouted,
  isSplitConfirmed,
  replicasOf,
  splitWeights,
  viewOf,
  type Observation,
  type VersionView,
} from '../observation.ts';
import type { Action, Step } from '../plan.ts';
import { statusOf } from '../release-changes.ts';
import { nameOf } from '../release-context.ts';
import { waiting } from '../release-status.ts';
import { calculateServing, calculateWeight } from '../strategies/canary-steps.ts';
import { withinBounds } from './bound-status.ts';
import { releaseConditions } from './release-conditions.ts';

export interface Changes {
  readonly before: Observation;
  readonly after: Observation;
  readonly active: Release | undefined;
  readonly step: Step;
  /** What is done after it is written. */
  readonly safe: readonly Action[];
  readonly now: number;
}

/** By name: only those that differ from what is written already. */
export function planReleaseStatuses(changes: Changes): ReadonlyMap<string, ReleaseStatus> {
  const written = new Map(changes.before.releases.map((release) => [nameOf(release), release.status]));
  const changed = new Map<string, ReleaseStatus>();
  for (const release of changes.after.releases) {
    const status = nextStatus(release, changes);
    if (status !== undefined && !isSameJson(status, written.get(nameOf(release)))) changed.set(nameOf(release), status);
  }
  return changed;
}

/** Undefined: nothing is to be said of it. */
function nextStatus(release: Release, { before, after, active, step, safe, now }: Changes): ReleaseStatus | undefined {
  const view = viewOf(after, release);
  const finish = (status: ReleaseStatus): ReleaseStatus =>
    withinBounds({ ...status, conditions: releaseConditions({ release, status, view, observation: after, now }) });
  if (release === active) return finish(withCounts(step.status, view, { observation: after, safe, now }));
  const status = statusOf(release);
  if (active !== undefined && !isFinished(status.phase))
    return finish(waiting(status, `version ${active.spec.version} to end first`, now));
  const until = endOfService(release, after, now);
  if (until !== status.servedUntil) return finish({ ...status, servedUntil: until });
  return before.releases.includes(release) ? undefined : finish(status);
}

/** Known from when the version that took its place became stable, so that no crash loses it. */
function endOfService(release: Release, observation: Observation, now: number): string | undefined {
  const { phase, servedUntil } = statusOf(release);
  const stable = stableRelease(observation);
  if (phase !== 'Succeeded' || stable === undefined || stable === release) return servedUntil;
  return servedUntil ?? statusOf(stable).finishedAt ?? formatMicroTime(now);
}

interface At {
  readonly observation: Observation;
  readonly safe: readonly Action[];
  readonly now: number;
}

function withCounts(status: ReleaseStatus, view: VersionView, { observation, safe, now }: At): ReleaseStatus {
  const weight = splitWeights(observation)[nameOf(view.release)] ?? 0;
  const service = backendName(view.release.spec);
  const isMatched = handlingOf(observation).matches?.some((match) => match.service === service) === true;
  const isGiven = safe.some((action) => givesTraffic(action, view));
  const hasTraffic = weight > 0 || isMatched || view.listed.length > 0 || isGiven;
  const isFirst = hasTraffic && status.firstTrafficAt === undefined;
  return {
    ...status,
    observedGeneration: view.release.metadata.generation,
    ...(isFirst ? { firstTrafficAt: formatMicroTime(now) } : {}),
    replicas: { desired: replicasOf(observation), ready: view.ready.length, serving: view.serving.length },
    split: splitInForce(view, observation, servingGoal(status, view, observation)),
    images: recordImages(view.pods, status.images),
    imageFaults: calculateImageFaults(view.pods, status.imageFaults),
  };
}

/** Whether requests may come to the version as soon as this is done. */
function givesTraffic(action: Action, { release }: VersionView): boolean {
  if (action.type === 'setServing') return action.serves && action.release === nameOf(release);
  if (action.type !== 'setSplit') return false;
  const service = backendName(release.spec);
  const isMatched = action.handling?.matches?.some((match) => match.service === service) === true;
  return isMatched || (action.weights[nameOf(release)] ?? 0) > 0;
}

function splitInForce({ serving }: VersionView, observation: Observation, goal: number): SplitInForce {
  return isRouted(observation)
    ? { weights: splitWeights(observation), confirmed: isSplitConfirmed(observation), confirmedBy: 'dataPlane' }
    : { weights: {}, confirmed: goal > 0 && serving.length === goal, confirmedBy: 'endpoints' };
}

/** Pods that should be in the Service by now: in the steps of a canary those of its share, otherwise all that are ready. */
function servingGoal(status: ReleaseStatus, { ready, release }: VersionView, observation: Observation): number {
  const { type, canary } = release.spec.strategy;
  const isInStep = status.step !== undefined && (status.phase === 'Progressing' || status.phase === 'Paused');
  if (type !== 'canary' || !isInStep || status.promotedBy !== undefined) return ready.length;
  const weight = calculateWeight(canary?.steps ?? [], status.stepIndex ?? 0);
  return calculateServing(weight, replicasOf(observation)).candidate;
}
