import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec, CanaryStep } from '../api/application.ts';
import type { Check, CheckState } from '../api/check.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
  answer(0.01);
});
afterEach(() => cluster.stop());

const errors: Check = {
  name: 'errors',
  provider: { web: { url: 'http://metrics.test/errors', jsonPath: '$.rate' } },
  successWhen: 'value < 0.05',
  interval: '10s',
  count: 3,
};

function answer(rate: number | null): void {
  cluster.metrics.set('/errors', JSON.stringify({ rate }));
}

interface Given {
  readonly steps?: readonly CanaryStep[];
  readonly check?: Partial<Check>;
  readonly guardSeconds?: number;
}

function spec(image: string, { steps = [], check = {}, guardSeconds = 0 }: Given): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    checks: [{ ...errors, ...check }],
    strategy: steps.length === 0 ? { type: 'blueGreen' } : { type: 'canary', canary: { steps } },
    progressDeadlineSeconds: 60,
    guardSeconds,
    drainSeconds: 0,
    keepFailedSeconds: 0,
  };
}

const steps = [{ setWeight: 50 }, { check: 'errors' }];

/** Version 1 serves, and version 2 is on its way. */
async function releaseTwo(given: Given): Promise<void> {
  await cluster.deploy(spec('a', given));
  await cluster.advance(10_000);
  expect((await cluster.application()).status?.serving?.version).toBe('1');
  await cluster.deploy(spec('b', given));
  await cluster.advance(5_000);
}

async function two() {
  const { phase, step, waitingFor, ending } = (await cluster.release('2')).status ?? {};
  return { phase, step, waitingFor, reason: ending?.reason };
}

async function runs(): Promise<readonly Partial<CheckState>[]> {
  return (await cluster.release('2')).status?.checks ?? [];
}

async function weightOfTwo(): Promise<number | undefined> {
  const { rules } = (await cluster.client.get(splits, { namespace: 'default', name: 'shop' })).spec;
  return rules[0]?.backends.find(({ version }) => version === '2')?.weight;
}

