import type { Pod } from '@slipway/kube/api.generated';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { HealthAnswer } from '../api/release.ts';
import { describePassed, judgeHealth, type HealthVerdict } from './health.ts';

const pod: Pod = { metadata: { name: 'shop-2-x', uid: 'x' } };

function judge(now: number, answer?: Pick<HealthAnswer, 'outcome'> & { readonly at: number }): HealthVerdict {
  const said = answer && { ...answer, pod: 'shop-2-x', uid: 'x', answer: '', at: new Date(answer.at).toISOString() };
  const answers = new Map(said === undefined ? [] : [['x', said]]);
  return judgeHealth({ check: { timeoutSeconds: 10 }, pods: [pod], answers, since: 0, now });
}

describe('the health gate', () => {
  test.each([
    { name: 'asks who has not answered', now: 0, answer: undefined },
    { name: 'asks again after half a second', now: 5_500, answer: { outcome: 'failed', at: 5_000 } },
    { name: 'asks again where the clock was set back', now: 1_000, answer: { outcome: 'failed', at: 5_000 } },
    { name: 'asks for a last word when time has run out', now: 10_000, answer: { outcome: 'failed', at: 9_900 } },
    { name: 'asks where the clock was set forward', now: 3_600_000, answer: { outcome: 'error', at: 1_000 } },
  ] as const)('$name', ({ now, answer }) => {
    expect(judge(now, answer)).toMatchObject({ outcome: 'waiting', ask: ['shop-2-x'] });
  });

  test('leaves a pod that has just answered alone', () => {
    expect(judge(5_200, { outcome: 'failed', at: 5_000 })).toMatchObject({ outcome: 'waiting', ask: [] });
  });

  test.each([
    { name: 'fails by the last word', answer: { outcome: 'failed', at: 10_100 }, outcome: 'failed' },
    { name: 'ends in error where nobody could be asked', answer: { outcome: 'error', at: 10_100 }, outcome: 'error' },
    { name: 'passes by the last word', answer: { outcome: 'passed', at: 10_100 }, outcome: 'passed' },
  ] as const)('$name', ({ answer, outcome }) => {
    expect(judge(10_200, answer).outcome).toBe(outcome);
  });
});

test('that it has passed is told as what it was', () => {
  const answer = { pod: 'shop-2-x', uid: 'x', at: '2026-01-01T00:00:00Z', answer: '' };
  expect(describePassed(undefined, [])).toBe('the pods are ready, and spec.healthCheck asks nothing more');
  expect(describePassed({ ignore: true }, [{ ...answer, outcome: 'failed' }])).toContain('not every pod answered');
  expect(describePassed({}, [{ ...answer, outcome: 'passed' }])).toBe('every pod answered that it is healthy');
});

test('what a pod said of itself names the reason, and not that another one could not be asked', () => {
  const said = { at: new Date(10_100).toISOString() };
  const silent: HealthAnswer = { ...said, pod: 'shop-2-a', uid: 'a', outcome: 'error', answer: 'connection refused' };
  const sick: HealthAnswer = {
    ...said,
    pod: 'shop-2-b',
    uid: 'b',
    outcome: 'failed',
    code: 503,
    answer: 'no database',
  };
  const asked = [silent, sick].map(({ uid, pod: name }): Pod => ({ metadata: { name, uid } }));
  const answers = new Map([silent, sick].map((answer) => [answer.uid, answer]));
  const check = { timeoutSeconds: 10 };
  expect(judgeHealth({ check, pods: asked, answers, since: 0, now: 10_200 })).toMatchObject({
    outcome: 'failed',
    message: expect.stringContaining('pod shop-2-b answered 503: no database'),
  });
  expect(judgeHealth({ check, pods: asked, answers, since: 0, now: 9_000 })).toMatchObject({
    waitingFor: expect.stringContaining('pod shop-2-b answered 503: no database'),
  });
});

describe('a clock that jumps while a candidate is asked for its health', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
  });
  afterEach(() => cluster.stop());

  async function deploy(image: string): Promise<void> {
    const spec: Partial<ApplicationSpec> = {
      replicas: 2,
      template: { spec: { containers: [{ name: 'web', image }] } },
      service: { ports: [{ port: 80 }] },
      healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
      strategy: { type: 'blueGreen' },
      // Which runs out by the wall clock as well.
      progressDeadlineSeconds: 7_200,
      guardSeconds: 0,
      keepFailedSeconds: 0,
    };
    await cluster.deploy(spec);
  }

  async function phase(): Promise<string | undefined> {
    return (await cluster.release('1')).status?.phase;
  }

  test.each([
    { name: 'back', hours: -1 },
    { name: 'forward', hours: 1 },
  ])('$name costs a healthy one nothing', async ({ hours }) => {
    await deploy('a');
    await cluster.advance(20);
    expect(await phase()).toBe('Progressing');
    cluster.clock.jump(hours * 3_600_000);
    await cluster.advance(10_000);
    expect(await phase()).toBe('Succeeded');
  });

  test.each([
    { name: 'back', hours: -1 },
    { name: 'forward', hours: 1 },
  ])('$name spares no broken one', async ({ hours }) => {
    await deploy('broken');
    await cluster.advance(2_000);
    expect(await phase()).toBe('Progressing');
    cluster.clock.jump(hours * 3_600_000);
    await cluster.advance(10_000);
    expect(await phase()).toBe('Failed');
  });
});
