import type { ConfigMap, Service } from '@slipway/kube/api.generated';
import type { ObjectKey } from '@slipway/kube/object';
import { configMaps, namespaces, services } from '@slipway/kube/resources';
import { silentLogger } from '@slipway/kube/logger';
import { afterEach, expect, test } from 'vitest';
import { createMemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { installKinds } from '../install-kinds.ts';
import { labels } from '../names.ts';
import { startCaches } from './caches.ts';
import { noteWrites } from './noted-client.ts';

const key: ObjectKey = { namespace: 'default', name: 'shop' };
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function given() {
  const clock = new FakeClock();
  const { client, close } = await createMemoryCluster({ clock });
  const stopping = new AbortController();
  ends.push(async () => {
    stopping.abort(new Error('the test has ended'));
    await clock.advance(0);
    await close();
  });
  await installKinds(client, stopping.signal);
  const caches = startCaches({ client, clock, logger: silentLogger, random: () => 0, signal: stopping.signal });
  await caches.services.synced();
  const noted: string[] = [];
  const writes = {
    wrote: (of: ObjectKey, _: unknown, written: { metadata: { name?: string | undefined } }): void => {
      noted.push(`${of.name} wrote ${written.metadata.name ?? ''}`);
    },
    deleted: (of: ObjectKey, _: unknown, seen: { metadata: { name?: string | undefined } }): void => {
      noted.push(`${of.name} deleted ${seen.metadata.name ?? ''}`);
    },
  };
  return { clock, noted, noting: noteWrites(client, { key, writes, caches }) };
}

const service: Service = {
  metadata: { name: 'shop-v1', namespace: 'default', labels: { [labels.application]: 'shop' } },
  spec: { ports: [{ port: 80 }] },
};

test('notes what it has made, changed and deleted, for the Application that was looked at', async () => {
  const { clock, noted, noting } = await given();
  const created = await noting.create(services, service);
  await noting.update(services, created);
  const body = { metadata: { annotations: { note: 'x' } } };
  await noting.patch(services, { namespace: 'default', name: 'shop-v1' }, { type: 'merge', body });
  await clock.advance(0);
  await noting.delete(services, { namespace: 'default', name: 'shop-v1' });
  expect(noted).toEqual(['shop wrote shop-v1', 'shop wrote shop-v1', 'shop wrote shop-v1', 'shop deleted shop-v1']);
});

test('notes nothing that no copy will ever show', async () => {
  const { noted, noting } = await given();
  const configuration: ConfigMap = { metadata: { name: 'tried', namespace: 'default' } };
  await noting.create(configMaps, configuration, { dryRun: true });
  await noting.create(namespaces, { metadata: { name: 'elsewhere' } });
  await expect(noting.delete(services, { namespace: 'default', name: 'none' })).rejects.toThrow('not found');
  expect(noted).toEqual([]);
});
