import { expect, test } from 'vitest';
import type { Application } from '../api/application.ts';
import { hasBegun } from './has-begun.ts';

const rows: readonly { name: string; status: Application['status']; begun: boolean }[] = [
  { name: 'what was never looked at has not begun', status: undefined, begun: false },
  { name: 'what asks for something new has not begun', status: { observedGeneration: 1 }, begun: false },
  { name: 'what is released has begun', status: { observedGeneration: 2, candidate: 'shop-v2' }, begun: true },
  {
    name: 'what asks for something new in the middle of a release goes on',
    status: { observedGeneration: 1, candidate: 'shop-v1' },
    begun: true,
  },
  {
    name: 'what is in need of nothing but care is not held up by beginners',
    status: { observedGeneration: 2 },
    begun: true,
  },
];

test.each(rows)('$name', ({ status, begun }) => {
  expect(hasBegun({ metadata: { name: 'shop', namespace: 'default', generation: 2 }, status })).toBe(begun);
});

test('what is being deleted goes on', () => {
  const metadata = { name: 'shop', namespace: 'default', generation: 2, deletionTimestamp: '2026-01-01T00:00:00Z' };
  expect(hasBegun({ metadata, status: { observedGeneration: 1 } })).toBe(true);
});

test('what is gone holds nobody up', () => {
  expect(hasBegun(undefined)).toBe(true);
});
