import { Informer } from '@slipway/kube/informer';
import { configMaps } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { createMemoryCluster } from '../../testing/memory-cluster.ts';
import { OwnWrites } from '@slipway/kube/own-writes';

const key = { namespace: 'default', name: 'owner' };
const name = { namespace: 'default', name: 'written' };
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function given() {
  const clock = new FakeClock();
  const cluster = await createMemoryCluster({ clock });
  const stopping = new AbortController();
  const informer = new Informer({ client: cluster.client, type: configMaps, clock });
  informer.start(stopping.signal);
  ends.push(async () => {
    stopping.abort(new Error('the test has ended'));
    await clock.advance(0);
    await cluster.close();
  });
  await clock.advance(0);
  return { client: cluster.client, clock, informer, stopping, writes: new OwnWrites(clock) };
}

describe('what a controller has written', () => {
  it('is seen when the cache has come that far, and no sooner', async () => {
    const { client, clock, informer, writes } = await given();
    const written = await client.create(configMaps, { metadata: name });
    const version = Number(written.metadata.resourceVersion);
    const behind = { ...written, metadata: { ...written.metadata, resourceVersion: String(version + 1) } };
    await clock.advance(0);
    writes.wrote(key, informer, written);
    expect(writes.areSeen(key)).toBe(true);
    writes.wrote(key, informer, behind);
    expect(writes.areSeen(key)).toBe(false);
    expect(writes.areSeen({ ...key, name: 'another' })).toBe(true);
    await client.create(configMaps, { metadata: { ...name, name: 'next' } });
    await clock.advance(0);
    expect(writes.areSeen(key)).toBe(true);
  });

  it('is seen as deleted when it is gone or says that it is going', async () => {
    const { client, clock, informer, writes } = await given();
    const kept = { ...name, finalizers: ['example.com/keep'] };
    const written = await client.create(configMaps, { metadata: kept });
    await clock.advance(0);
    writes.deleted(key, informer, written);
    expect(writes.areSeen(key)).toBe(false);
    await client.delete(configMaps, name);
    await clock.advance(0);
    expect(writes.areSeen(key)).toBe(true);
  });

  it('is forgotten after five minutes: a cache that far behind has other troubles', async () => {
    const { client, clock, informer, stopping, writes } = await given();
    stopping.abort(new Error('the connection is gone'));
    await clock.advance(0);
    writes.wrote(key, informer, await client.create(configMaps, { metadata: name }));
    await clock.advance(299_000);
    expect(writes.areSeen(key)).toBe(false);
    await clock.advance(2_000);
    expect(writes.areSeen(key)).toBe(true);
  });
});
