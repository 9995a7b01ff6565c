import { formatMicroTime } from '@slipway/kube/clock';
import { isSameJson } from '@slipway/kube/json-equality';
import type { SplitCondition, SplitHandling } from '@slipway/kube/split';
import type { CanaryMatch, CanaryStep, Strategy as StrategySpec } from '../api/application.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { names } from '../moving-traffic.ts';
import { backendName } from '../names.ts';
import { describeConfirmation } from '../describe-confirmation.ts';
import { handlingOf, isRouted, isServing, isSplitConfirmed, splitWeights, type VersionView } from '../observation.ts';
import { afterCompanions } from '../order/await-companions.ts';
import type { Action, Step } from '../plan.ts';
import { describeMissing, describePods } from '../pod-faults.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import { afterStep, inPhase, waiting, withoutOpenChecks } from '../release-status.ts';
import { routePort } from '../route-rule.ts';
import { endsRelease, watchChecks } from '../phases/checks.ts';
import { calculateMirror, calculateServing, calculateSize, calculateWeight, findMatch } from './canary-steps.ts';
import { goBack, hasPassed, healthAnswers, planHealth, planSize } from './progress.ts';
import { complete, promote, withSizes } from './promotion.ts';
import type { Strategy } from './strategy.ts';
import type { Opening } from './traits.ts';

/**
 * Traffic moves in steps. What a step needs is made true again at every look, pods and weight alike, so that a pod that
 * was lost, or a controller that was killed, changes nothing but the time it takes.
 */
export const canary: Strategy = {
  type: 'canary',
  plan,
  leastOfCandidate,
  calculateOpening,
  sharesOutside: true,
  hasSteps: true,
};

function leastOfCandidate(
  { canary: parameters }: StrategySpec,
  { stepIndex, replicas }: { readonly stepIndex: number; readonly replicas: number },
): number {
  return calculateSize(parameters?.steps ?? [], stepIndex, replicas);
}

function calculateOpening(
  { canary: parameters }: StrategySpec,
  { status: { stepIndex = 0 } }: { readonly status: ReleaseStatus },
): Opening {
  const { steps = [] } = parameters ?? {};
  if (stepIndex >= steps.length) return 'promoted';
  const isShared =
    calculateWeight(steps, stepIndex) > 0 ||
    calculateMirror(steps, stepIndex) > 0 ||
    findMatch(steps, stepIndex) !== undefined;
  return isShared ? 'shared' : 'closed';
}

function plan(context: ReleaseContext): Step {
  const { status, stable } = context;
  return withSizes(context, () => {
    if (status.phase === 'Promoting') return promote(context, status);
    // A person promotes all of it, and a first version has nobody to share with.
    if (status.promotedBy !== undefined || stable === undefined) return complete(context, status);
    return planStep(context, stable);
  });
}

function planStep(context: ReleaseContext, stable: VersionView): Step {
  const { candidate, now, replicas, release, status } = context;
  const steps = release.spec.strategy.canary?.steps ?? [];
  const index = status.stepIndex ?? 0;
  const step = steps[index];
  if (step === undefined) return complete(context, status);
  const named: ReleaseStatus = { ...status, step: describeStep(steps, index) };
  const weight = calculateWeight(steps, index);
  const wanted = calculateSize(steps, index, replicas);
  // Sizes follow beside the step, and there is nothing yet that could.
  const growth = candidate.replicaSet === undefined ? planSize(context, wanted) : [];
  if (growth.length > 0 || candidate.ready.length < wanted) {
    const actions = [...growth, ...planReached(context, { stable, weight })];
    return { actions, status: waiting(named, describeMissing(candidate, wanted), now) };
  }
  return planHealth({ ...context, status: named }, candidate.ready, (healthy) => {
    const at = { ...context, status: healthy };
    const change = planWeight(at, { stable, weight });
    if (change === undefined) return planEnd(at, step);
    return change.actions.length === 0 ? change : afterCompanions(at, () => change);
  });
}

/** `2 of 5: setWeight 40` */
function describeStep(steps: readonly CanaryStep[], index: number): string {
  const step = steps[index] ?? {};
  return `${index + 1} of ${steps.length}: ${describe(step)}`;
}

