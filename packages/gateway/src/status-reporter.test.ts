import { type LogFields, type Logger, silentLogger } from '@slipway/kube/logger';
import { type Split, type SplitInstanceStatus, splits } from '@slipway/kube/split';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlledCluster, createControlledCluster } from '../../cluster/testing/controlled-cluster.ts';
import { installKinds } from '../../delivery/src/install-kinds.ts';
import { FakeClock, settle } from '../../kube/testing/fake-clock.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { backend, split } from '../testing/objects.ts';
import type { BackendLoad } from './data-plane.ts';
import { buildRoutes } from './routing/build-routes.ts';
import type { RoutingTable } from './routing/routing-table.ts';
import { StatusReporter } from './status-reporter.ts';

const key = { namespace: 'default', name: 'shop' };

let clock: FakeClock;
let cluster: FakeCluster;
let reporter: StatusReporter;
beforeEach(() => {
  clock = new FakeClock();
  cluster = new FakeCluster();
  cluster.put(splits, split('shop', { backends: [backend('shop-1', 100)] }));
  reporter = start();
});

function start(overrides: Partial<ConstructorParameters<typeof StatusReporter>[0]> = {}): StatusReporter {
  return new StatusReporter({
    client: cluster.client,
    clock,
    random: () => 0,
    logger: silentLogger,
    instance: 'gateway-a',
    backends: () => [],
    traffic: () => [],
    signal: new AbortController().signal,
    ...overrides,
  });
}

/** The reporter sees the cluster as it is, or as it was. */
async function observe(...seen: readonly (Split | undefined)[]): Promise<void> {
  reporter.inForce(tableOf(...seen));
  await clock.advance(0);
}

function tableOf(...seen: readonly (Split | undefined)[]): RoutingTable {
  const all = seen.flatMap((each) => each ?? []);
  return buildRoutes({
    splits: all,
    ingresses: [],
    service: () => undefined,
    slices: () => [],
    sessionSecret: () => ({ metadata: {}, data: { key: Buffer.alloc(32).toString('base64') } }),
  });
}

function current(): Split | undefined {
  return cluster.get(splits, key);
}

function own(): SplitInstanceStatus | undefined {
  return current()?.status?.instances?.find(({ name }) => name === 'gateway-a');
}

function withoutStatus(): Split {
  const { status: _, ...bare } = current() ?? split('shop', {});
  return cluster.put(splits, bare);
}

