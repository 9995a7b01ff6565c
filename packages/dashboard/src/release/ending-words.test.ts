import { expect, test } from 'vitest';
import { describeEnding } from './ending-words.ts';

test.each([
  { phase: 'Succeeded', words: 'It had succeeded, and served.' },
  { phase: 'Superseded', words: 'It was superseded by another one, perhaps before it took any traffic.' },
  { phase: 'RolledBack', reason: 'errors were 8 %', words: 'It had been rolled back: errors were 8 %' },
  { phase: 'Failed', reason: undefined, words: 'It had failed.' },
  { phase: 'Progressing', words: 'It was deleted before it had ended.' },
])('who releases one again that was $phase is told so', ({ words, ...release }) => {
  expect(describeEnding(release)).toBe(words);
});
