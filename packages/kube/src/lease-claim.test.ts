import { describe, expect, test } from 'vitest';
import type { LeaseSpec } from './api.generated.ts';
import {
  calculateRemaining,
  calculateRetry,
  decideClaim,
  electionDurations,
  releasedSpec,
  sight,
} from './lease-claim.ts';

const durations = electionDurations();
const now = { wall: Date.UTC(2026, 0, 1), monotonic: 100_000 };
const time = '2026-01-01T00:00:00.000000Z';

function seen(spec: LeaseSpec | undefined, since = 0) {
  return sight(
    undefined,
    spec === undefined ? undefined : { metadata: { name: 'x', resourceVersion: '1' }, spec },
    since,
  );
}

test('durations are in the proportion of those of Kubernetes', () => {
  expect(electionDurations()).toEqual({
    leaseMilliseconds: 15_000,
    renewDeadlineMilliseconds: 10_000,
    retryMilliseconds: 2_000,
  });
  expect(electionDurations(3)).toEqual({
    leaseMilliseconds: 3_000,
    renewDeadlineMilliseconds: 2_000,
    retryMilliseconds: 400,
  });
});

test('a retry is stretched by up to 1.2 of itself', () => {
  expect(calculateRetry(durations, 0)).toBe(2_000);
  expect(calculateRetry(durations, 1)).toBe(4_400);
});

describe('a sighting', () => {
  const lease = (resourceVersion: string) => ({ metadata: { resourceVersion }, spec: { holderIdentity: 'a' } });

  test('counts from when the lease was first seen like that', () => {
    const first = sight(undefined, lease('1'), 10);
    expect(sight(first, lease('1'), 20).since).toBe(10);
    expect(sight(first, lease('2'), 20).since).toBe(20);
  });

  test('of a deletion remembers whose lease it was', () => {
    const gone = sight(sight(undefined, lease('1'), 10), undefined, 20);
    expect(gone).toEqual({ lease: undefined, since: 20, holder: 'a' });
    expect(sight(gone, undefined, 30)).toEqual(gone);
  });
});

describe('a claim', () => {
  const claimant = { identity: 'me', durations, isLeading: false };

  test.each([
    { name: 'no lease at all', spec: undefined, transitions: 0 },
    {
      name: 'a lease that was released',
      spec: releasedSpec({ holderIdentity: 'a', leaseTransitions: 4 }, 0),
      transitions: 5,
    },
    { name: 'a lease without a record', spec: {}, transitions: 1 },
    { name: 'a lease that ran out', spec: { holderIdentity: 'a', leaseTransitions: 1 }, transitions: 2 },
  ])('is made to $name', ({ spec, transitions }) => {
    expect(decideClaim(seen(spec), claimant, now)).toMatchObject({
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: transitions,
    });
  });

  test('to our own record keeps when and how often it changed hands', () => {
    const own = { holderIdentity: 'me', acquireTime: '2025-12-31T00:00:00.000000Z', leaseTransitions: 3 };
    expect(decideClaim(seen(own, now.monotonic), claimant, now)).toMatchObject({ ...own, renewTime: time });
  });

  test.each([
    { name: 'a lease that another holds', spec: { holderIdentity: 'a' }, since: 86_000, isLeading: false },
    {
      name: "a lease with the holder's longer time",
      spec: { holderIdentity: 'a', leaseDurationSeconds: 101 },
      since: 0,
      isLeading: false,
    },
    { name: 'a lease that a leader has lost', spec: { holderIdentity: 'a' }, since: 0, isLeading: true },
    { name: 'a lease that was taken from a leader', spec: { holderIdentity: '' }, since: 0, isLeading: true },
  ])('is not made to $name', ({ spec, since, isLeading }) => {
    expect(decideClaim(seen(spec, since), { ...claimant, isLeading }, now)).toBeUndefined();
  });
});

test('a leadership has left what the clock that went further says', () => {
  const since = { wall: 1_000, monotonic: 1_000 };
  expect(calculateRemaining(since, durations, { wall: 2_000, monotonic: 5_000 })).toBe(6_000);
  expect(calculateRemaining(since, durations, { wall: 90_000, monotonic: 5_000 })).toBe(-79_000);
  expect(calculateRemaining(since, durations, { wall: -90_000, monotonic: 5_000 })).toBe(6_000);
});
