/** A check as a phase follows it: status written and read back at every look, measurements taken beside it. */
import { splits, type Split } from '@slipway/kube/split';
import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import type { Check, CheckState, CheckTime } from '../../api/check.ts';
import type { TakenMeasurement } from './check-state.ts';
import { cancelRuns, concludeRuns, followCheck, type CheckLook, type FollowedCheck } from './follow-check.ts';
import { loadCompile } from './load-compile.ts';
import { takeMeasurement, type MeasuringPorts } from './take-measurement.ts';

const compile = await loadCompile();
const subject = {
  namespace: 'default',
  application: 'shop',
  candidate: { version: '2', service: 'shop-2' },
  stable: { version: '1', service: 'shop-1' },
};
const { signal } = new AbortController();

const web: Check = {
  name: 'errors',
  provider: { web: { url: 'https://metrics/', jsonPath: '$.rate' } },
  successWhen: 'value < 0.05',
  interval: '10s',
  count: 3,
  failureLimit: 1,
};

function splitOf(requests: number, serverErrors: number): Split {
  return {
    apiVersion: `${splits.group}/${splits.version}`,
    kind: splits.kind,
    metadata: { name: 'shop' },
    spec: { application: 'shop', rules: [] },
    status: {
      instances: [
        {
          name: 'a',
          observedGeneration: 1,
          inForceSince: '2026-01-01T00:00:00Z',
          traffic: [{ version: '2', requests, serverErrors }],
        },
      ],
    },
  };
}

interface World {
  readonly check: Check;
  readonly during: CheckTime;
  /** What is measured next. */
  readonly rate: () => number;
  readonly split: () => Split | undefined;
}

/** Looks until a verdict or `looks` are over; every look knows nothing but what was written. */
async function play(world: World, looks: number): Promise<FollowedCheck> {
  const clock = new FakeClock();
  const ports: MeasuringPorts = {
    clock,
    compile,
    httpGet: () => Promise.resolve({ status: 200, body: JSON.stringify({ rate: world.rate() }) }),
    readSecret: () => Promise.reject(new Error('no Secret is needed')),
  };
  const look = (runs: readonly CheckState[], taken?: TakenMeasurement): FollowedCheck => {
    const { check, during } = world;
    const known: CheckLook['runs'] = JSON.parse(JSON.stringify(runs));
    const split = world.split();
    return followCheck({
      check,
      during,
      runs: known,
      attempt: 1,
      patienceSeconds: 60,
      subject,
      split,
      taken,
      now: clock.now(),
    });
  };
  let followed = look([]);
  for (let count = 0; count < looks && followed.plan.type !== 'verdict'; count++) {
    const { plan, state, runs } = followed;
    if (plan.type === 'wait') await clock.advance(plan.until - clock.now());
    const split = world.split();
    const task = { check: world.check, state, subject, split, signal };
    followed = look(runs, plan.type === 'measure' ? await takeMeasurement(task, ports) : undefined);
  }
  return followed;
}

function rates(...values: readonly number[]): () => number {
  const left = [...values];
  return () => left.shift() ?? 0;
}

describe('a check that is followed', () => {
  test('passes a release after its measurements, an interval apart', async () => {
    const { plan, state } = await play(
      { check: web, during: 'release', rate: rates(0.01, 0.2), split: () => undefined },
      99,
    );
    expect(plan).toMatchObject({ type: 'verdict', outcome: 'passed' });
    expect(state.measurements.map(({ value, startedAt }) => `${startedAt.slice(17, 19)} ${value}`)).toEqual([
      '00 0.01',
      '10 0.2',
      '20 0',
    ]);
  });

  test('fails it on the failure that exceeds the limit, and measures no more', async () => {
    const { plan, state } = await play(
      { check: web, during: 'release', rate: rates(0.2, 0, 0.3), split: () => undefined },
      99,
    );
    expect(plan).toMatchObject({
      type: 'verdict',
      outcome: 'failed',
      message: 'check errors failed 2 times, 1 allowed: value 0.3: not value < 0.05',
    });
    expect(state.totals).toMatchObject({ passed: 1, failed: 2 });
  });

  test('by the gateways fails the guard within an interval', async () => {
    let requests = 0;
    const split = (): Split => splitOf((requests += 100), requests / 2);
    const gateway: Check = { ...web, provider: { gateway: { metric: 'errors' } }, failureLimit: 0 };
    const { plan, state } = await play({ check: gateway, during: 'guard', rate: rates(), split }, 99);
    expect(plan).toMatchObject({ type: 'verdict', outcome: 'failed' });
    expect(state.measurements).toMatchObject([{ outcome: 'failed', value: '0.5' }]);
    expect(state.window).toBeUndefined();
  });

  test('goes on through the guard, and is concluded with it', async () => {
    const { plan, runs } = await play(
      { check: web, during: 'guard', rate: rates(0, 0, 0.2), split: () => undefined },
      99,
    );
    expect(plan.type).toBe('wait');
    const [run] = concludeRuns(runs, { checks: [web], now: Date.UTC(2026, 0, 1, 1) });
    expect(run).toMatchObject({ outcome: 'passed', endedAt: '2026-01-01T01:00:00.000000Z' });
    expect(run?.measurements).toHaveLength(20);
  });

  test('is cancelled with its release, unless it has ended before', async () => {
    const now = Date.UTC(2026, 0, 1, 1);
    const running = await play({ check: web, during: 'release', rate: rates(), split: () => undefined }, 1);
    expect(cancelRuns(running.runs, { reason: 'aborted by ada', now })).toMatchObject([
      { outcome: 'cancelled', message: 'check errors was cancelled: aborted by ada' },
    ]);
    const ended = await play({ check: web, during: 'release', rate: rates(), split: () => undefined }, 99);
    expect(cancelRuns(ended.runs, { reason: 'aborted by ada', now })).toEqual(ended.runs);
  });
});
