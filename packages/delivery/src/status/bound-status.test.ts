import { expect, test } from 'vitest';
import type { CheckState } from '../api/check.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { withinBounds } from './bound-status.ts';

test('a status with many runs of checks keeps what decides, and fits', () => {
  const startedAt = '2026-01-01T00:00:00.000000Z';
  const reason = 'x'.repeat(300);
  const measurements = Array.from({ length: 20 }, (_, index) => ({
    number: index + 1,
    outcome: 'error' as const,
    startedAt,
    finishedAt: startedAt,
    reason,
  }));
  const readings = Array.from({ length: 64 }, (_, index) => ({
    instance: `slipway-gateway-${index}-abcdef`,
    version: '1.4.0',
    requests: 1_000_000,
    errors: 1_000,
  }));
  const totals = { passed: 0, failed: 0, inconclusive: 0, noData: 0, error: 20 };
  const checks = Array.from({ length: 64 }, (_, index): CheckState => ({
    name: `check-${index}`,
    during: 'release',
    attempt: 1,
    startedAt,
    patienceSeconds: 600,
    fruitlessSeconds: 10,
    totals,
    measurements,
    query: 'q'.repeat(1_024),
    baselineQuery: 'q'.repeat(1_024),
    window: { since: startedAt, readings },
  }));
  const bounded = withinBounds({ phase: 'Progressing', checks });
  expect(Buffer.byteLength(JSON.stringify(bounded))).toBeLessThanOrEqual(64 * 1_024);
  expect(bounded.checks?.at(-1)).toMatchObject({ name: 'check-63', totals, measurements: [{ number: 20 }] });
  const small = { phase: 'Progressing' as const, checks: checks.slice(0, 1) };
  expect(withinBounds(small)).toBe(small);
});

test('a status with many hooks keeps how each has ended, and fits', () => {
  const at = '2026-01-01T00:00:00.000000Z';
  const text = 'x'.repeat(1_024);
  const gates = Array.from({ length: 32 }, (_, index) => ({
    name: `hook-${index}`,
    during: 'beforeRelease' as const,
    attempt: 1,
    startedAt: at,
    endedAt: at,
    outcome: 'failed' as const,
    message: text,
    call: { number: 4, outcome: 'failed' as const, code: 500, answer: text, at },
  }));
  const bounded = withinBounds({ phase: 'Guarding', gates });
  expect(Buffer.byteLength(JSON.stringify(bounded))).toBeLessThanOrEqual(64 * 1_024);
  expect(bounded.gates?.map(({ outcome }) => outcome)).toEqual(gates.map(({ outcome }) => outcome));
});

const at = '2026-01-01T00:00:00.000000Z';
const long = 'x'.repeat(1_024);

function many<T>(count: number, one: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => one(index));
}

/** As much of everything as there can be of it alone. */
const most: ReleaseStatus = {
  phase: 'RollingBack',
  waitingFor: long,
  ending: { phase: 'RolledBack', by: 'hook', reason: long },
  transitions: many(200, () => ({ phase: 'Progressing', at, reason: long })),
  attempts: many(10, (index) => ({ number: index, cause: 'retry', by: 'x'.repeat(253), startedAt: at })),
  commands: many(20, (index) => ({
    name: `c-${index}`.padEnd(253, 'x'),
    verb: 'abort',
    requestedBy: 'x'.repeat(253),
    at,
    outcome: 'accepted',
    message: long,
  })),
  health: many(50, (index) => ({ pod: `p-${index}`, uid: `u-${index}`, outcome: 'failed', answer: long, at })),
  gates: many(33, (index) => ({
    name: `hook-${index}`.padEnd(40, 'x'),
    attempt: 1,
    startedAt: at,
    endedAt: at,
    outcome: 'failed',
    message: long,
    key: 'x'.repeat(63),
    // A hook is one of several kinds.
    ...(index % 2 === 0
      ? { approval: 'x'.repeat(253) }
      : { call: { number: 4, outcome: 'failed', code: 500, answer: long, at } }),
  })),
  checks: many(64, (index) => ({
    name: `check-${index}`.padEnd(63, 'x'),
    during: 'release',
    step: long.slice(0, 200),
    attempt: 1,
    startedAt: at,
    outcome: 'error',
    message: long.slice(0, 300),
    patienceSeconds: 600,
    fruitlessSeconds: 10,
    totals: { passed: 0, failed: 0, inconclusive: 0, noData: 0, error: 20 },
    measurements: many(20, (number) => ({
      number: number + 1,
      outcome: 'error',
      startedAt: at,
      finishedAt: at,
      reason: long.slice(0, 300),
    })),
    query: long,
    baselineQuery: long,
    window: {
      since: at,
      readings: many(64, () => ({
        instance: long.slice(0, 60),
        version: '1',
        requests: 1e9,
        errors: 1e9,
        durations: many(16, () => 1_000_000),
      })),
    },
  })),
  images: many(20, (index) => ({ container: `c-${index}`, imageIDs: many(5, () => long.slice(0, 200)) })),
  imageFaults: Object.fromEntries(many(20, (index) => [`image-${index}`, long.slice(0, 400)])),
  trafficAtStart: many(500, (index) => ({ instance: `gateway-${index}`.padEnd(60, 'x'), requests: 1e9, errors: 1e9 })),
};

/** Few entries of everything, with the longest texts. */
const few: ReleaseStatus = {
  ...most,
  transitions: most.transitions?.slice(0, 10),
  commands: most.commands?.slice(0, 9),
  health: most.health?.slice(0, 9),
  gates: most.gates?.slice(0, 5),
  checks: most.checks?.slice(0, 1),
  images: most.images?.slice(0, 3),
};

test.each<[what: string, status: ReleaseStatus]>([
  ['everything', most],
  ['few of everything', few],
  ...Object.entries(most)
    .filter(([field]) => field !== 'phase')
    .map(([field, value]): [string, ReleaseStatus] => [`${field} alone`, { phase: 'Guarding', [field]: value }]),
])('a status with the most of %s fits', (_, status) => {
  const bounded = withinBounds(status);
  expect(Buffer.byteLength(JSON.stringify(bounded))).toBeLessThanOrEqual(64 * 1_024);
  expect(bounded.gates?.map(({ outcome }) => outcome)).toEqual(status.gates?.map(({ outcome }) => outcome));
  expect(bounded.ending).toEqual(status.ending);
  expect(bounded.attempts).toEqual(status.attempts);
});
