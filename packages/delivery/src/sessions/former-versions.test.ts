import { expect, test } from 'vitest';
import { calculateFormerSize } from './former-versions.ts';

test.each([
  { name: 'has the pods of its share, rounded up', replicas: 4, size: 4, share: 0.3, expected: 2 },
  { name: 'has one pod at least', replicas: 4, size: 4, share: 0, expected: 1 },
  { name: 'grows at once', replicas: 4, size: 1, share: 0.26, expected: 2 },
  { name: 'does not shrink for a share that may grow again', replicas: 4, size: 2, share: 0.24, expected: 2 },
  { name: 'shrinks when a fifth more would need fewer too', replicas: 4, size: 2, share: 0.2, expected: 1 },
  { name: 'is no larger than the newest version', replicas: 2, size: 4, share: 1, expected: 2 },
  { name: 'keeps its size while nobody knows', replicas: 4, size: 3, share: undefined, expected: 3 },
  { name: 'has a pod while nobody knows', replicas: 4, size: 0, share: undefined, expected: 1 },
  { name: 'has none where nobody is to be served', replicas: 0, size: 3, share: 0.5, expected: 0 },
])('a former version $name', ({ expected, ...given }) => {
  expect(calculateFormerSize(given)).toBe(expected);
});
