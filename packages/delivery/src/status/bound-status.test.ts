import { expect, test } from 'vitest';
import type { CheckState } from '../api/check.ts';
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