describe('a step that waits for a check', () => {
  test('goes on when it has passed, longer than the deadline for progress, and keeps what was measured', async () => {
    await releaseTwo({ steps, check: { count: 8 } });
    expect(await two()).toMatchObject({ phase: 'Progressing', step: '2 of 2: check errors' });
    expect((await two()).waitingFor).toBe('check errors to pass: 1 of 8 measurements (last passed: value 0.01)');
    await cluster.advance(80_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect(await runs()).toMatchObject([
      { name: 'errors', during: 'release', outcome: 'passed', totals: { passed: 8, failed: 0 } },
    ]);
  });

  test('goes back when it fails, with what was measured as the reason', async () => {
    await releaseTwo({ steps });
    answer(0.2);
    await cluster.advance(15_000);
    expect(await two()).toMatchObject({
      phase: 'RolledBack',
      reason: 'check errors failed once, 0 allowed: value 0.2: not value < 0.05',
    });
    expect(await weightOfTwo()).toBe(0);
  });

  test('asks a person where there is no data for as long as the deadline, and goes on when that person says so', async () => {
    answer(null);
    await releaseTwo({ steps });
    await cluster.advance(120_000);
    expect((await two()).waitingFor).toMatch(/^a person to resume it \(check errors has 0 of 3 measurements/);
    expect(await two()).toMatchObject({ phase: 'Paused' });
    expect(await weightOfTwo()).toBe(50);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
  });

  test('goes back where it cannot be measured', async () => {
    cluster.metrics.delete('/errors');
    await releaseTwo({ steps });
    await cluster.advance(60_000);
    expect((await two()).reason).toMatch(/^check errors could not be measured 5 times, 4 allowed: .*404/);
  });

  test('is left by a promotion, which cancels it', async () => {
    await releaseTwo({ steps });
    await cluster.command('promote');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect(await runs()).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('is cancelled by an abort, and a retry measures anew', async () => {
    await releaseTwo({ steps });
    await cluster.command('abort');
    await cluster.advance(5_000);
    expect(await runs()).toMatchObject([{ outcome: 'cancelled', attempt: 1 }]);
    await cluster.command('retry');
    await cluster.advance(40_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect((await runs()).at(-1)).toMatchObject({ outcome: 'passed', attempt: 2 });
  });
});

test('a check that cannot be read starts no release', async () => {
  await cluster.deploy(spec('a', { check: { successWhen: 'value <' } }));
  await cluster.advance(5_000);
  const valid = await cluster.condition('Valid');
  expect(valid).toMatchObject({ status: 'False', reason: 'Invalid' });
  expect(valid?.message).toMatch(/^spec\.checks\[0\]\.successWhen: "value <": /);
  await expect(cluster.release('1')).rejects.toThrow('not found');
});

describe('a check that no step names', () => {
  test('ends the release in whatever step it fails', async () => {
    await releaseTwo({ steps: [{ setWeight: 50 }, { pause: {} }], check: { count: 100 } });
    expect(await two()).toMatchObject({ phase: 'Paused' });
    answer(0.2);
    await cluster.advance(15_000);
    expect((await two()).reason).toMatch(/^check errors failed once/);
  });

  test('asks a person where it has no data for as long as the deadline, once, and the release goes on from there', async () => {
    answer(null);
    await releaseTwo({ steps: [{ setWeight: 50 }, { pause: { seconds: 200 } }], check: { when: ['release'] } });
    await cluster.advance(90_000);
    expect(await two()).toMatchObject({
      phase: 'Paused',
      step: '2 of 2: pause 200 s',
      waitingFor: expect.stringMatching(/^a person to resume it \(check errors has 0 of 3 measurements/),
    });
    expect(await weightOfTwo()).toBe(50);
    await cluster.command('resume');
    await cluster.advance(5_000);
    expect(await two()).toMatchObject({ phase: 'Progressing', step: '2 of 2: pause 200 s' });
    await cluster.advance(120_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect((await runs()).at(-1)).toMatchObject({ outcome: 'noData' });
  });

  test('is not asked before the new version has traffic, nor for a first version', async () => {
    answer(0.2);
    await releaseTwo({ steps: [{ pause: {} }, { setWeight: 50 }], check: { when: ['release'] } });
    await cluster.advance(60_000);
    expect(await two()).toMatchObject({ phase: 'Paused' });
    expect(await runs()).toEqual([]);
  });
});

describe('the guard', () => {
  test('goes back when a check fails, within its interval', async () => {
    await releaseTwo({ guardSeconds: 300 });
    expect(await two()).toMatchObject({ phase: 'Guarding' });
    answer(0.2);
    await cluster.advance(15_000);
    expect(await two()).toMatchObject({ phase: 'RolledBack' });
    expect((await two()).reason).toMatch(/^check errors failed once/);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('keeps a version of which nothing can be measured', async () => {
    cluster.metrics.delete('/errors');
    await releaseTwo({ guardSeconds: 120 });
    await cluster.advance(120_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect(await runs()).toMatchObject([{ during: 'guard', outcome: 'error' }]);
  });

  test('says at its end what its checks came to', async () => {
    await releaseTwo({ guardSeconds: 60 });
    await cluster.advance(60_000);
    expect(await two()).toMatchObject({ phase: 'Succeeded' });
    expect(await runs()).toMatchObject([{ during: 'guard', outcome: 'passed' }]);
  });

  test.each([
    ['goes back by what it measures', 0.2, 'RolledBack'],
    ['ends with what it measures', 0.01, 'Succeeded'],
  ])('whose time passed while no controller was there %s', async (_, rate, phase) => {
    await releaseTwo({ guardSeconds: 60 });
    expect(await two()).toMatchObject({ phase: 'Guarding' });
    answer(rate);
    await cluster.away(300_000);
    await cluster.advance(60_000);
    expect(await two()).toMatchObject({ phase });
    expect((await runs()).at(-1)?.measurements?.at(-1)).toMatchObject({ value: String(rate) });
  });

  test('measures what is due before a newer version ends it', async () => {
    await releaseTwo({ guardSeconds: 300 });
    answer(0.2);
    await cluster.away(20_000, () => cluster.deploy(spec('c', { guardSeconds: 300 })));
    await cluster.advance(10_000);
    expect(await two()).toMatchObject({ phase: 'RolledBack' });
  });

  test('that a newer version ends goes back where a check does not pass at that moment', async () => {
    await releaseTwo({ guardSeconds: 300, check: { failureLimit: 2 } });
    answer(0.2);
    await cluster.advance(12_000);
    expect(await two()).toMatchObject({ phase: 'Guarding' });
    await cluster.deploy(spec('c', { guardSeconds: 300, check: { failureLimit: 2 } }));
    await cluster.advance(3_000);
    expect(await two()).toMatchObject({ reason: 'check errors did not pass when the guard ended early' });
  });
});
