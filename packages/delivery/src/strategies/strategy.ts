import type { MoveStep } from '../moving-traffic.ts';
import type { Step } from '../plan.ts';
import type { VersionView } from '../observation.ts';
import type { ReleaseContext } from '../release-context.ts';
import type { StrategyTraits } from './traits.ts';

/** How a release moves from stable to candidate: a pure function, asked again at every look until all traffic has moved. */
export interface Strategy extends StrategyTraits {
  readonly type: string;
  plan(context: ReleaseContext): Step;
  /** What must be over before stable may take traffic again; where it is absent, nothing. */
  planClearing?(context: ReleaseContext, stable: VersionView): MoveStep;
}
