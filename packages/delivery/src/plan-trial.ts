/**
 * What else is against a spec that cannot be released anyway: it is tried, and never begun. Of a configuration alone that still
 * changes there is nothing to try: its pods are those that serve; nor of a template that is still to be had from a Deployment.
 */
import { planNextRelease, type Wanted } from './next-release.ts';
import type { Observation } from './observation.ts';

export interface Trying {
  readonly now: number;
  /** Spec itself has to change before it can be released. */
  readonly isFaulty: boolean;
}

export function planTrial(given: Observation, { now, isFaulty }: Trying): Wanted {
  const { releases, application } = given;
  if (application.spec.template === undefined) return { actions: [], releases };
  const observation = isFaulty ? withLastingTrial(given) : given;
  const { actions, unsynced, settling, requeueAfter } = planNextRelease(observation, now);
  if (settling !== undefined) return { actions: [], releases };
  return { actions: actions.filter(({ type }) => type === 'tryRelease'), releases, unsynced, requeueAfter };
}

/** Of what spec itself gets wrong one answer is enough for each spec: whatever the next one says, nothing comes of it. */
function withLastingTrial(observation: Observation): Observation {
  const { trial } = observation;
  if (trial?.refusal === undefined) return observation;
  const { refusal } = trial;
  const isLasting = (refusal.all ?? [refusal]).every(({ cause }) => cause === 'spec');
  return isLasting ? { ...observation, trial: { ...trial, standsFor: Infinity } } : observation;
}
