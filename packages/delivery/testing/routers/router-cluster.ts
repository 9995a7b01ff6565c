/** The API in virtual time with the controller of one router, the router as a model, and Splits written by hand. */
import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { silentLogger } from '@slipway/kube/logger';
import { keyOf, type KubeObject } from '@slipway/kube/object';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { splits, type Split, type SplitInstanceStatus, type SplitSpec } from '@slipway/kube/split';
import { createMemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { installKinds } from '../../src/install-kinds.ts';
import { annotations } from '../../src/names.ts';
import { runRouteController } from '../../src/routers/route-controller.ts';
import type { Router } from '../../src/routers/router.ts';
import { ModelledRouter, type TrafficModel } from './traffic-model.ts';

export const splitKey = { namespace: 'default', name: 'shop' };
export const applicationUid = '7c1d';
export const lagMilliseconds = 4_000;
export const propagationSeconds = 10;

export interface RouterClusterOptions<T extends KubeObject> {
  readonly router: Router<T>;
  readonly model: TrafficModel<T>;
  readonly definitions: readonly CustomResourceDefinition[];
}

export interface RouterCluster<T extends KubeObject> {
  readonly client: KubeClient;
  readonly model: ModelledRouter<T>;
  advance(milliseconds: number): Promise<void>;
  /** Writes the whole spec of the Split. */
  setSplit(spec: Omit<SplitSpec, 'application'>): Promise<void>;
  split(): Promise<Split>;
  /** What the router's controller of ours says of the Split. */
  entry(): Promise<SplitInstanceStatus | undefined>;
  isConfirmed(): Promise<boolean>;
  objects(): Promise<ReadonlyMap<string, T>>;
  install(definitions: readonly CustomResourceDefinition[]): Promise<void>;
  /** Ends our controller after so many more writes, and starts another one. */
  killAfter(writes: number): void;
  stop(): Promise<void>;
}

export async function createRouterCluster<T extends KubeObject>(
  options: RouterClusterOptions<T>,
): Promise<RouterCluster<T>> {
  const { router } = options;
  const clock = new FakeClock();
  const { client, clientFor, close } = await createMemoryCluster({ clock });
  const stopping = new AbortController();
  const install = async (definitions: readonly CustomResourceDefinition[]): Promise<void> => {
    for (const definition of definitions) await client.create(customResourceDefinitions, definition);
    await clock.advance(1_000);
  };
  const installed = installKinds(client, stopping.signal);
  await clock.advance(1_000);
  await installed;
  await install(options.definitions);
  const model = new ModelledRouter(options.model, { client, clock, signal: stopping.signal, lagMilliseconds });
  model.start();
  const lives: Promise<void>[] = [];
  let writesLeft = Infinity;
  const begin = (): void => {
    const life = new AbortController();
    const signal = AbortSignal.any([life.signal, stopping.signal]);
    const informer = new Informer({ client, clock, type: splits });
    informer.start(signal);
    const ours = mortal(clientFor('delivery'), signal, () => {
      writesLeft -= 1;
      if (writesLeft > 0) return;
      writesLeft = Infinity;
      life.abort(new Error('killed'));
      clock.schedule(500, begin);
    });
    const logger = silentLogger;
    lives.push(
      runRouteController(router, { client: ours, clock, random: () => 0.5, logger, splits: informer, signal }),
    );
  };
  begin();
  const split = (): Promise<Split> => client.get(splits, splitKey);
  const entry = async (): Promise<SplitInstanceStatus | undefined> =>
    (await split()).status?.instances?.find(({ name }) => name === router.name);
  return {
    client,
    model,
    advance: (milliseconds) => clock.advance(milliseconds),
    setSplit: async (spec) => {
      const metadata = { ...splitKey, annotations: { [annotations.ownerUid]: applicationUid } };
      const whole = { application: 'shop', ...spec };
      const body = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Split', metadata, spec: whole };
      await client.patch(splits, splitKey, { type: 'apply', body, force: true }, { fieldManager: 'test' });
    },
    split,
    entry,
    isConfirmed: async () => {
      const { metadata } = await split();
      return ((await entry())?.observedGeneration ?? 0) >= (metadata.generation ?? Infinity);
    },
    objects: async () => {
      const { items } = await client.list(router.type, { namespace: splitKey.namespace });
      return new Map(items.map((object) => [keyOf(object).name, object]));
    },
    install,
    killAfter: (writes) => {
      writesLeft = writes;
    },
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await clock.advance(0);
      await Promise.all(lives);
      await close();
    },
  };
}

/** A process that is killed at a write has made that one, and makes no other. */
function mortal(client: KubeClient, signal: AbortSignal, onWrite: () => void): KubeClient {
  const write = async <Result>(perform: () => Promise<Result>): Promise<Result> => {
    signal.throwIfAborted();
    const result = await perform();
    onWrite();
    signal.throwIfAborted();
    return result;
  };
  return {
    get: (...args) => client.get(...args),
    list: (...args) => client.list(...args),
    watch: (...args) => client.watch(...args),
    request: (...args) => client.request(...args),
    create: (...args) => write(() => client.create(...args)),
    update: (...args) => write(() => client.update(...args)),
    patch: (...args) => write(() => client.patch(...args)),
    delete: (...args) => write(() => client.delete(...args)),
    deleteCollection: (...args) => write(() => client.deleteCollection(...args)),
  };
}