function describe({ setWeight, setReplicas, check, pause, match, mirror }: CanaryStep): string {
  if (setWeight !== undefined) return `setWeight ${setWeight}`;
  if (setReplicas !== undefined) return `setReplicas ${setReplicas}`;
  if (check !== undefined) return `check ${check}`;
  if (mirror !== undefined) return `mirror ${mirror.percent} %`;
  if (match !== undefined) return `match ${describeMatch(match)}`;
  return pause?.seconds === undefined ? 'pause' : `pause ${pause.seconds} s`;
}

/** `header x-beta = on and cookie group begins with b` */
function describeMatch({ headers = [], cookies = [] }: CanaryMatch): string {
  const sentence = (kind: string, { name, exact, prefix }: SplitCondition): string => {
    if (exact !== undefined) return `${kind} ${name} = ${exact}`;
    return prefix === undefined ? `${kind} ${name}` : `${kind} ${name} begins with ${prefix}`;
  };
  const all = [
    ...headers.map((condition) => sentence('header', condition)),
    ...cookies.map((condition) => sentence('cookie', condition)),
  ];
  return all.join(' and ') || 'nothing';
}

interface Share {
  readonly stable: VersionView;
  readonly weight: number;
}

/** Undefined when the step's share of the traffic is in force and confirmed. */
function planWeight(context: ReleaseContext, share: Share): Step | undefined {
  return isRouted(context.observation) ? planSplit(context, share) : planJoined(context, share);
}

function planSplit(context: ReleaseContext, { stable, weight }: Share): Step | undefined {
  const { observation, release, status, now } = context;
  const weights = { [nameOf(stable.release)]: 100 - weight, [nameOf(release)]: weight };
  const handling = calculateHandling(context, weight);
  const asked = splitWeights(observation)[nameOf(release)];
  const isAsked = (asked ?? 0) === weight && isSameJson(handlingOf(observation), handling);
  if (isAsked && (asked === undefined || isSplitConfirmed(observation))) return undefined;
  const what = `${weight} % for version ${release.spec.version}`;
  return {
    actions: isAsked ? [] : [{ type: 'setSplit', weights, handling }],
    status: waiting(status, describeConfirmation(observation, what), now),
  };
}

/** Who comes to the candidate by other ways than its weight, and who stays there. */
function calculateHandling({ observation, release, status }: ReleaseContext, weight: number): SplitHandling {
  const { steps = [], stickySeconds } = release.spec.strategy.canary ?? {};
  const index = status.stepIndex ?? 0;
  const service = backendName(release.spec);
  const match = findMatch(steps, index);
  const percent = calculateMirror(steps, index);
  const { version } = release.spec;
  const port = routePort(observation);
  const cookie = `slipway-${release.spec.application}`;
  return {
    ...(match === undefined ? {} : { matches: [{ ...match, service }] }),
    ...(percent === 0 ? {} : { mirror: { service, port, version, percent } }),
    ...(stickySeconds === undefined || weight === 0 ? {} : { sticky: { cookie, seconds: stickySeconds } }),
  };
}

/** Inside the cluster the share is that of the pods in the Service: the new ones join before others leave. */
function planJoined(context: ReleaseContext, { stable, weight }: Share): Step | undefined {
  const { candidate, replicas, status, now, release } = context;
  const goal = calculateServing(weight, replicas);
  const change =
    planServing(candidate, goal.candidate, 'join') ??
    planServing(stable, goal.stable, 'join') ??
    planServing(candidate, goal.candidate, 'leave') ??
    planServing(stable, goal.stable, 'leave');
  if (change === undefined) return undefined;
  const sentence = change.waitingFor ?? `${weight} % of the pods to be of version ${release.spec.version}`;
  return { actions: change.actions, status: waiting(status, sentence, now) };
}

/**
 * While pods of the candidate are missing nobody leaves, and where they are missed in the Service, others stand there: the
 * candidate's own that have passed the gate, and stable's for the rest.
 */
