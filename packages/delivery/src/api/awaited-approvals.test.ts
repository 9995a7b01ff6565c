import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import { approvalName, awaitedApprovals, chooseApproval } from './awaited-approvals.ts';
import type { Hooks } from './hook.ts';
import type { GateResult, Release, ReleaseStatus } from './release.ts';

const sign = { name: 'sign-off', approval: {} };
const migrate = { name: 'migrate', webhook: { url: 'https://hooks.test/' } };

function release(hooks: Hooks, status: Partial<ReleaseStatus> = {}): Release {
  return {
    metadata: { name: 'shop-2', namespace: 'default' },
    spec: releaseSpec({ version: '2', identity: { template: 'h1:1', configuration: 'h1:1' }, hooks }),
    status: { phase: 'Progressing', ...status },
  };
}

function gate(name: string, more: Partial<GateResult> = {}): GateResult {
  return { name, attempt: 1, startedAt: '2026-01-01T00:00:00Z', during: 'beforePromotion', ...more };
}

const secondAttempt = { attempts: [{ number: 2, cause: 'retry', startedAt: '2026-01-01T00:00:00Z' }] };

describe('what somebody may agree to', () => {
  test.each<{ name: string; given: Release; awaited: readonly string[] }>([
    {
      name: 'is an approval, and no other hook',
      given: release({ beforePromotion: [migrate, sign] }),
      awaited: ['sign-off later'],
    },
    {
      name: 'is what the release waits for',
      given: release({ beforePromotion: [sign] }, { gates: [gate('sign-off')] }),
      awaited: ['sign-off'],
    },
    {
      name: 'is no more what has been given',
      given: release({ beforePromotion: [sign] }, { gates: [gate('sign-off', { outcome: 'passed' })] }),
      awaited: [],
    },
    {
      name: 'is no more what nobody gave in time',
      given: release({ beforePromotion: [sign] }, { gates: [gate('sign-off', { outcome: 'failed' })] }),
      awaited: [],
    },
    {
      name: 'is again, in another attempt, what nobody gave',
      given: release(
        { beforePromotion: [sign] },
        { ...secondAttempt, gates: [gate('sign-off', { outcome: 'failed' })] },
      ),
      awaited: ['sign-off later'],
    },
    {
      name: 'is not again what was given, unless for every attempt',
      given: release(
        { beforeRelease: [{ ...sign, name: 'once' }], beforePromotion: [{ ...sign, everyAttempt: true }] },
        { ...secondAttempt, gates: [gate('sign-off', { outcome: 'passed' }), gate('once', { outcome: 'passed' })] },
      ),
      awaited: ['sign-off later'],
    },
    {
      name: 'is nothing of a release that goes back',
      given: release({ beforePromotion: [sign] }, { phase: 'RollingBack' }),
      awaited: [],
    },
    {
      name: 'is nothing of a release that has ended',
      given: release({ beforePromotion: [sign] }, { phase: 'Succeeded' }),
      awaited: [],
    },
  ])('$name', ({ given, awaited }) => {
    const found = awaitedApprovals(given).map(({ hook, isWaiting }) => (isWaiting ? hook : `${hook} later`));
    expect(found).toEqual(awaited);
  });

  const two = { beforeRelease: [{ ...sign, name: 'first' }], beforePromotion: [sign] };

  test.each<{ name: string; given: Release; gate?: string; chosen: string }>([
    { name: 'needs no name where one waits', given: release(two, { gates: [gate('first')] }), chosen: 'first' },
    {
      name: 'needs a name where several would be given in advance',
      given: release(two),
      chosen: 'release shop-2 asks for several approvals (first, sign-off): say which with --gate',
    },
    { name: 'is what is named, in advance too', given: release(two), gate: 'sign-off', chosen: 'sign-off' },
    {
      name: 'is nothing that is not awaited',
      given: release(two),
      gate: 'other',
      chosen: 'release shop-2 waits for no approval named other, but for first, sign-off',
    },
    { name: 'is nothing where nothing is awaited', given: release({}), chosen: 'release shop-2 waits for no approval' },
  ])('$name', ({ given, gate: named, chosen }) => {
    const choice = chooseApproval(given, named);
    expect('fault' in choice ? choice.fault : choice.approval.hook).toBe(chosen);
  });

  test('has one name an attempt', () => {
    expect(approvalName('shop-2', { hook: 'sign-off', attempt: 1, isWaiting: true })).toBe('shop-2-sign-off-1');
  });
});
