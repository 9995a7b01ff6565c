/** A version takes no traffic before what it depends on has all of its own. */
import type { ReleaseStatus } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import type { Step } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';
import { waiting } from '../release-status.ts';
import { predecessorsOf, type Predecessor } from './companions.ts';
import { judgeCompanion, type CompanionState } from './judge-companion.ts';

export interface Awaited extends Predecessor {
  readonly state: Exclude<CompanionState, 'done'>;
  /** `Application db, which does not exist (spec.dependsOn)` */
  readonly sentence: string;
}

/** Those before it that are not done, in the order in which spec names them. */
export function awaitedCompanions({ application, companions }: Observation): readonly Awaited[] {
  return predecessorsOf(application, companions.groups).flatMap((predecessor) => {
    const { name, because } = predecessor;
    const { state, why } = judgeCompanion(companions.known.get(name));
    return state === 'done' ? [] : [{ ...predecessor, state, sentence: `Application ${name}${why} (${because})` }];
  });
}

/**
 * The step that moves traffic to the candidate, once everything before it is done. Pods and gates need not wait for that,
 * and the deadline for progress stands still. Who promotes, or goes back inside the rollback window, does not wait.
 */
export function afterCompanions(context: ReleaseContext, goOn: (status: ReleaseStatus) => Step): Step {
  const { observation, status, now } = context;
  const awaited = status.promotedBy === undefined ? awaitedCompanions(observation) : [];
  if (awaited.length === 0) return goOn(status);
  const sentence = awaited.map((each) => each.sentence).join('; ');
  return { actions: [], status: waiting(status, sentence, now), isStanding: true };
}
