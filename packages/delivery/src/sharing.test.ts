import { expect, test } from 'vitest';
import { calculateReturn } from './sharing.ts';

test.each([
  { name: 'nobody', ready: 0, needed: 3, others: 3, share: 0 },
  { name: 'a pod its part of the whole', ready: 1, needed: 3, others: 3, share: 33 },
  { name: 'two pods theirs', ready: 2, needed: 3, others: 3, share: 67 },
  { name: 'as many as are needed all of it', ready: 3, needed: 3, others: 3, share: 100 },
  { name: 'more than that no more', ready: 4, needed: 3, others: 3, share: 100 },
  { name: 'no less than the pods of a candidate that has lost some', ready: 2, needed: 4, others: 1, share: 67 },
  { name: 'all where nobody else is ready', ready: 1, needed: 4, others: 0, share: 100 },
])('going back gives $name', ({ ready, needed, others, share }) => {
  expect(calculateReturn(ready, needed, others)).toBe(share);
});
