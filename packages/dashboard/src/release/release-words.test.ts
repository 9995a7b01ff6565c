import { expect, it } from 'vitest';
import { describeRelease } from './release-words.ts';

it.each([
  {
    name: 'what it waits for',
    given: { phase: 'Paused', status: { phase: 'Paused', waitingFor: 'a person' } },
    text: 'Waits for a person',
  },
  { name: 'that it goes on', given: { phase: 'Progressing' }, text: 'It goes on.' },
  { name: 'why it failed', given: { phase: 'RolledBack', reason: 'aborted' }, text: 'aborted' },
  {
    name: 'nothing that was waited for before',
    given: { phase: 'Succeeded', status: { phase: 'Succeeded', waitingFor: 'a pod' } },
    text: 'It has succeeded.',
  },
] as const)('tells $name', ({ given, text }) => {
  expect(describeRelease(given).text).toBe(text);
});
