/**
 * What a version without traffic needs before it gets any. All of it is read from what is on record, and from what pods said:
 * what a planner thinks of a gate that has not ended is no end of it.
 */
import type { Pod } from '@slipway/kube/api.generated';
import { isFinished, type Release, type ReleaseStatus } from '../api/release.ts';
import { haveHooksEnded } from '../hooks/hook-policy.ts';
import type { Observation } from '../observation.ts';
import { statusOf } from '../release-changes.ts';
import { nameOf } from '../release-context.ts';
import { strategies } from '../strategies/strategies.ts';
import type { Opening } from '../strategies/traits.ts';

export interface Newcomer {
  readonly release: Release;
  readonly ready: readonly Pod[];
  /** Behind the Service of the Application. */
  readonly serving: readonly Pod[];
  readonly answers: Observation['answers'];
  /** Whether there is a version that serves, to which this one is compared. */
  readonly hasStable: boolean;
  readonly now: number;
}

export interface AdmissionGate {
  readonly name: string;
  isPassed(newcomer: Newcomer): boolean;
}

const health: AdmissionGate = {
  name: 'health',
  isPassed: ({ release, ready, answers }) => {
    const { healthyAt, health: kept = [] } = statusOf(release);
    const { healthCheck } = release.spec;
    if (healthyAt !== undefined || healthCheck === undefined || healthCheck.ignore === true) return true;
    const passed = new Set(
      [...kept, ...answers.values()].flatMap(({ uid, outcome }) => (outcome === 'passed' ? uid : [])),
    );
    return ready.some(({ metadata }) => passed.has(metadata.uid ?? ''));
  },
};

/** What is to be done before it begins is done: without that there should be no pod of it. */
const hooksBeforeRelease: AdmissionGate = {
  name: 'hooks before the release',
  isPassed: ({ release }) => haveHooksEnded(release.spec, statusOf(release), 'beforeRelease'),
};

/** Pauses and checks that come before the first share of the traffic, and the promotion itself where a person or a time decides. */
const steps: AdmissionGate = {
  name: 'steps',
  isPassed: (newcomer) => openingOf(newcomer) !== 'closed',
};

/** Of a version that shares the traffic before its promotion they are waited for later. */
const hooksBeforePromotion: AdmissionGate = {
  name: 'hooks before the promotion',
  isPassed: (newcomer) =>
    openingOf(newcomer) === 'shared' ||
    haveHooksEnded(newcomer.release.spec, statusOf(newcomer.release), 'beforePromotion'),
};

/** A gate has failed, or a person has decided: what goes back is given nothing that it does not have. */
const goingOn: AdmissionGate = {
  name: 'that it does not go back',
  // Who comes inside the cluster is served by it still: a route that was deleted by hand may lead there until stable can.
  isPassed: ({ release, serving }) => statusOf(release).ending === undefined || serving.length > 0,
};

export const admissionGates: readonly AdmissionGate[] = [
  health,
  hooksBeforeRelease,
  steps,
  hooksBeforePromotion,
  goingOn,
];

function openingOf({ release, hasStable, now }: Newcomer): Opening {
  const { strategy } = release.spec;
  const calculate = strategies[strategy.type]?.calculateOpening;
  // A first version has nobody to share with, or to be compared to.
  return calculate === undefined || !hasStable ? 'promoted' : calculate(strategy, { status: statusOf(release), now });
}

/**
 * It serves or has served; in the attempt that is under way it had all of the traffic, or a person answers for it; or every
 * gate has passed. What came to nothing is asked for all of them again.
 */
export function isAdmitted(
  newcomer: Newcomer,
  {
    application,
    gates = admissionGates,
  }: Pick<Observation, 'application'> & { readonly gates?: readonly AdmissionGate[] | undefined },
): boolean {
  const { release } = newcomer;
  const { promotedBy, trafficMovedAt, phase }: ReleaseStatus = statusOf(release);
  const isVouchedFor = promotedBy !== undefined || trafficMovedAt !== undefined;
  const isKnown = phase === 'Succeeded' || (isVouchedFor && !isFinished(phase));
  if (isKnown || application.status?.serving?.release === nameOf(release)) return true;
  return gates.every((gate) => gate.isPassed(newcomer));
}
