/** What every release goes through whatever its strategy: the start, the guard, the way back, the end. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Pod } from '@slipway/kube/api.generated';
import type { ReleaseStatus } from './api/release.ts';
import { names, planMove, silentPods } from './moving-traffic.ts';
import { isBackend, isRouted, splitWeights } from './observation.ts';
import type { Step } from './plan.ts';
import { nameOf, type ReleaseContext } from './release-context.ts';
import { finished, inPhase, progressedAt, waiting } from './release-status.ts';
import { planShrink } from './shrinking.ts';
import { goBack } from './strategies/progress.ts';
import { strategies } from './strategies/strategy.ts';

const guardLookMilliseconds = 1_000;

export function planRelease(context: ReleaseContext): Step {
  const { status, now, release } = context;
  switch (status.phase) {
    case 'Pending':
      return start(context);
    case 'Progressing':
    case 'Promoting':
      return forward(context);
    case 'Paused':
      return status.promotedBy === undefined
        ? { actions: [], status }
        : forward({
            ...context,
            status: inPhase(status, 'Progressing', { now, reason: `promoted by ${status.promotedBy}` }),
          });
    case 'Guarding':
      return guard(context);
    case 'RollingBack':
      return rollBack(context);
    case 'Succeeded':
    case 'RolledBack':
    case 'Failed':
    case 'Superseded':
      throw new Error(`release ${nameOf(release)} has ended and is not planned any more`);
  }
}

function start({ status, now, release }: ReleaseContext): Step {
  const startedAt = formatMicroTime(now);
  const attempt = { number: (status.attempts ?? []).length + 1, cause: 'deploy', startedAt };
  const begun: ReleaseStatus = {
    ...inPhase(status, 'Progressing', {
      now,
      reason: `version ${release.spec.version} is released by ${release.spec.strategy.type}`,
    }),
    startedAt: status.startedAt ?? startedAt,
    attempts: [...(status.attempts ?? []), attempt].slice(-10),
  };
  return {
    actions: [
      {
        type: 'event',
        kind: 'Normal',
        reason: 'ReleaseStarted',
        message: `version ${release.spec.version} is released by ${release.spec.strategy.type}`,
      },
    ],
    status: begun,
    requeueAfter: 0,
  };
}

function forward(context: ReleaseContext): Step {
  const { release, status, candidate, now, observation } = context;
  const broken = describeCrashLoop(candidate.pods);
  if (broken !== undefined) return goBack(context, status, { by: 'guard', reason: broken });
  if (observation.application.spec.paused === true && status.phase !== 'Promoting')
    return { actions: [], status: waiting(status, 'the Application to be resumed (spec.paused)', now) };
  const deadline = progressedAt(status, now) + release.spec.progressDeadlineSeconds * 1_000;
  if (now >= deadline)
    return goBack(context, status, {
      by: 'deadline',
      reason: `no progress for ${release.spec.progressDeadlineSeconds} s while waiting for ${status.waitingFor ?? 'the release to begin'}`,
    });
  const strategy = strategies[release.spec.strategy.type];
  if (strategy === undefined)
    return goBack(context, status, {
      by: 'controller',
      reason: `there is no strategy named ${release.spec.strategy.type}`,
    });
  const step = strategy.plan(context);
  const isMoving =
    step.actions.some(
      ({ type }) => type === 'createVersion' || type === 'scale' || type === 'setServing' || type === 'setSplit',
    ) || step.status.waitingFor !== status.waitingFor;
  const noted = isMoving ? { ...step.status, progressedAt: formatMicroTime(now) } : step.status;
  return { ...step, status: noted, requeueAfter: Math.min(step.requeueAfter ?? Infinity, Math.max(1, deadline - now)) };
}

/** A container that restarts again and again will not get better by waiting. */
function describeCrashLoop(pods: readonly Pod[]): string | undefined {
  for (const pod of pods) {
    const container = pod.status?.containerStatuses?.find(
      ({ state, restartCount }) => state?.waiting?.reason === 'CrashLoopBackOff' && restartCount >= 2,
    );
    if (container === undefined) continue;
    const exitCode = container.lastState?.terminated?.exitCode;
    return `container ${container.name} of pod ${pod.metadata.name ?? ''} crashes again and again${exitCode === undefined ? '' : ` (exit code ${exitCode})`}`;
  }
  return undefined;
}

