/** The API server is away for minutes: nothing that serves depends on it, and everything goes on when it is back. */
import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { pods } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createControlledCluster, type ControlledCluster } from '../../cluster/testing/controlled-cluster.ts';
import { applications } from './api/application.ts';
import { releases } from './api/release.ts';
import { installKinds } from './install-kinds.ts';
import { startDelivery } from './start-delivery.ts';

const key = { namespace: 'default', name: 'shop' };
const minute = 60_000;

/** A way to the API server that can be cut: what is under way breaks off, and what is new is refused. */
class Line {
  #cut = new AbortController();
  #isCut = false;
  requests = 0;

  cut(): void {
    this.#isCut = true;
    this.#cut.abort(unreachable());
  }

  mend(): void {
    this.#isCut = false;
    this.#cut = new AbortController();
  }

  client(client: KubeClient): KubeClient {
    const ask = async <T>(perform: () => Promise<T>): Promise<T> => {
      this.requests += 1;
      if (this.#isCut) throw unreachable();
      return perform();
    };
    const watch: KubeClient['watch'] = (type, options) => {
      this.requests += 1;
      if (this.#isCut) throw unreachable();
      return client.watch(type, { ...options, signal: AbortSignal.any([options.signal, this.#cut.signal]) });
    };
    return {
      watch,
      get: (...args) => ask(() => client.get(...args)),
      list: (...args) => ask(() => client.list(...args)),
      create: (...args) => ask(() => client.create(...args)),
      update: (...args) => ask(() => client.update(...args)),
      patch: (...args) => ask(() => client.patch(...args)),
      delete: (...args) => ask(() => client.delete(...args)),
      deleteCollection: (...args) => ask(() => client.deleteCollection(...args)),
      request: (...args) => ask(() => client.request(...args)),
    };
  }
}

function unreachable(): StatusError {
  return new StatusError('ServiceUnavailable', 'the API server cannot be reached');
}

describe('a controller whose API server is away', () => {
  const stopping = new AbortController();
  let cluster: ControlledCluster;
  let line: Line;
  let done: Promise<void>;

  beforeEach(async () => {
    cluster = await createControlledCluster();
    line = new Line();
    await installKinds(cluster.client, stopping.signal);
    ({ done } = startDelivery({
      client: line.client(cluster.client),
      clock: cluster.clock,
      random: () => 0.5,
      logger: silentLogger,
      identity: 'test',
      signal: stopping.signal,
    }));
  });

  afterEach(async () => {
    stopping.abort(new Error('the test has ended'));
    await cluster.advance(1_000);
    await done;
    await cluster.stop();
  });

  async function ask(version: string): Promise<void> {
    const containers = [{ name: 'web', image: `web:${version}` }];
    const spec = { version, replicas: 2, guardSeconds: 0, drainSeconds: 0, template: { spec: { containers } } };
    const body = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: key, spec };
    await cluster.client.patch(applications, key, { type: 'apply', body, force: true }, { fieldManager: 'test' });
  }

  async function serving(): Promise<string | undefined> {
    return (await cluster.client.get(applications, key)).status?.serving?.version;
  }

  /** In the middle of a release: its record is there, and little else. */
  async function begun(): Promise<void> {
    const isBegun = async (): Promise<boolean> =>
      (await cluster.client.list(releases, { namespace: 'default' })).items.length > 1;
    for (let step = 0; step < 200 && !(await isBegun()); step += 1) await cluster.advance(5);
    expect(await isBegun()).toBe(true);
  }

  test('asks no more than now and then meanwhile, and ends the release when it is back', async () => {
    await ask('1');
    await cluster.advance(minute);
    expect(await serving()).toBe('1');
    const before = (await cluster.client.list(pods, { namespace: 'default' })).items.map(
      ({ metadata }) => metadata.uid,
    );
    await ask('2');
    await begun();
    line.cut();
    line.requests = 0;
    // Longer than the release may be without progress: nobody could act, and that is no fault of the version.
    await cluster.advance(15 * minute);
    expect(await serving()).toBe('1');
    const meanwhile = (await cluster.client.list(pods, { namespace: 'default' })).items.map(
      ({ metadata }) => metadata.uid,
    );
    expect(meanwhile).toEqual(expect.arrayContaining(before));
    // The lease is asked for every two seconds or so; watches end with the leadership.
    expect(line.requests / (15 * 60)).toBeLessThan(1);
    line.mend();
    await cluster.advance(2 * minute);
    expect(await serving()).toBe('2');
  });
});
