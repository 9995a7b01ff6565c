import { expect, test } from 'vitest';
import { findAwaited } from './awaited.ts';

test.each([
  [undefined, []],
  ['2 of 3 pods to be ready', []],
  ['somebody to approve sign-off (a ReleaseApproval of release shop-2)', ['sign-off']],
  ['somebody to approve one (a ReleaseApproval of release a); somebody to approve two', ['one', 'two']],
])('"%s" waits for %o', (waitingFor, hooks) => {
  expect(findAwaited(waitingFor)).toEqual(hooks);
});
