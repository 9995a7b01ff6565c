import { splits, type Split, type SplitInstanceStatus } from '@slipway/kube/split';
import { describe, expect, test } from 'vitest';
import type { Check, CheckState, GatewayMetric } from '../../api/check.ts';
import { startCheck } from './check-state.ts';
import { advanceCheck } from './decide-check.ts';
import { measureGateway, openWindow } from './gateway-counts.ts';
import { loadCompile } from './load-compile.ts';

const start = Date.UTC(2026, 0, 1);
const compile = await loadCompile();
const subject = {
  namespace: 'default',
  application: 'shop',
  candidate: { version: '2', service: 'shop-2' },
  stable: { version: '1', service: 'shop-1' },
};

type Counts = readonly [requests: number, errors: number, durations?: readonly number[]];

/** Requests of 25 to 50 ms, and of 50 to 100. */
function buckets(shorter: number, longer: number): readonly number[] {
  return [0, 0, 0, 0, 0, shorter, longer, 0, 0, 0, 0, 0, 0, 0];
}

/** What each gateway has counted of the candidate and of stable. */
function split(instances: Readonly<Record<string, readonly [candidate: Counts, stable?: Counts]>>): Split {
  const statuses = Object.entries(instances).map(([name, counts]): SplitInstanceStatus => ({
    name,
    observedGeneration: 1,
    inForceSince: '2026-01-01T00:00:00Z',
    traffic: counts.flatMap((count, index) =>
      count === undefined
        ? []
        : [{ version: index === 0 ? '2' : '1', requests: count[0], serverErrors: count[1], durations: count[2] }],
    ),
  }));
  return {
    apiVersion: `${splits.group}/${splits.version}`,
    kind: splits.kind,
    metadata: { name: 'shop' },
    spec: { application: 'shop', rules: [] },
    status: { instances: statuses },
  };
}

function check(metric: GatewayMetric, more: Partial<Check> = {}): Check {
  return {
    name: 'errors',
    provider: { gateway: { metric } },
    successWhen: 'value < 0.05',
    interval: '10s',
    count: 9,
    ...more,
  };
}

function begin(of: Check, counted: Split | undefined): CheckState {
  const window = openWindow(of, { split: counted, subject, now: start });
  return startCheck({ check: of, during: 'release', attempt: 1, patienceSeconds: 600, now: start, window });
}

function look(of: Check, state: CheckState, counted: Split | undefined, now: number): CheckState {
  const taken = measureGateway(of, state, { split: counted, subject, now, compile });
  return advanceCheck(of, state, { taken, now });
}

function lastOf({ measurements }: CheckState): string {
  const { outcome, value = '', baseline, samples, reason } = measurements.at(-1) ?? {};
  return [outcome, value, baseline, samples, reason].filter((each) => each !== undefined && each !== '').join(' | ');
}