function planReached(context: ReleaseContext, { stable, weight }: Share): readonly Action[] {
  const { candidate, replicas, observation, release, status } = context;
  if (isRouted(observation)) return [];
  const steps = release.spec.strategy.canary?.steps ?? [];
  // What has not been in force yet is not missed.
  const reached = Math.min(weight, calculateWeight(steps, (status.stepIndex ?? 0) - 1));
  const goal = calculateServing(reached, replicas);
  const answers = healthAnswers(context);
  const isAsked = release.spec.healthCheck !== undefined && release.spec.healthCheck.ignore !== true;
  const fit = isAsked ? candidate.ready.filter((pod) => isServing(pod) || hasPassed(answers, pod)) : candidate.ready;
  const missing = Math.max(0, goal.candidate - fit.length);
  const joining =
    planServing({ ...candidate, ready: fit }, goal.candidate, 'join') ??
    planServing(stable, goal.stable + missing, 'join');
  return joining?.actions ?? [];
}

/** Undefined when at least (or, leaving, at most) so many pods of the version are in the Service, and that is confirmed. */
function planServing(
  view: VersionView,
  goal: number,
  way: 'join' | 'leave',
): { readonly actions: readonly Action[]; readonly waitingFor?: string } | undefined {
  const { version } = view.release.spec;
  const labelled = view.ready.filter(isServing);
  const others = view.ready.filter((pod) => !isServing(pod));
  const joins = way === 'join';
  const count = joins ? goal - labelled.length : labelled.length - goal;
  const pods = (joins ? others : labelled).slice(0, Math.max(0, count));
  if (pods.length > 0)
    return {
      actions: [
        {
          type: 'setServing',
          release: nameOf(view.release),
          pods: names(pods),
          serves: joins,
          template: false,
        },
      ],
    };
  const unconfirmed = joins
    ? labelled.filter((pod) => !view.serving.includes(pod))
    : others.filter((pod) => view.listed.includes(pod));
  return unconfirmed.length === 0
    ? undefined
    : {
        actions: [],
        waitingFor: `${describePods(unconfirmed, version)} to ${joins ? 'appear in' : 'leave'} the Service's endpoints`,
      };
}

/** Its share of the traffic is in force: a pause lasts its time, anything else is done. */
function planEnd(context: ReleaseContext, { pause, check }: CanaryStep): Step {
  const { now, status } = context;
  if (check !== undefined) return planCheck(context, check);
  if (pause === undefined) return next(context);
  const since = status.stepSince ?? formatMicroTime(now);
  const begun = { ...status, stepSince: since };
  if (pause.seconds === undefined) {
    const reason = `step ${status.step ?? ''}`;
    const paused = inPhase(begun, 'Paused', { now, reason });
    return { actions: [], status: waiting(paused, `a person to resume it (${reason})`, now), isStanding: true };
  }
  const due = Date.parse(since) + pause.seconds * 1_000;
  if (now >= due) return next(context);
  return {
    actions: [],
    status: waiting(begun, `the pause to end at ${formatMicroTime(due)}`, now),
    requeueAfter: due - now,
    isStanding: true,
  };
}

/** The check runs from when the step's share is in force; where it comes to no judgement, a person is asked for one. */
function planCheck(context: ReleaseContext, name: string): Step {
  const { now, release, status } = context;
  const check = release.spec.checks?.find((each) => each.name === name);
  if (check === undefined)
    return goBack(context, status, { by: 'controller', reason: `there is no check named ${name}` });
  const begun = { ...context, status: { ...status, stepSince: status.stepSince ?? formatMicroTime(now) } };
  const watched = watchChecks(begun, [check], { during: 'release', step: status.step });
  const { actions, ended, open, requeueAfter } = watched;
  if (ended === undefined && open.length === 0) return { ...next({ ...context, status: watched.status }), actions };
  if (ended === undefined)
    return { actions, status: waiting(watched.status, open.join('; '), now), requeueAfter, isStanding: true };
  if (endsRelease(ended)) return goBack(context, watched.status, { by: 'check', reason: ended.message });
  const paused = inPhase(watched.status, 'Paused', { now, reason: ended.message });
  return { actions, status: waiting(paused, `a person to resume it (${ended.message})`, now), isStanding: true };
}

function next({ status, now }: ReleaseContext): Step {
  const over = withoutOpenChecks(status, `step ${status.step ?? ''} is over`, now);
  return { actions: [], status: afterStep(over), requeueAfter: 0 };
}
