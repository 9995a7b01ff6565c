/**
 * What else is against a spec that cannot be released anyway: it is tried, and never begun. Of a configuration alone that still
 * changes there is nothing to try: its pods are those that serve; nor of a template that is still to be had from a Deployment.
 */
import { planNextRelease, type Wanted } from './next-release.ts';
import type { Observation } from './observation.ts';

export function planTrial(observation: Observation, now: number): Wanted {
  const { releases, application } = observation;
  if (application.spec.template === undefined) return { actions: [], releases };
  const { actions, unsynced, settling, requeueAfter } = planNextRelease(observation, now);
  if (settling !== undefined) return { actions: [], releases };
  return { actions: actions.filter(({ type }) => type === 'tryRelease'), releases, unsynced, requeueAfter };
}
