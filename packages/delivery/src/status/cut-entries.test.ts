import { events, pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { releaseSpec } from '../../testing/records.ts';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { HealthAnswer } from '../api/release.ts';
import type { CheckState, Measurement } from '../api/check.ts';
import { planCutAnswers, planCutEntries } from './cut-entries.ts';

function answer(pod: string, more: Partial<HealthAnswer> = {}): HealthAnswer {
  return { pod, uid: pod, outcome: 'passed', answer: '', at: '2026-01-01T00:00:00Z', ...more };
}

describe('answers beyond those in the status', () => {
  test('are told in as few Events as they fit into', () => {
    const answers = Array.from({ length: 40 }, (_, index) => answer(`shop-2-${index}`));
    const told = planCutAnswers('shop-2', answers);
    expect(told).toHaveLength(3);
    expect(told[0]?.message).toMatch(/^no longer in the status: health of pod shop-2-0 passed at /);
    expect(told.every(({ message }) => message.length <= 1_000)).toBe(true);
    expect(told.map(({ message }) => message).join()).toContain('health of pod shop-2-39');
  });

  test('are nothing to tell where there are none', () => {
    expect(planCutAnswers('shop-2', [])).toEqual([]);
  });

  test('are cut where one is longer than an Event', () => {
    expect(planCutAnswers('shop-2', [answer('x'.repeat(2_000))])[0]?.message).toHaveLength(1_000);
  });
});

function measurement(number: number, more: Partial<Measurement> = {}): Measurement {
  const at = '2026-01-01T00:00:00Z';
  return { number, outcome: 'passed', value: '0.01', startedAt: at, finishedAt: at, ...more };
}

function run(...measurements: readonly Measurement[]): CheckState {
  return {
    name: 'errors',
    during: 'guard',
    attempt: 1,
    startedAt: '2026-01-01T00:00:00Z',
    patienceSeconds: 600,
    fruitlessSeconds: 0,
    totals: { passed: 3, failed: 1, inconclusive: 0, noData: 0, error: 0 },
    measurements,
  };
}

test('measurements beyond those in the status are told with what was found', () => {
  const failed = measurement(1, { outcome: 'failed', value: '0.2', reason: 'value 0.2: not value < 0.05' });
  const application = { metadata: { name: 'shop' }, spec: {} };
  const spec = releaseSpec({
    applicationUid: '1',
    version: '2',
    identity: { template: '', configuration: '' },
    strategy: { type: 'rolling' },
    guardSeconds: 300,
    drainSeconds: 30,
    keepFailedSeconds: 30,
  });
  const before = { phase: 'Guarding' as const, checks: [run(failed, measurement(2), measurement(3))] };
  const next = { ...before, checks: [run(measurement(3), measurement(4))] };
  const releases = [{ metadata: { name: 'shop-2' }, spec, status: before }];
  expect(
    planCutEntries({ application, releases }, { application: {}, releases: new Map([['shop-2', next]]) }),
  ).toMatchObject([
    {
      release: 'shop-2',
      message:
        'no longer in the status: measurement 1 of check errors at 2026-01-01T00:00:00Z: failed with 0.2, value 0.2: not value < 0.05; measurement 2 of check errors at 2026-01-01T00:00:00Z: passed with 0.01',
    },
  ]);
});

describe('what a status has no room for', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
  });
  afterEach(() => cluster.stop());

  async function cutMessages(): Promise<readonly string[]> {
    const { items } = await cluster.client.list(events, { namespace: 'default' });
    return items
      .filter(({ reason, involvedObject }) => reason === 'StatusCut' && involvedObject.kind === 'Release')
      .map(({ message }) => message ?? '');
  }

  test('is to be found in Events: the first attempts of a version that is tried again and again', async () => {
    const spec = {
      service: { ports: [{ port: 80 }] },
      healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 2 },
      strategy: { type: 'blueGreen' },
      keepFailedSeconds: 0,
      drainSeconds: 0,
    } as const;
    await cluster.deploy({ ...spec, template: { spec: { containers: [{ name: 'web', image: 'broken' }] } } });
    await cluster.advance(5_000);
    for (let count = 0; count < 10; count += 1) {
      await cluster.command('retry');
      await cluster.advance(10_000);
    }
    const { status } = await cluster.release('1');
    expect(status?.attempts?.map(({ number }) => number)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(await cutMessages()).toEqual([
      expect.stringMatching(/^no longer in the status: attempt 1, deploy at .*: Failed at /),
    ]);
    expect((await cluster.client.list(pods, { namespace: 'default' })).items).toHaveLength(1);
  });
});