describe('what gateways count', () => {
  test('is the share of errors since the window began, of all gateways together', () => {
    const of = check('errors', { failureLimit: 1 });
    const state = begin(of, split({ a: [[1_000, 900]], b: [[0, 0]] }));
    expect(lastOf(look(of, state, split({ a: [[1_060, 905]], b: [[40, 0]] }), start + 10_000))).toBe(
      'failed | 0.05 | 100 | value 0.05: not value < 0.05',
    );
  });

  test('counts anew after each measurement that says something', () => {
    const of = check('errors', { failureLimit: 1 });
    const first = look(of, begin(of, split({ a: [[0, 0]] })), split({ a: [[100, 50]] }), start + 10_000);
    expect(lastOf(look(of, first, split({ a: [[200, 51]] }), start + 20_000))).toBe('passed | 0.01 | 100');
  });

  test('adds to a window that says too little yet', () => {
    const of = check('errors', { minSamples: 50 });
    const first = look(of, begin(of, split({ a: [[0, 0]] })), split({ a: [[30, 0]] }), start + 10_000);
    expect(lastOf(first)).toBe('inconclusive | 0 | 30 | 30 samples, at least 50 are wanted');
    expect(lastOf(look(of, first, split({ a: [[60, 0]] }), start + 20_000))).toBe('passed | 0 | 60');
  });

  test('is the number of requests a second', () => {
    const of = check('rate', { successWhen: 'value > 5.0', baseline: true });
    const state = begin(
      of,
      split({
        a: [
          [0, 0],
          [0, 0],
        ],
      }),
    );
    expect(
      lastOf(
        look(
          of,
          state,
          split({
            a: [
              [100, 0],
              [300, 0],
            ],
          }),
          start + 10_000,
        ),
      ),
    ).toBe('passed | 10 | 30 | 100');
  });

  test('is no share without requests', () => {
    const of = check('errors');
    expect(lastOf(look(of, begin(of, split({ a: [[5, 1]] })), split({ a: [[5, 1]] }), start + 10_000))).toBe(
      'noData | no requests to version 2 since the last measurement',
    );
  });

  test('is nothing while no gateway counts', () => {
    const of = check('rate');
    const said = 'noData | no gateway has counted requests to version 2 for long enough';
    expect(lastOf(look(of, begin(of, undefined), undefined, start + 10_000))).toBe(said);
  });

  test('leaves out what a gateway brings along that is seen for the first time', () => {
    const of = check('errors');
    const first = look(of, begin(of, undefined), split({ a: [[1_000, 900]] }), start + 10_000);
    expect(lastOf(first)).toContain('noData');
    expect(lastOf(look(of, first, split({ a: [[1_100, 900]] }), start + 20_000))).toBe('passed | 0 | 100');
  });

  test('counts all of a gateway that was started again', () => {
    const of = check('errors', { failureLimit: 1 });
    const state = begin(of, split({ a: [[1_000, 0]] }));
    expect(lastOf(look(of, state, split({ a: [[10, 5]] }), start + 10_000))).toContain('failed | 0.5 | 10');
  });

  test('compares with stable in the same window', () => {
    const of = check('errors', { baseline: true, successWhen: 'value <= baseline * 2.0' });
    const state = begin(
      of,
      split({
        a: [
          [0, 0],
          [1_000, 900],
        ],
      }),
    );
    expect(
      lastOf(
        look(
          of,
          state,
          split({
            a: [
              [100, 4],
              [1_100, 902],
            ],
          }),
          start + 10_000,
        ),
      ),
    ).toBe('passed | 0.04 | 0.02 | 100');
  });

  test('compares with all that was ever counted of a stable version that has left the traffic', () => {
    const of = check('errors', { baseline: true, successWhen: 'value <= baseline * 2.0' });
    const state = begin(
      of,
      split({
        a: [
          [0, 0],
          [1_000, 50],
        ],
      }),
    );
    expect(
      lastOf(
        look(
          of,
          state,
          split({
            a: [
              [100, 4],
              [1_000, 50],
            ],
          }),
          start + 10_000,
        ),
      ),
    ).toBe('passed | 0.04 | 0.05 | 100');
  });

  test('is the duration at a quantile, of all gateways together', () => {
    const of = check('duration', {
      provider: { gateway: { metric: 'duration', quantile: 0.5 } },
      successWhen: 'value < 0.1',
      baseline: true,
    });
    const state = begin(
      of,
      split({
        a: [
          [9, 0, buckets(0, 9)],
          [0, 0, buckets(0, 0)],
        ],
        b: [[0, 0, buckets(0, 0)]],
      }),
    );
    const counted = split({
      a: [
        [19, 0, buckets(0, 19)],
        [8, 0, buckets(8, 0)],
      ],
      b: [[10, 0, buckets(10, 0)]],
    });
    expect(lastOf(look(of, state, counted, start + 10_000))).toBe('passed | 0.05 | 0.0375 | 20');
  });

  test('is an error where a gateway does not report durations', () => {
    const of = check('duration');
    const state = begin(of, split({ a: [[0, 0]], b: [[0, 0, buckets(0, 0)]] }));
    expect(lastOf(look(of, state, split({ a: [[9, 0]], b: [[9, 0, buckets(9, 0)]] }), start + 10_000))).toContain(
      'error | there is a gateway that does not report durations',
    );
  });

  test('is no rate when the clock has gone back, and one an interval later', () => {
    const of = check('rate', { successWhen: 'value > 0.0' });
    const earlier = start - 3_600_000;
    const first = look(of, begin(of, split({ a: [[0, 0]] })), split({ a: [[9, 0]] }), earlier);
    expect(lastOf(first)).toBe('noData | no time has passed by the clock');
    expect(lastOf(look(of, first, split({ a: [[29, 0]] }), earlier + 10_000))).toBe('passed | 2 | 20');
  });
});
