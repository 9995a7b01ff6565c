/** Every scripted scenario that there is. */
import type { Script } from '../scripted-release.ts';
import { anyPhaseScenarios } from './any-phase.ts';
import { blueGreenScenarios } from './blue-green.ts';
import { canaryScenarios } from './canary.ts';
import { fieldScenarios } from './field.ts';
import { otherScenarios } from './other.ts';
import { undoScenarios } from './undo.ts';

function named(subject: string, scripts: readonly Script[]): readonly Script[] {
  return scripts.map((script) => ({ ...script, name: `${subject} ${script.name}` }));
}

export const allScenarios: readonly Script[] = [
  ...named('a canary', canaryScenarios),
  ...named('a blue-green release', blueGreenScenarios),
  ...fieldScenarios,
  ...otherScenarios,
  ...undoScenarios,
  ...anyPhaseScenarios,
];
