import type { Deed, Script } from '../scripted-release.ts';

const strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } } as const;

/** Version 2 serves, and 1 did before it. */
const two: readonly Deed[] = [{ deploy: 'b' }, { seconds: 5 }, { command: 'promote' }, { seconds: 20 }];

export const undoScenarios: readonly Script[] = [
  {
    name: 'a rollback that was undone can be given again, without a version too',
    isRace: true,
    strategy,
    deeds: [
      ...two,
      { command: 'rollback' },
      { command: 'undo' },
      { seconds: 10 },
      { see: { serving: '2', phases: /^1 (Superseded|Succeeded), 2 Succeeded$/ } },
      { command: 'rollback' },
      { seconds: 20 },
      { see: { serving: '1', weights: '1:100', phases: '1 Succeeded, 2 Succeeded' } },
    ],
  },
  {
    name: 'a rollback that a person aborts can be given again, inside the window without gates',
    strategy,
    deeds: [
      ...two,
      { command: 'rollback', version: '1' },
      { command: 'abort' },
      { seconds: 10 },
      { see: { serving: '2', phases: '1 RolledBack, 2 Succeeded' } },
      { command: 'rollback', version: '1' },
      { seconds: 20 },
      { see: { serving: '1', weights: '1:100' } },
    ],
  },
  {
    name: 'a retry that was undone can be given again',
    strategy,
    deeds: [
      { deploy: 'b' },
      { seconds: 5 },
      { command: 'abort' },
      { seconds: 10 },
      { command: 'retry' },
      { command: 'undo' },
      { seconds: 10 },
      { see: { serving: '1', phases: '1 Succeeded, 2 Superseded' } },
      { command: 'retry' },
      { seconds: 5 },
      { command: 'promote' },
      { seconds: 20 },
      { see: { serving: '2', weights: '2:100', phases: '1 Succeeded, 2 Succeeded' } },
    ],
  },
];
