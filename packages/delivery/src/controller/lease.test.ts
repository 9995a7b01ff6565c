import type { Lease } from '@slipway/kube/api.generated';
import { sight } from '@slipway/kube/lease-claim';
import { expect, test } from 'vitest';
import { isLeaseLive } from './lease.ts';

function lease(resourceVersion: string, renewTime: string): Lease {
  return { metadata: { name: 'gateway', resourceVersion }, spec: { leaseDurationSeconds: 15, renewTime } };
}

test.each([
  { name: 'lives when it is seen first, whatever its time says', renewTime: '1999-01-01T00:00:00.000000Z', at: 0 },
  { name: 'lives until its duration has passed', renewTime: '2026-01-01T00:00:00.000000Z', at: 14_999 },
])('a gateway $name', ({ renewTime, at }) => {
  expect(isLeaseLive(sight(undefined, lease('1', renewTime), 0), at)).toBe(true);
});

test('a gateway that renews lives on, though its clock stands still', () => {
  const first = sight(undefined, lease('1', '1999-01-01T00:00:00.000000Z'), 0);
  const renewed = sight(first, lease('2', '1999-01-01T00:00:00.000000Z'), 10_000);
  expect(isLeaseLive(renewed, 24_999)).toBe(true);
});

test('a gateway whose Lease looks the same for its duration is dead, though it claims a time to come', () => {
  const first = sight(undefined, lease('1', '2999-01-01T00:00:00.000000Z'), 0);
  expect(isLeaseLive(sight(first, lease('1', '2999-01-01T00:00:00.000000Z'), 14_000), 15_000)).toBe(false);
});
