import { expect, test } from 'vitest';
import { describeChanged, nameChanged } from './changed-words.ts';

test.each([
  { changed: ['ConfigMap/settings'], words: 'It runs with what this holds now, which is not what it held then:' },
  {
    changed: ['ConfigMap/settings', 'Secret/key'],
    words: 'It runs with what these hold now, which is not what they held then:',
  },
])('who has released one again is told what is not as it was: $changed', ({ changed, words }) => {
  expect(describeChanged(changed)).toBe(words);
});

test('each is named by its kind and its name', () => {
  expect(nameChanged('ConfigMap/settings')).toBe('ConfigMap settings');
});