describe('a Split is confirmed', () => {
  test('once, however often it is seen', async () => {
    const before = current();
    await observe(before);
    await observe(before);
    await observe(current());
    await clock.advance(60_000);
    expect(own()).toMatchObject({ observedGeneration: 1 });
    expect(cluster.applied).toHaveLength(1);
  });

  test('again when somebody takes the confirmation away', async () => {
    await observe(current());
    await observe(withoutStatus());
    await clock.advance(1_000);
    expect(own()).toMatchObject({ observedGeneration: 1 });
    await observe(current());
    expect(cluster.applied).toHaveLength(2);
  });

  test('twice a second at most when somebody takes the confirmation away each time', async () => {
    for (let times = 0; times < 100; times++) {
      await observe(withoutStatus());
      await clock.advance(100);
    }
    expect(cluster.applied.length).toBeGreaterThan(10);
    expect(cluster.applied.length).toBeLessThanOrEqual(21);
  });

  test('not again after a restart that changes nothing', async () => {
    await observe(current());
    await clock.advance(60_000);
    reporter = start();
    await observe(current());
    await clock.advance(60_000);
    expect(cluster.applied).toHaveLength(1);
  });

  test('after a restart when what was written before is no longer true', async () => {
    await observe(current());
    cluster.put(splits, { ...split('shop', { backends: [backend('shop-2', 100)] }), status: current()?.status });
    reporter = start();
    await observe(current());
    expect(own()).toMatchObject({ observedGeneration: 2 });
  });

  test('when it is created anew by the same name', async () => {
    await observe(current());
    cluster.remove(splits, key);
    cluster.put(splits, split('shop', { backends: [backend('shop-1', 100)] }));
    await observe(current());
    expect(own()).toMatchObject({ observedGeneration: 1 });
  });

  test('not by what was true of another one of its name', async () => {
    const before = current();
    cluster.remove(splits, key);
    cluster.put(splits, split('shop', { backends: [backend('shop-2', 100)] }));
    await observe(before);
    expect(own()).toBeUndefined();
    await observe(current());
    expect(own()).toMatchObject({ observedGeneration: 1 });
  });

  test('after a write that failed, or whose answer was lost', async () => {
    const refused = refusing('the API is not there');
    await observe(current());
    await clock.advance(1_000);
    refused.cause = undefined;
    await clock.advance(1_000);
    expect(own()).toMatchObject({ observedGeneration: 1 });
  });

  test('less and less often while it is refused, and each cause is said once', async () => {
    const refused = refusing('not allowed');
    await observe(current());
    await clock.advance(60_000);
    // After 0, 0.5, 1.5, 3.5, 7.5, 15.5 s, and then every 10 s.
    expect(refused.times).toBe(10);
    expect(refused.warned).toHaveLength(1);
    refused.cause = 'invalid';
    await clock.advance(60_000);
    expect(refused.warned).toHaveLength(2);
    expect(refused.times).toBe(16);
    refused.cause = undefined;
    await clock.advance(10_000);
    expect(own()).toMatchObject({ observedGeneration: 1 });
    refused.cause = 'invalid';
    await observe(withoutStatus());
    await clock.advance(1_000);
    expect(refused.warned).toHaveLength(3);
  });

  test('not more often while it is refused because there is more to tell each time', async () => {
    const draining = { ...backend('shop-0', 0), namespace: 'default', split: 'shop', openRequests: 1 };
    let openConnections = 0;
    const refused = refusing('not allowed', { backends: () => [{ ...draining, openConnections: openConnections++ }] });
    await observe(current());
    await clock.advance(60_000);
    expect(refused.times).toBe(10);
  });

  test('by the generation before, and with the reason, while the one that is asked for cannot be put in force', async () => {
    await observe(current());
    cluster.put(splits, { ...split('shop', { backends: [backend('shop-2', 100)] }), status: current()?.status });
    const table = tableOf(current());
    reporter.failed(table, new Error('the disk is full'));
    await clock.advance(0);
    const conflicts = ['NotInForce: generation 2 could not be put in force and is tried again: the disk is full'];
    expect(own()).toMatchObject({ observedGeneration: 1, conflicts });
    reporter.inForce(table);
    await clock.advance(0);
    expect(own()).toMatchObject({ observedGeneration: 2 });
    expect(own()).not.toHaveProperty('conflicts');
  });

  test('no more when it is gone', async () => {
    const before = current();
    cluster.remove(splits, key);
    await observe(before);
    await observe();
    const tries = cluster.applied.length;
    await clock.advance(60_000);
    expect(cluster.applied).toHaveLength(tries);
  });

  interface Refusals {
    cause: string | undefined;
    times: number;
    readonly warned: (LogFields | undefined)[];
  }

  /** The reporter is one whose writes fail as long as there is a cause. */
  function refusing(cause: string, overrides: Partial<ConstructorParameters<typeof StatusReporter>[0]> = {}): Refusals {
    const refusals: Refusals = { cause, times: 0, warned: [] };
    const logger: Logger = { ...silentLogger, warn: (_, fields) => refusals.warned.push(fields) };
    const patch: typeof cluster.client.patch = async (...args) => {
      if (refusals.cause === undefined) return cluster.client.patch(...args);
      refusals.times += 1;
      throw new StatusError('Forbidden', refusals.cause);
    };
    reporter = start({ logger, client: { ...cluster.client, patch }, ...overrides });
    return refusals;
  }
});

describe('sessions', () => {
  let loads: BackendLoad[];
  beforeEach(async () => {
    loads = [load('shop-1', { sessions: undefined })];
    reporter = start({ backends: () => loads });
    cluster.put(splits, split('shop', { backends: [backend('shop-1', 100), backend('shop-0', 0)], sessions }));
    await observe(current());
  });

  const sessions = { cookie: 'session', idleSeconds: 60, secretName: 'shop-sessions' };

  function load(service: string, rest: Partial<BackendLoad>): BackendLoad {
    const version = service.replace(/^.*-/, '');
    return { namespace: 'default', split: 'shop', service, version, openConnections: 0, openRequests: 0, ...rest };
  }

  const told = (): readonly (number | undefined)[] | undefined => own()?.backends?.map(({ sessions: count }) => count);

  test('are told within a second, and then when their number is news', async () => {
    await clock.advance(10_000);
    expect(told()).toBeUndefined();
    for (const count of [100, 110, 1, 0, 1]) {
      loads = [load('shop-1', { sessions: count })];
      await clock.advance(1_000);
      expect(told()).toEqual([count]);
    }
  });

  test('that are about as many as before write nothing, and neither do requests', async () => {
    loads = [load('shop-1', { sessions: 100 }), load('shop-0', { sessions: 40 })];
    await clock.advance(1_000);
    const writes = cluster.applied.length;
    for (let turn = 0; turn < 100; turn++) {
      loads = [
        load('shop-1', { sessions: 98 + (turn % 5), openRequests: turn }),
        load('shop-0', { sessions: 40 - (turn % 2), openRequests: turn }),
      ];
      await clock.advance(500);
    }
    expect(cluster.applied).toHaveLength(writes);
    expect(told()).toEqual([100, 40]);
  });

  test('are told once a second at most', async () => {
    for (let count = 1; count <= 200; count++) {
      loads = [load('shop-1', { sessions: count * count })];
      await clock.advance(100);
    }
    expect(cluster.applied.length).toBeLessThanOrEqual(25);
    expect(cluster.applied.length).toBeGreaterThan(10);
  });

  test('that are over leave an exact number of requests', async () => {
    for (const openRequests of [3, 2, 0]) {
      loads = [load('shop-1', { sessions: 5 }), load('shop-0', { sessions: 0, openRequests })];
      await clock.advance(1_000);
      expect(own()?.backends?.[1]).toMatchObject({ service: 'shop-0', sessions: 0, openRequests });
    }
  });

  test('are told no more when the rule has none', async () => {
    loads = [load('shop-1', { sessions: 5 })];
    await clock.advance(1_000);
    loads = [load('shop-1', { sessions: undefined })];
    cluster.put(splits, { ...split('shop', { backends: [backend('shop-1', 100)] }), status: current()?.status });
    await observe(current());
    await clock.advance(1_000);
    expect(own()).not.toHaveProperty('backends');
  });
});

