import { expect, test } from 'vitest';
import { finalizerPatch, hasFinalizer } from './finalizers.ts';

const finalizer = 'example.com/ours';

test.each([
  {
    name: 'is added beside others',
    before: ['example.com/theirs'],
    present: true,
    after: ['example.com/theirs', finalizer],
  },
  { name: 'is there once', before: [finalizer], present: true, after: [finalizer] },
  {
    name: 'goes, and others stay',
    before: [finalizer, 'example.com/theirs'],
    present: false,
    after: ['example.com/theirs'],
  },
  { name: 'goes, and leaves no empty list', before: [finalizer], present: false, after: null },
  { name: 'is added where there was none', before: undefined, present: true, after: [finalizer] },
])('a finalizer $name', ({ before, present, after }) => {
  const metadata = { uid: 'u', resourceVersion: '7', ...(before === undefined ? {} : { finalizers: before }) };
  expect(finalizerPatch({ metadata }, { finalizer, present })).toEqual({
    type: 'merge',
    body: { metadata: { uid: 'u', resourceVersion: '7', finalizers: after } },
  });
  expect(hasFinalizer({ metadata }, finalizer)).toBe(before?.includes(finalizer) ?? false);
});
