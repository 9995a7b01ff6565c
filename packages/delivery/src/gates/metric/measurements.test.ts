import { systemClock } from '@slipway/kube/platform/system-clock';
import { beforeEach, expect, test } from 'vitest';
import { RecordingLogger } from '../../../../kube/testing/recording-logger.ts';
import type { Check } from '../../api/check.ts';
import { startCheck, type TakenMeasurement } from './check-state.ts';
import { loadCompile } from './load-compile.ts';
import { Measurements } from './measurements.ts';
import type { MeasuringPorts } from './take-measurement.ts';

const compile = await loadCompile();
const check: Check = {
  name: 'errors',
  provider: { web: { url: 'https://metrics/', jsonPath: '$.rate' } },
  successWhen: 'value < 0.05',
};
const state = startCheck({ check, during: 'release', attempt: 1, patienceSeconds: 600, now: 0 });
const candidate = { version: '2', service: 'shop-2' };
const subject = { namespace: 'default', application: 'shop', candidate, stable: undefined };

let asked: PromiseWithResolvers<void>[];
let taken: TakenMeasurement[];
let leadership: AbortController;
let logger: RecordingLogger;

beforeEach(() => {
  asked = [];
  taken = [];
  leadership = new AbortController();
  logger = new RecordingLogger();
});

const ports: MeasuringPorts = {
  clock: systemClock,
  compile,
  readSecret: () => Promise.reject(new Error('no Secret is needed')),
  httpGet: async () => {
    const question = Promise.withResolvers<void>();
    asked.push(question);
    await question.promise;
    return { status: 200, body: '{"rate": 0}' };
  },
};

function create(portsOf: () => MeasuringPorts = () => ports): Measurements {
  return new Measurements({ portsOf, logger, signal: leadership.signal });
}

function order(key: string) {
  return {
    key,
    check,
    state,
    subject,
    split: undefined,
    onTaken: (each: TakenMeasurement) => void taken.push(each),
  };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('a measurement is taken once, however often it is asked for', async () => {
  const measurements = create();
  expect([measurements.begin(order('a')), measurements.begin(order('a'))]).toEqual([true, true]);
  await settle();
  expect(asked).toHaveLength(1);
  asked[0]?.resolve();
  await settle();
  expect(taken).toMatchObject([{ measurement: { number: 1, outcome: 'passed' } }]);
});

test('no more than 32 are taken at a time', async () => {
  const measurements = create();
  const begun = Array.from({ length: 33 }, (_, index) => measurements.begin(order(String(index))));
  expect(begun.filter(Boolean)).toHaveLength(32);
  await settle();
  asked[0]?.resolve();
  await settle();
  expect(measurements.begin(order('32'))).toBe(true);
});

test('none is taken, and none is told, after the end of the leadership', async () => {
  const measurements = create();
  measurements.begin(order('a'));
  await settle();
  leadership.abort();
  asked[0]?.resolve();
  await settle();
  expect(taken).toEqual([]);
  expect(measurements.begin(order('b'))).toBe(false);
});

test('one that breaks off is logged, and may begin anew', async () => {
  const measurements = create(() => {
    throw new Error('no expressions');
  });
  measurements.begin(order('a'));
  await settle();
  expect(logger.lines).toMatchObject([{ level: 'error', msg: 'a measurement broke off', fields: { check: 'errors' } }]);
  expect(measurements.begin(order('a'))).toBe(true);
});
