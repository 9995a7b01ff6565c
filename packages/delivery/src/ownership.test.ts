/** What the controller leaves alone, whatever is released, taken back and scaled. */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { Informer } from '@slipway/kube/informer';
import { endpointSlices, podDisruptionBudgets, pods, replicaSets, services } from '@slipway/kube/resources';
import { splits } from '@slipway/kube/split';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../testing/delivery-cluster.ts';
import type { ApplicationSpec } from './api/application.ts';
import { releases } from './api/release.ts';

let cluster: DeliveryCluster;
let stopping: AbortController;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await cluster.stop();
});

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }] } },
    guardSeconds: 1,
    drainSeconds: 1,
    keepFailedSeconds: 0,
    ...more,
  };
}

interface Seen {
  readonly owners: ReadonlySet<string>;
  /** Of an object after its creation. */
  readonly changedSelectors: readonly string[];
}

/** From now on, of every object of the namespace that there ever is. */
function watchAll(): Seen {
  const owners = new Set<string>();
  const changedSelectors: string[] = [];
  const follow = <T extends KubeObject>(type: ResourceType<T>, selectorOf?: (object: T) => unknown): void => {
    const informer = new Informer<T>({ client: cluster.client, clock: cluster.clock, type, namespace: 'default' });
    informer.onChange(({ current, old }) => {
      for (const { kind } of current?.metadata.ownerReferences ?? []) owners.add(`${type.kind} of ${kind}`);
      if (selectorOf === undefined || current === undefined || old === undefined) return;
      if (JSON.stringify(selectorOf(current)) !== JSON.stringify(selectorOf(old)))
        changedSelectors.push(`${type.kind}/${current.metadata.name ?? ''}`);
    });
    informer.start(stopping.signal);
  };
  follow(services, (service) => service.spec?.selector);
  follow(replicaSets, (set) => set.spec?.selector);
  follow(pods);
  follow(splits);
  follow(releases);
  follow(podDisruptionBudgets);
  follow(endpointSlices);
  return { owners, changedSelectors };
}

test('no spec of an Application, no selector and no owner of what serves is ever written', async () => {
  const seen = watchAll();
  const asked: Partial<ApplicationSpec>[] = [spec('a'), spec('b'), spec('b', { replicas: 4 }), spec('c')];
  const generations: (number | undefined)[] = [];
  for (const [index, next] of asked.entries()) {
    await cluster.deploy(next);
    await cluster.advance(10_000);
    if (index === 1) await cluster.command('abort');
    if (index === 2) await cluster.command('retry');
    if (index === 3) await cluster.command('promote');
    await cluster.advance(20_000);
    const { metadata, spec: written } = await cluster.application();
    generations.push(metadata.generation);
    expect(written).toMatchObject(next);
  }
  await cluster.command('rollback', '1');
  await cluster.advance(20_000);
  const { metadata, status } = await cluster.application();
  expect(status?.serving?.version).toBe('1');
  expect([...generations, metadata.generation]).toEqual([1, 2, 3, 4, 4]);
  const writers = metadata.managedFields?.filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('"f:spec"'));
  expect(writers?.map(({ manager }) => manager)).toEqual(['test']);
  expect(seen.changedSelectors).toEqual([]);
  expect([...seen.owners].toSorted()).toEqual(['EndpointSlice of Service', 'Pod of ReplicaSet']);
});
