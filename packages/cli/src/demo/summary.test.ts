import type { Release, ReleaseStatus } from '@slipway/delivery/api/release';
import { describe, expect, it } from 'vitest';
import type { LoadReport } from '../load/protocol.ts';
import { demoApplication } from './application.ts';
import { isAsPromised, summarize } from './summary.ts';
import { validateApplication } from '@slipway/delivery/validate-application';

const load: LoadReport = {
  sent: 10,
  succeeded: 10,
  failed: 0,
  byVersion: { v1: 10 },
  lastSent: {},
  p50: 1,
  p99: 2,
  failures: [],
  commands: 0,
  isFinal: true,
};

function release(version: string, status: ReleaseStatus): Release {
  const identity = { template: 'h1:0', configuration: 'h1:0' };
  const spec = {
    application: 'statics',
    applicationUid: 'u',
    version,
    identity,
    template: {},
    strategy: { type: 'blueGreen' },
    guardSeconds: 0,
    progressDeadlineSeconds: 1,
    drainSeconds: 1,
    keepFailedSeconds: 1,
  };
  return { metadata: { name: version }, spec, status };
}

const refused = release('v3', {
  phase: 'RolledBack',
  ending: { phase: 'RolledBack', by: 'health', reason: 'pod v3-a answered 503' },
});
const live = release('v2', { phase: 'Succeeded' });

describe('the demo', () => {
  it('asks for a valid Application', () => {
    expect(validateApplication(demoApplication('v1', 'default'))).toEqual([]);
  });

  it.each([
    {
      name: 'is as promised when nothing failed and the broken version was refused',
      result: { releases: [live, refused], load, broken: 'v3' },
      expected: true,
    },
    {
      name: 'is not when a request failed',
      result: { releases: [refused], load: { ...load, failed: 1 }, broken: 'v3' },
      expected: false,
    },
    {
      name: 'is not when the broken version was released',
      result: { releases: [release('v3', { phase: 'Succeeded' })], load, broken: 'v3' },
      expected: false,
    },
    {
      name: 'is not when the broken version went for another reason than its health',
      result: { releases: [live, release('v3', { phase: 'RolledBack' })], load, broken: 'v3' },
      expected: false,
    },
    {
      name: 'is not when the version before was not released',
      result: { releases: [release('v2', { phase: 'RolledBack' }), refused], load, broken: 'v3' },
      expected: false,
    },
    {
      name: 'is not when nothing was sent',
      result: { releases: [refused], load: { ...load, sent: 0 }, broken: 'v3' },
      expected: false,
    },
  ])('$name', ({ result, expected }) => {
    expect(isAsPromised(result)).toBe(expected);
  });

  it('shows how long traffic took to move', () => {
    const moved = release('v2', {
      phase: 'Succeeded',
      startedAt: '2026-01-01T00:00:00.000000Z',
      healthyAt: '2026-01-01T00:00:01.000000Z',
      trafficMovedAt: '2026-01-01T00:00:01.142000Z',
      finishedAt: '2026-01-01T00:00:04.000000Z',
    });
    expect(summarize({ releases: [moved], load, broken: 'v3' }).join('\n')).toMatch(
      /v2 .*Succeeded .*4\.000 s .*0\.142 s/,
    );
  });
});