describe('a version that drains', () => {
  const draining = (openRequests: number): BackendLoad => ({
    ...backend('shop-0', 0),
    namespace: 'default',
    split: 'shop',
    openConnections: openRequests,
    openRequests,
  });

  test('is told with the confirmation, by other numbers twice a second, and at once when nothing is left', async () => {
    let openRequests = 5;
    reporter = start({ backends: () => [draining(openRequests)] });
    await observe(current());
    expect(own()?.backends).toMatchObject([{ service: 'shop-0', openRequests: 5 }]);
    openRequests = 3;
    await observe(current());
    await observe(withoutStatus());
    openRequests = 4;
    await observe(current());
    expect(cluster.applied).toHaveLength(1);
    await clock.advance(500);
    expect(own()?.backends).toMatchObject([{ service: 'shop-0', openRequests: 4 }]);
    openRequests = 0;
    await observe(current());
    expect(own()?.backends).toMatchObject([{ service: 'shop-0', openRequests: 0 }]);
  });
});

test('other numbers of sessions and of what drains together are told twice a second', async () => {
  let number = 10;
  const load = (service: string, more: Partial<BackendLoad>): BackendLoad => ({
    ...backend(service, 0),
    namespace: 'default',
    split: 'shop',
    openConnections: 0,
    openRequests: 0,
    ...more,
  });
  const backends = (): readonly BackendLoad[] => {
    number += 1;
    return [load('shop-0', { openRequests: number }), load('shop-1', { sessions: number })];
  };
  reporter = start({ backends });
  await observe(current());
  await clock.advance(10_000);
  expect(cluster.applied.length).toBeGreaterThan(5);
  expect(cluster.applied.length).toBeLessThanOrEqual(25);
});

describe('by the real API, a Split', () => {
  let api: ControlledCluster;
  beforeEach(async () => {
    api = await createControlledCluster();
    await installKinds(api.client, new AbortController().signal);
    reporter = start({ client: api.client });
  });
  afterEach(async () => {
    await api.stop();
  });

  function create(service: string): Promise<Split> {
    const { metadata, spec } = split('shop', { backends: [backend(service, 100)] });
    return api.client.create(splits, { metadata: { namespace: metadata.namespace, name: metadata.name }, spec });
  }

  async function instances(): Promise<readonly SplitInstanceStatus[]> {
    await settle(20);
    return (await api.client.get(splits, key)).status?.instances ?? [];
  }

  test('that is created anew is not confirmed by a report about the one before', async () => {
    const before = await create('shop-1');
    await observe(before);
    expect(await instances()).toMatchObject([{ name: 'gateway-a', observedGeneration: 1 }]);
    await api.client.delete(splits, key);
    const anew = await create('shop-2');
    reporter = start({ client: api.client });
    await observe(before);
    expect(await instances()).toEqual([]);
    await observe(anew);
    expect(await instances()).toMatchObject([{ name: 'gateway-a', observedGeneration: 1 }]);
  });
});

test('of many Splits only those that have changed are looked at for another table', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `shop-${index}`);
  for (const name of names) cluster.put(splits, split(name, { backends: [backend(name, 100)] }));
  const stored = (): readonly (Split | undefined)[] =>
    names.map((name) => cluster.get(splits, { namespace: 'default', name }));
  await observe(...stored());
  await observe(...stored());
  const counted = (table: RoutingTable): { readonly table: RoutingTable; readonly looked: Set<string> } => {
    const looked = new Set<string>();
    const watched = table.splits.map((routed) => ({
      ...routed,
      get instances() {
        looked.add(routed.name);
        return routed.instances;
      },
    }));
    return { table: { ...table, splits: watched }, looked };
  };
  const same = counted(tableOf(...stored()));
  reporter.inForce(same.table);
  expect([...same.looked]).toEqual([]);
  const before = cluster.get(splits, { namespace: 'default', name: 'shop-7' });
  if (before === undefined) throw new Error('there is no Split shop-7');
  cluster.put(splits, { ...before, spec: split('shop-7', { backends: [backend('shop-8', 100)] }).spec });
  const changed = counted(tableOf(...stored()));
  reporter.inForce(changed.table);
  await clock.advance(0);
  expect([...changed.looked]).toEqual(['shop-7']);
  const told = cluster.get(splits, { namespace: 'default', name: 'shop-7' })?.status?.instances;
  expect(told).toMatchObject([{ name: 'gateway-a', observedGeneration: 2 }]);
});
