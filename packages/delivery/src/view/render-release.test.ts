import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import type { Release, ReleaseStatus } from '../api/release.ts';
import { renderRelease, summarizeRelease } from './render-release.ts';

function releaseWith(status: ReleaseStatus | undefined): Release {
  return {
    metadata: { name: 'shop-2' },
    spec: releaseSpec({ version: '2', identity: { template: 't', configuration: 'c' }, drainSeconds: 1 }),
    status,
  };
}

describe('a release in words', () => {
  test('has not begun without a status', () => {
    expect(renderRelease(releaseWith(undefined))).toEqual(['shop 2: Pending', 'pods: 0 of 0 ready, 0 serving']);
  });

  test('names what it waits for and how traffic is divided', () => {
    const lines = renderRelease(
      releaseWith({
        phase: 'Promoting',
        waitingFor: 'every gateway to confirm',
        replicas: { desired: 3, ready: 3, serving: 1 },
        split: { weights: { 'shop-1': 0, 'shop-2': 100 }, confirmed: false },
      }),
    );
    expect(lines).toEqual([
      'shop 2: Promoting',
      'pods: 3 of 3 ready, 1 serving',
      'split: shop-1 0 %, shop-2 100 %',
      'waiting for: every gateway to confirm',
    ]);
  });

  test('measures from healthy to moved', () => {
    const summary = summarizeRelease(
      releaseWith({
        phase: 'Guarding',
        healthyAt: '2026-01-01T00:00:01.000000Z',
        trafficMovedAt: '2026-01-01T00:00:01.120000Z',
      }),
    );
    expect(summary.moving).toBe(120);
  });
});
