/** Checks of metrics: watched beside the steps of a release, waited for by one of them, and held by the guard. */
import type { Check, CheckState, CheckTime } from '../api/check.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { findRun } from '../gates/metric/check-state.ts';
import { isPassingNow, type CheckVerdict } from '../gates/metric/decide-check.ts';
import { followCheck } from '../gates/metric/follow-check.ts';
import type { Subject } from '../gates/metric/subject.ts';
import { isWatched } from '../gates/metric/terms.ts';
import { measurementKey } from '../measurement-key.ts';
import { backendName } from '../names.ts';
import type { Action } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';
import { attemptOf } from '../release-status.ts';
import { earlier } from '../scaling.ts';
import { planCounting } from '../traffic-counts.ts';

/** A measurement takes a moment; who takes it looks again by itself. */
const lookAgainMilliseconds = 1_000;

export interface Watched {
  readonly status: ReleaseStatus;
  readonly actions: readonly Action[];
  readonly requeueAfter?: number | undefined;
  /** The first check that has ended as nothing may that goes on. */
  readonly ended?: CheckVerdict | undefined;
  /** What is waited for, of the checks that have not ended. */
  readonly open: readonly string[];
}

interface Watch {
  readonly during: CheckTime;
  /** Of the strategy, where one waits for the run. */
  readonly step?: string | undefined;
}

/** One look at some checks: what is due is measured, what was measured is recorded. */
export function watchChecks(context: ReleaseContext, checks: readonly Check[], watch: Watch): Watched {
  const counting = checks.some(({ provider }) => provider.gateway !== undefined)
    ? planCounting(context, countUntil(context))
    : [];
  const start: Watched = { status: context.status, actions: counting, open: [] };
  return checks.reduce((watched, check) => watchOne(context, watched, { check, ...watch }), start);
}

function watchOne(
  { observation, release, now, stable }: ReleaseContext,
  watched: Watched,
  { check, ...watch }: Watch & { readonly check: Check },
): Watched {
  const { status } = watched;
  const attempt = attemptOf(status);
  const key = measurementKey(release, { name: check.name, attempt, ...watch });
  const subject = subjectOf({ observation, release, stable });
  const { runs, state, plan } = followCheck({
    check,
    runs: status.checks,
    ...watch,
    attempt,
    patienceSeconds: release.spec.progressDeadlineSeconds,
    subject,
    split: observation.split,
    taken: observation.measurements.get(key),
    now,
  });
  const next: Watched = { ...watched, status: { ...status, checks: runs } };
  switch (plan.type) {
    case 'verdict':
      return plan.outcome === 'passed' || next.ended !== undefined ? next : { ...next, ended: plan };
    case 'wait':
      return {
        ...next,
        open: [...next.open, plan.waitingFor],
        requeueAfter: earlier(next.requeueAfter, Math.max(1, plan.until - now)),
      };
    case 'measure':
      return {
        ...next,
        actions: [...next.actions, { type: 'measure', key, check, state, subject }],
        open: [...next.open, plan.waitingFor],
        requeueAfter: earlier(next.requeueAfter, lookAgainMilliseconds),
      };
  }
}

function subjectOf({
  observation,
  release,
  stable,
}: Pick<ReleaseContext, 'observation' | 'release' | 'stable'>): Subject {
  const { namespace = '', name = '' } = observation.application.metadata;
  return {
    namespace,
    application: name,
    candidate: { version: release.spec.version, service: backendName(release.spec) },
    stable:
      stable === undefined
        ? undefined
        : { version: stable.release.spec.version, service: backendName(stable.release.spec) },
  };
}

const countingMilliseconds = 300_000;

/** In whole steps of five minutes, or every look would ask the gateways anew. */
function countUntil({ now }: ReleaseContext): number {
  return (Math.floor(now / countingMilliseconds) + 2) * countingMilliseconds;
}

/** What failed or could not be measured ends a release; what says too little is for a person to judge. */
export function endsRelease({ outcome }: CheckVerdict): boolean {
  return outcome === 'failed' || outcome === 'error';
}

/** Those that no step of the strategy names: they run as long as both versions have traffic. */
export function checksBeside({ release }: ReleaseContext): readonly Check[] {
  const named = new Set((release.spec.strategy.canary?.steps ?? []).flatMap(({ check }) => check ?? []));
  return (release.spec.checks ?? []).filter((check) => isWatched(check, 'release') && !named.has(check.name));
}

/** None where there is no guard. */
export function checksOfGuard({ release: { spec } }: ReleaseContext): readonly Check[] {
  return spec.guardSeconds === 0 ? [] : (spec.checks ?? []).filter((check) => isWatched(check, 'guard'));
}

/** The guard ends before its time: what does not pass at this moment has not passed. */
export function describeDoubt(context: ReleaseContext): string | undefined {
  const attempt = attemptOf(context.status);
  const doubtful = checksOfGuard(context).find((check) => {
    const run: CheckState | undefined = findRun(context.status.checks, { name: check.name, during: 'guard', attempt });
    return run !== undefined && !isPassingNow(check, run);
  });
  return doubtful === undefined ? undefined : `check ${doubtful.name} did not pass when the guard ended early`;
}
