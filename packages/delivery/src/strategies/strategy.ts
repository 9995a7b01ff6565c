import type { Step } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';
import { blueGreen } from './blue-green.ts';
import { canary } from './canary.ts';
import { rolling } from './rolling.ts';

/** How a release moves from stable to candidate: a pure function, asked again at every look until all traffic has moved. */
export interface Strategy {
  readonly type: string;
  plan(context: ReleaseContext): Step;
}

/** Every strategy there is. Adding one is adding a file and its line here. */
export const strategies: Readonly<Record<string, Strategy>> = { blueGreen, canary, rolling };