/** The new version serves; the old one stands ready beside it until the guard ends. */
function guard(context: ReleaseContext): Step {
  const { status, candidate, stable, now, replicas, release } = context;
  const broken =
    describeCrashLoop(candidate.pods) ??
    (replicas > 0 && candidate.ready.length * 2 < replicas
      ? `only ${candidate.ready.length} of ${replicas} pods of version ${release.spec.version} are ready`
      : undefined);
  if (broken !== undefined && stable !== undefined) return goBack(context, status, { by: 'guard', reason: broken });
  const endsAt = Math.max(
    Date.parse(status.guardEndsAt ?? formatMicroTime(now)),
    Date.parse(status.trafficMovedAt ?? formatMicroTime(now)) +
      (stable === undefined ? 0 : release.spec.drainSeconds * 1_000),
  );
  if (stable !== undefined && now < endsAt)
    return {
      actions: [],
      status: waiting(status, `the guard to end at ${formatMicroTime(endsAt)}`, now),
      requeueAfter: Math.min(guardLookMilliseconds, endsAt - now),
    };
  const event = {
    type: 'event',
    kind: 'Normal',
    reason: 'ReleaseSucceeded',
    message: `version ${release.spec.version} is stable`,
  } as const;
  return {
    actions: [event],
    status: finished(status, 'Succeeded', { now, reason: 'the guard has ended' }),
    requeueAfter: 0,
  };
}

/** Traffic returns at once as far as stable can carry it; then the candidate leaves. */
function rollBack(context: ReleaseContext): Step {
  const { status, stable, candidate, now, release, replicas, observation } = context;
  const ending = status.ending ?? { phase: 'RolledBack', by: 'controller', reason: 'unknown' };
  if (stable === undefined) return endWithoutStable(context, ending);
  if (
    stable.ready.length < replicas &&
    stable.replicaSet !== undefined &&
    (stable.replicaSet.spec?.replicas ?? 0) < replicas
  ) {
    return {
      actions: [
        {
          type: 'scale',
          release: nameOf(stable.release),
          replicas,
          reason: 'the stable version takes its place again',
        },
      ],
      status: waiting(status, `version ${stable.release.spec.version} to be ready again`, now),
    };
  }
  if (stable.ready.length === 0)
    return { actions: [], status: waiting(status, `version ${stable.release.spec.version} to be ready again`, now) };
  const apart = silentPods(stable).filter((pod) => !isBackend(pod));
  // Pods that were about to leave stand behind their Service again before it is given weight.
  if (apart.length > 0)
    return {
      actions: [
        {
          type: 'setServing',
          release: nameOf(stable.release),
          pods: names(apart),
          serves: true,
          backend: true,
          template: true,
        },
      ],
      status: waiting(status, `pods of version ${stable.release.spec.version} to join again`, now),
    };
  const move = planMove({ observation, to: stable, from: candidate });
  if (move.waitingFor !== undefined) return { actions: move.actions, status: waiting(status, move.waitingFor, now) };
  const wasLive = status.trafficMovedAt !== undefined || (splitWeights(observation)[nameOf(release)] ?? 0) > 0;
  const keepSeconds = Math.max(release.spec.keepFailedSeconds, wasLive ? release.spec.drainSeconds : 0);
  const goneAt = progressedAt(status, now) + keepSeconds * 1_000;
  const done: ReleaseStatus = finished(status, ending.phase, { now, reason: ending.reason });
  if (ending.phase !== 'Superseded' && now < goneAt)
    return {
      actions: [],
      status: waiting(
        status,
        `pods of version ${release.spec.version} are kept until ${formatMicroTime(goneAt)} for a look`,
        now,
      ),
      requeueAfter: goneAt - now,
    };
  const shrink = planShrink({
    view: candidate,
    goal: 0,
    drainSeconds: wasLive ? release.spec.drainSeconds : 0,
    now,
    observation,
  });
  if (shrink.waitingFor !== undefined)
    return {
      actions: shrink.actions,
      status: waiting(status, shrink.waitingFor, now),
      requeueAfter: shrink.requeueAfter,
    };
  return {
    actions: [
      {
        type: 'event',
        kind: 'Warning',
        reason: ending.phase,
        message: `version ${release.spec.version}: ${ending.reason}`,
      },
    ],
    status: done,
    requeueAfter: 0,
  };
}

/** Nothing to return to: the pods stay for a look and nothing is routed to them. */
function endWithoutStable(
  { status, now, release, observation }: ReleaseContext,
  ending: { readonly reason: string },
): Step {
  const event = {
    type: 'event',
    kind: 'Warning',
    reason: 'ReleaseFailed',
    message: `version ${release.spec.version}: ${ending.reason}`,
  } as const;
  const isRoutedTo = isRouted(observation) && (splitWeights(observation)[nameOf(release)] ?? 0) > 0;
  return {
    actions: [...(isRoutedTo ? [{ type: 'removeRoute' } as const] : []), event],
    status: finished(status, 'Failed', { now, reason: ending.reason }),
  };
}
