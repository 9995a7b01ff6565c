import { FakeApi } from '../../../../kube/testing/fake-api.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createClient } from '@slipway/kube/kube-client';
import { silentLogger } from '@slipway/kube/logger';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { configMaps, customResourceDefinitions, events, secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SharedInformers } from '../shared-informers.ts';
import { GraphBuilder } from './graph-builder.ts';
import { OwnerGraph } from './owner-graph.ts';

let stop: AbortController;
beforeEach(() => {
  stop = new AbortController();
});
afterEach(() => stop.abort());

async function createWorld() {
  const types: ResourceType[] = [configMaps, customResourceDefinitions];
  const clock = new FakeClock();
  const api = new FakeApi();
  const client = createClient(api);
  const graph = new OwnerGraph();
  const builder = new GraphBuilder({
    ...{ client, clock, graph, signal: stop.signal, logger: silentLogger, random: () => 0.5 },
    informers: {} as SharedInformers,
    allTypes: () => types,
  });
  const looks: string[] = [];
  builder.subscribe(({ name }) => looks.push(name));
  await clock.advance(0);
  const create = async (name: string, owner?: KubeObject): Promise<KubeObject> => {
    const { uid = '', name: ownerName = '' } = owner?.metadata ?? {};
    const ownerReferences = owner && [{ apiVersion: 'v1', kind: 'ConfigMap', name: ownerName, uid }];
    const created = await client.create(configMaps, { metadata: { namespace: 'default', name, ownerReferences } });
    await clock.advance(0);
    return created;
  };
  const remove = async (name: string): Promise<void> => {
    await client.delete(configMaps, { namespace: 'default', name });
    await clock.advance(0);
  };
  const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';
  return { api, builder, client, clock, graph, looks, types, create, remove, uidOf };
}

const definition = {
  metadata: { name: 'secrets.example.org' },
  spec: {
    group: 'example.org',
    scope: 'Namespaced',
    names: { plural: 'secrets', kind: 'Secret' },
    versions: [],
  },
};

describe('the graph of owners', () => {
  it('holds nobody who neither owns nor is owned', async () => {
    const { graph, looks, create, uidOf } = await createWorld();
    const alone = await create('alone');
    expect([graph.get(uidOf(alone)), looks]).toEqual([undefined, []]);
  });

  it('looks at what is owned by somebody who is not in it, who is in it once he has been read', async () => {
    const { builder, graph, looks, create, uidOf } = await createWorld();
    const owner = await create('owner');
    const owned = await create('owned', owner);
    expect(looks.splice(0)).toEqual([uidOf(owned)]);
    expect(builder.learn(configMaps, owner, builder.deletionsOf(configMaps))).toBe(true);
    await create('another', owner);
    expect([graph.get(uidOf(owner))?.uid, looks]).toEqual([uidOf(owner), []]);
  });

  it('looks at what is owned when its owner goes, whether he was read or not', async () => {
    const { builder, looks, create, remove, uidOf } = await createWorld();
    const [read, unread] = [await create('read'), await create('unread')];
    const [one, other] = [await create('one', read), await create('other', unread)];
    builder.learn(configMaps, read, builder.deletionsOf(configMaps));
    looks.length = 0;
    await remove('read');
    await remove('unread');
    expect(looks).toEqual([uidOf(one), uidOf(other)]);
  });

  it('takes in no owner who may have gone since he was read', async () => {
    const { builder, graph, create, remove, uidOf } = await createWorld();
    const owner = await create('owner');
    const before = builder.deletionsOf(configMaps);
    await remove('owner');
    expect(builder.learn(configMaps, owner, before)).toBe(false);
    expect(graph.get(uidOf(owner))).toBeUndefined();
  });

  it('takes in no owner who was read before a list, which tells nothing of who went before it', async () => {
    const { api, builder, clock, create, remove } = await createWorld();
    const owner = await create('owner');
    const before = builder.deletionsOf(configMaps);
    api.silenceWatches();
    await remove('owner');
    api.compact();
    await clock.advance(150_000);
    expect(builder.learn(configMaps, owner, before)).toBe(false);
  });

  it('takes in an owner once it has heard of the end of another one of that name', async () => {
    const { api, builder, clock, graph, looks, create, remove, uidOf } = await createWorld();
    const learn = (owner: KubeObject): boolean => builder.learn(configMaps, owner, builder.deletionsOf(configMaps));
    learn(await create('owner'));
    api.silenceWatches();
    await remove('owner');
    const owner = await create('owner');
    expect(learn(owner)).toBe(false);
    await clock.advance(150_000);
    expect(learn(owner)).toBe(true);
    const owned = await create('owned', owner);
    api.silenceWatches();
    await remove('owner');
    api.compact();
    await clock.advance(150_000);
    expect([graph.get(uidOf(owner)), looks]).toEqual([undefined, [uidOf(owned)]]);
  });

  it('follows kinds of others that are called Event too', async () => {
    const { client, clock, looks, types, create, uidOf } = await createWorld();
    const owner = await create('owner');
    const type = { group: 'example.org', version: 'v1', kind: 'Event', plural: 'events', namespaced: true };
    types.push(events, { ...events, group: 'events.k8s.io' }, type);
    await client.create(customResourceDefinitions, definition);
    await clock.advance(0);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: uidOf(owner) }];
    for (const each of types.slice(-3))
      await client.create(each, { metadata: { namespace: 'default', name: each.group || 'core', ownerReferences } });
    await clock.advance(0);
    const owned = await client.get(type, { namespace: 'default', name: 'example.org' });
    expect(looks).toEqual([uidOf(owned)]);
  });

  it('follows a kind in another version when that which it followed is served no more', async () => {
    const { client, clock, looks, types, create, uidOf } = await createWorld();
    const owner = await create('owner');
    const type = { group: 'example.org', version: 'v1', kind: 'Thing', plural: 'things', namespaced: true };
    types.push({ ...type, version: 'v1alpha1' });
    const { metadata } = await client.create(customResourceDefinitions, definition);
    await clock.advance(0);
    types.splice(-1, 1, type);
    await client.patch(customResourceDefinitions, { name: metadata.name ?? '' }, { type: 'merge', body: { spec: {} } });
    await clock.advance(0);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: uidOf(owner) }];
    const owned = await client.create(type, { metadata: { namespace: 'default', name: 'owned', ownerReferences } });
    await clock.advance(0);
    expect(looks).toEqual([uidOf(owned)]);
  });

  it('follows a kind that is served from now on', async () => {
    const { client, clock, looks, types, create, uidOf } = await createWorld();
    const owner = await create('owner');
    types.push(secrets);
    await client.create(customResourceDefinitions, definition);
    await clock.advance(0);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: uidOf(owner) }];
    const owned = await client.create(secrets, { metadata: { namespace: 'default', name: 'owned', ownerReferences } });
    await clock.advance(0);
    expect(looks).toEqual([uidOf(owned)]);
  });
});
