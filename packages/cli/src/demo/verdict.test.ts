import type { HealthAnswer, Release, ReleaseStatus } from '@slipway/delivery/api/release';
import { describe, expect, it } from 'vitest';
import { demoRelease, servedLoad } from '../../testing/demo-result.ts';
import { findBrokenPromises, type DemoResult } from './verdict.ts';

const answer: HealthAnswer = {
  pod: 'statics-v3-1',
  uid: 'u1',
  outcome: 'failed',
  code: 503,
  answer: '{"healthy":false}',
  at: '2026-01-01T00:00:00.000000Z',
};
const reason = 'health check /health not passed within 3 s: pod statics-v3-1 answered 503: {"healthy":false}';
const byHealth = { phase: 'RolledBack', by: 'health', reason } as const;

function refused(status: Partial<ReleaseStatus> = {}): Release {
  return demoRelease('v3', { phase: 'RolledBack', ending: byHealth, health: [answer], ...status });
}

const first = demoRelease('v1', { phase: 'Succeeded' });
const upgrade = demoRelease('v2', { phase: 'Succeeded' });

/** A demo that went well, but for what is given. */
function result(change: Partial<DemoResult> = {}): DemoResult {
  const cast = { first: 'v1', upgrade: 'v2', broken: 'v3' };
  return { releases: [first, upgrade, refused()], load: servedLoad, cast, ...change };
}

function load(change: Partial<typeof servedLoad>): DemoResult {
  return result({ load: { ...servedLoad, ...change } });
}

function third(status: Partial<ReleaseStatus>): DemoResult {
  return result({ releases: [first, upgrade, refused(status)] });
}

describe('the verdict of the demo', () => {
  it('finds nothing when no request failed, v2 served, and v3 was refused for what a pod said of its health', () => {
    expect(findBrokenPromises(result())).toEqual([]);
  });

  it.each([
    {
      name: 'a request that failed',
      found: load({ succeeded: 9, failed: 1 }),
      broken: ['1 of 10 requests failed'],
    },
    {
      name: 'that nothing was sent',
      found: load({ sent: 0, succeeded: 0, byVersion: {} }),
      broken: ['no request was sent', 'no request was answered by v2'],
    },
    {
      name: 'requests that nobody knows the outcome of',
      found: load({ succeeded: 8 }),
      broken: ['2 of 10 requests have no outcome'],
    },
    {
      name: 'a load that never made its last report',
      found: load({ isFinal: false }),
      broken: ['the load ended without its last report'],
    },
    {
      name: 'that no request was answered by v2',
      found: load({ byVersion: { v1: 10 } }),
      broken: ['no request was answered by v2'],
    },
    {
      name: 'that requests were answered by v3',
      found: load({ byVersion: { v1: 5, v2: 4, v3: 1 } }),
      broken: ['1 of 10 requests were answered by v3'],
    },
    {
      name: 'that v1 was never released',
      found: result({ releases: [upgrade, refused()] }),
      broken: ['the release of v1 is missing and not Succeeded'],
    },
    {
      name: 'that v2 was rolled back',
      found: result({ releases: [first, demoRelease('v2', { phase: 'RolledBack' }), refused()] }),
      broken: ['the release of v2 is RolledBack and not Succeeded'],
    },
    {
      name: 'that v2 is still under way',
      found: result({ releases: [first, demoRelease('v2', { phase: 'Guarding' }), refused()] }),
      broken: ['the release of v2 is Guarding and not Succeeded'],
    },
    {
      name: 'that v3 was released',
      found: third({ phase: 'Succeeded', ending: undefined }),
      broken: ['the release of v3 is Succeeded and not RolledBack'],
    },
    {
      name: 'that v3 is still under way',
      found: third({ phase: 'Progressing', ending: undefined }),
      broken: ['the release of v3 is Progressing and not RolledBack'],
    },
    {
      name: 'that there is no v3',
      found: result({ releases: [first, upgrade] }),
      broken: ['the release of v3 is missing and not RolledBack'],
    },
    {
      name: 'that v3 failed for another reason',
      found: third({ ending: { phase: 'RolledBack', by: 'deadline', reason: 'no pod became ready' }, health: [] }),
      broken: [
        'v3 was rolled back by deadline and not by its health: no pod became ready',
        'v3 was rolled back without naming a pod that said that it is not healthy: no pod became ready',
      ],
    },
    {
      name: 'that v3 went for no reason',
      found: third({ ending: undefined }),
      broken: [
        'v3 was rolled back by nobody and not by its health: no reason was recorded',
        'v3 was rolled back without naming a pod that said that it is not healthy: no reason was recorded',
      ],
    },
    {
      name: 'that the pods of v3 could not be asked',
      found: third({ health: [{ ...answer, outcome: 'error', code: undefined, answer: 'connection refused' }] }),
      broken: [`v3 was rolled back without naming a pod that said that it is not healthy: ${reason}`],
    },
    {
      name: 'that the pods of v3 answered something else',
      found: third({ health: [{ ...answer, code: 404, answer: 'not found' }] }),
      broken: [`v3 was rolled back without naming a pod that said that it is not healthy: ${reason}`],
    },
    {
      name: 'that the reason names another pod than the one that answered',
      found: third({ health: [{ ...answer, pod: 'statics-v3-12' }] }),
      broken: [`v3 was rolled back without naming a pod that said that it is not healthy: ${reason}`],
    },
    {
      name: 'that v3 was given traffic',
      found: third({ firstTrafficAt: '2026-01-01T00:00:05.000000Z' }),
      broken: ['v3 was given traffic at 2026-01-01T00:00:05.000000Z'],
    },
  ])('finds $name', ({ found, broken }) => {
    expect(findBrokenPromises(found)).toEqual(broken);
  });
});
