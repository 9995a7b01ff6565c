/** What strategies share: bringing pods up, asking their health, and saying so. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { ReleaseStatus } from '../api/release.ts';
import { judgeHealth } from '../gates/health.ts';
import type { Action, Step } from '../plan.ts';
import type { Pod } from '@slipway/kube/api.generated';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { inPhase, waiting } from '../release-status.ts';

const lookAgainMilliseconds = 500;

/** Creates the candidate, or gives it the pods it should have by now. */
export function planSize(context: ReleaseContext, replicas: number): readonly Action[] {
  const { candidate, release } = context;
  if (candidate.replicaSet === undefined) return [{ type: 'createVersion', release, replicas }];
  const current = candidate.replicaSet.spec?.replicas ?? 0;
  return current < replicas
    ? [{ type: 'scale', release: nameOf(release), replicas, reason: 'the candidate grows' }]
    : [];
}

/** Asks the pods; `whenPassed` says how the release goes on when all of them are healthy. */
export function planHealth(
  context: ReleaseContext,
  pods: readonly Pod[],
  whenPassed: (status: ReleaseStatus) => Step,
): Step {
  const { observation, now, release, status } = context;
  const gate = status.gates?.find(({ name }) => name === 'health');
  const attempt = status.attempts?.length ?? 1;
  const gates =
    gate === undefined
      ? [...(status.gates ?? []), { name: 'health', attempt, startedAt: formatMicroTime(now) }]
      : (status.gates ?? []);
  if (gate?.outcome === 'passed' || status.promotedBy !== undefined) return whenPassed(status);
  const since = gate === undefined ? now : Date.parse(gate.startedAt);
  const verdict = judgeHealth({ check: release.spec.healthCheck, pods, answers: observation.answers, since, now });
  const asked: ReleaseStatus = { ...status, gates, health: verdict.answers.slice(0, 50) };
  if (verdict.outcome === 'waiting') {
    const actions: readonly Action[] =
      verdict.ask.length === 0 ? [] : [{ type: 'askHealth', release: nameOf(release), pods: verdict.ask }];
    return { actions, status: waiting(asked, verdict.waitingFor, now), requeueAfter: lookAgainMilliseconds };
  }
  const message = verdict.outcome === 'passed' ? 'every pod answered that it is healthy' : verdict.message;
  const closed: ReleaseStatus = {
    ...asked,
    gates: gates.map((each) =>
      each.name === 'health' ? { ...each, endedAt: formatMicroTime(now), outcome: verdict.outcome, message } : each,
    ),
  };
  if (verdict.outcome === 'passed') return whenPassed({ ...closed, healthyAt: formatMicroTime(now) });
  return goBack(context, closed, { by: 'health', reason: message });
}

/** Ends the release; what that means in full is decided in the phase RollingBack. */
export function goBack(
  context: ReleaseContext,
  status: ReleaseStatus,
  why: { readonly by: string; readonly reason: string },
): Step {
  const phase = context.stable === undefined ? 'Failed' : 'RolledBack';
  const ending = { phase, ...why } as const;
  const event: Action = {
    type: 'event',
    kind: 'Warning',
    reason: 'RollingBack',
    message: `version ${context.release.spec.version}: ${why.reason}`,
  };
  return {
    actions: [event],
    status: { ...inPhase(status, 'RollingBack', { now: context.now, reason: why.reason }), ending },
    requeueAfter: 0,
  };
}
