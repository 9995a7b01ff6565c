import type { Step } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';

/** How a release moves from stable to candidate: a pure function, asked again at every look until all traffic has moved. */
export interface Strategy {
  readonly type: string;
  plan(context: ReleaseContext): Step;
}
