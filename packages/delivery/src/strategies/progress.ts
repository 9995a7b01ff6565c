/** What strategies share: bringing pods up, asking their health, and saying so. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { GateResult, HealthAnswer, ReleaseStatus } from '../api/release.ts';
import { describePassed, failuresFirst, judgeHealth } from '../gates/health.ts';
import type { Action, Step } from '../plan.ts';
import type { Pod } from '@slipway/kube/api.generated';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { attemptOf, inPhase, waiting, withoutOpenChecks } from '../release-status.ts';
import { planCutAnswers } from '../status/cut-entries.ts';

const lookAgainMilliseconds = 500;

/** Creates the candidate, or gives it the pods it should have by now. */
export function planSize(context: ReleaseContext, replicas: number): readonly Action[] {
  const { candidate, release, traits } = context;
  const alone = traits.isApart;
  if (candidate.replicaSet === undefined) return [{ type: 'createVersion', release, replicas, alone }];
  const current = candidate.replicaSet.spec?.replicas ?? 0;
  return current < replicas
    ? [{ type: 'scale', release: nameOf(release), replicas, reason: 'the candidate grows', alone }]
    : [];
}

/**
 * Asks the pods; `whenPassed` says how the release goes on when all of them are healthy. A gate that has passed opens again
 * for pods that came later, with a time of its own.
 */
export function planHealth(
  context: ReleaseContext,
  pods: readonly Pod[],
  whenPassed: (status: ReleaseStatus) => Step,
): Step {
  const { now, release, status } = context;
  const answers = healthAnswers(context);
  const check = release.spec.healthCheck;
  const gate = openGate(status, now);
  const isAsking = check !== undefined && check.ignore !== true;
  const isAnswered = !isAsking || pods.every((pod) => hasPassed(answers, pod));
  const isDone = isAnswered && status.gates?.some(isPassedHealth) === true;
  if (isDone || status.promotedBy !== undefined) return whenPassed(status);
  const verdict = judgeHealth({ check, pods, answers, since: Date.parse(gate.startedAt), now });
  const asked = withGate({ ...status, health: verdict.answers.slice(0, maximumAnswers) }, gate);
  if (verdict.outcome === 'waiting') {
    const actions: readonly Action[] =
      verdict.ask.length === 0 ? [] : [{ type: 'askHealth', release: nameOf(release), pods: verdict.ask }];
    const next = waiting(asked, verdict.waitingFor, now);
    return { actions, status: next, requeueAfter: lookAgainMilliseconds, isStanding: true };
  }
  const { outcome } = verdict;
  const message = outcome === 'passed' ? describePassed(check, verdict.answers) : verdict.message;
  const closed = withGate(asked, { ...gate, endedAt: formatMicroTime(now), outcome, message });
  const step =
    outcome === 'passed'
      ? whenPassed({ ...closed, healthyAt: status.healthyAt ?? formatMicroTime(now) })
      : goBack(context, closed, { by: 'health', reason: message });
  const cut = planCutAnswers(nameOf(release), verdict.answers.slice(maximumAnswers));
  return { ...step, actions: [...cut, ...step.actions] };
}

/** What pods have said, written down before anything is done because of it: who leads next knows no more than that. */
export function withAnswers(context: ReleaseContext): ReleaseContext {
  const answers = healthAnswers(context);
  const known = context.candidate.pods.flatMap(({ metadata }) => answers.get(metadata.uid ?? '') ?? []);
  return known.length === 0
    ? context
    : { ...context, status: { ...context.status, health: failuresFirst(known).slice(0, maximumAnswers) } };
}

const healthGate = 'health';
const maximumAnswers = 50;

function isPassedHealth({ name, outcome }: GateResult): boolean {
  return name === healthGate && outcome === 'passed';
}

function openGate(status: ReleaseStatus, now: number): GateResult {
  const open = status.gates?.find(({ name, outcome }) => name === healthGate && outcome !== 'passed');
  // A clock that was set back counts from then on.
  return open !== undefined && Date.parse(open.startedAt) <= now
    ? open
    : { ...open, name: healthGate, attempt: attemptOf(status), startedAt: formatMicroTime(now) };
}

function withGate(status: ReleaseStatus, gate: GateResult): ReleaseStatus {
  return { ...status, gates: [...(status.gates ?? []).filter(({ name }) => name !== gate.name), gate] };
}

/** What was heard in this attempt: now, and before the controller was started again. */
export function healthAnswers({ observation, status }: ReleaseContext): ReadonlyMap<string, HealthAnswer> {
  const current = attemptOf(status);
  const kept = (status.health ?? []).filter(({ outcome }) => outcome === 'passed');
  const heard = [...observation.answers.values()].filter(({ attempt }) => attempt === current);
  const answers = [...kept, ...heard.map(({ attempt: _, ...answer }) => answer)];
  return new Map(answers.map((answer) => [answer.uid, answer]));
}

export function hasPassed(answers: ReadonlyMap<string, HealthAnswer>, { metadata }: Pod): boolean {
  return answers.get(metadata.uid ?? '')?.outcome === 'passed';
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
    status: {
      ...inPhase(withoutOpenChecks(status, 'the release goes back', context.now), 'RollingBack', {
        now: context.now,
        reason: why.reason,
      }),
      ending,
    },
    requeueAfter: 0,
  };
}
