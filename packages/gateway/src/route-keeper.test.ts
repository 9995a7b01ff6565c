import { type LogFields, silentLogger } from '@slipway/kube/logger';
import { beforeEach, expect, test } from 'vitest';
import { FakeClock, settle } from '../../kube/testing/fake-clock.ts';
import { RouteKeeper } from './route-keeper.ts';
import { emptyRoutingTable, type RoutingTable } from './routing/routing-table.ts';

let clock: FakeClock;
let stop: AbortController;
/** What the cluster says, and what became of it. */
let observedEndpoints: string;
let install: (table: RoutingTable) => Promise<void>;
let inForce: string[];
let failures: unknown[];
let logged: (LogFields | undefined)[];
let keeper: RouteKeeper;
/** Milliseconds that a table takes. */
let work: number;
let worked: number;
beforeEach(() => {
  clock = new FakeClock();
  stop = new AbortController();
  observedEndpoints = '1';
  install = () => Promise.resolve();
  inForce = [];
  failures = [];
  logged = [];
  work = 0;
  worked = 0;
  keeper = new RouteKeeper({
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + worked,
      schedule: (milliseconds, callback) => clock.schedule(milliseconds, callback),
    },
    random: () => 0,
    logger: { ...silentLogger, error: (_, fields) => logged.push(fields) },
    signal: stop.signal,
    build: () => {
      worked += work;
      return { table: { ...emptyRoutingTable }, observedEndpoints };
    },
    install: (table) => install(table),
    onInForce: (routes) => inForce.push(routes.observedEndpoints),
    onFailure: (_, error) => failures.push(error),
  });
});

test('many changes of one turn are one table', async () => {
  await keeper.start();
  observedEndpoints = '2';
  for (let times = 0; times < 5; times++) keeper.plan();
  await settle();
  expect(inForce).toEqual(['1', '2']);
});

test('after a table that took long the next one leaves time for everything else', async () => {
  work = 20;
  await keeper.start();
  for (const version of ['2', '3', '4']) {
    observedEndpoints = version;
    keeper.plan();
    await settle();
  }
  expect(inForce).toEqual(['1']);
  await clock.advance(9 * work);
  expect(inForce).toEqual(['1', '4']);
});

test('a few tables that take little follow each other at once', async () => {
  work = 2;
  await keeper.start();
  for (const version of ['2', '3', '4']) {
    observedEndpoints = version;
    keeper.plan();
    await settle();
  }
  expect(inForce).toEqual(['1', '2', '3', '4']);
});

test('tables without end leave most of the time for everything else, however little each takes', async () => {
  work = 2;
  await keeper.start();
  for (let elapsed = 0; elapsed < 1_000; elapsed++) {
    keeper.plan();
    await clock.advance(1);
  }
  expect(worked).toBeLessThan(150);
});

test('a table that took long holds up the next one by a fifth of a second at most', async () => {
  work = 10_000;
  await keeper.start();
  observedEndpoints = '2';
  keeper.plan();
  await clock.advance(200);
  expect(inForce).toEqual(['1', '2']);
});

test('what was to come after a rest does not come after the end', async () => {
  work = 20;
  await keeper.start();
  keeper.plan();
  stop.abort(new Error('the test has ended'));
  expect(clock.pendingTimers).toBe(0);
});

test('a table that cannot be put in force is tried again, ever more slowly, and as it is by then', async () => {
  const error = new Error('no');
  let tries = 0;
  install = () => {
    tries += 1;
    return Promise.reject(error);
  };
  let hasStarted = false;
  void keeper.start().then(() => (hasStarted = true));
  await clock.advance(1_000);
  expect([tries, failures.length, logged.length, hasStarted]).toEqual([5, 5, 5, false]);
  await clock.advance(60_000);
  expect(tries).toBeLessThan(20);
  install = () => Promise.resolve();
  observedEndpoints = '7';
  await clock.advance(10_000);
  expect(inForce).toEqual(['7']);
  expect(hasStarted).toBe(true);
});

test('a change does not wait for the next try', async () => {
  install = () => Promise.reject(new Error('no'));
  void keeper.start();
  await clock.advance(30_000);
  install = () => Promise.resolve();
  keeper.plan();
  await settle();
  expect(inForce).toEqual(['1']);
  await clock.advance(60_000);
  expect(inForce).toEqual(['1']);
});

test('a table that is slow to come in force says nothing after a newer one', async () => {
  const slow = Promise.withResolvers<void>();
  install = () => slow.promise;
  void keeper.start();
  install = () => Promise.resolve();
  observedEndpoints = '2';
  keeper.plan();
  await settle();
  slow.resolve();
  await settle();
  expect(inForce).toEqual(['2']);
});

test('nothing is tried again when the gateway has ended', async () => {
  install = () => Promise.reject(new Error('no'));
  void keeper.start();
  await settle();
  stop.abort();
  expect(clock.pendingTimers).toBe(0);
});
