import { afterEach, describe, expect, test } from 'vitest';
import type { ConfigMap } from '../src/api.generated.ts';
import type { KubeClient, WatchEvent } from '../src/client.ts';
import { configMaps } from '../src/resources.ts';

export interface OpenedClient {
  readonly client: KubeClient;
  close(): Promise<void>;
}

const namespace = 'default';
const purpose = 'client-contract';

function configMap(name: string, rest: { readonly labels?: Record<string, string>; readonly data?: object } = {}) {
  const labels = { purpose, ...rest.labels };
  return { metadata: { name, namespace, labels }, data: { ...rest.data } } satisfies ConfigMap;
}

/** What every client of a Kubernetes API keeps, by whatever transport. `open` gives a client of a cluster that has the namespace `default` and none of our objects. */
export function describeClientContract(name: string, open: () => Promise<OpenedClient>): void {
  describe(name, () => {
    const opened: OpenedClient[] = [];
    const start = async (): Promise<KubeClient> => {
      const each = await open();
      opened.push(each);
      return each.client;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((each) => each.close()));
    });

    describe('writing', () => {
      test('a created object comes back with uid and resourceVersion, and is then read the same', async () => {
        const client = await start();
        const created = await client.create(configMaps, configMap('a', { data: { color: 'red' } }));
        expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
        expect(created.metadata.resourceVersion).toMatch(/^\d+$/);
        expect(await client.get(configMaps, { namespace, name: 'a' })).toEqual(created);
      });

      test('an object that was passed in is not changed', async () => {
        const client = await start();
        const given = configMap('a');
        const before = structuredClone(given);
        await client.create(configMaps, given);
        expect(given).toEqual(before);
      });

      test('an undefined field is the same as an absent one', async () => {
        const client = await start();
        const created = await client.create(configMaps, { ...configMap('a'), immutable: undefined });
        expect(created).not.toHaveProperty('immutable');
      });

      test('creating what exists is AlreadyExists', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a'));
        await expect(client.create(configMaps, configMap('a'))).rejects.toMatchObject({
          reason: 'AlreadyExists',
          code: 409,
          details: { name: 'a', kind: 'configmaps' },
        });
      });

      test('an update against an old resourceVersion is a Conflict and changes nothing', async () => {
        const client = await start();
        const first = await client.create(configMaps, configMap('a', { data: { color: 'red' } }));
        await client.update(configMaps, { ...first, data: { color: 'green' } });
        await expect(client.update(configMaps, { ...first, data: { color: 'blue' } })).rejects.toMatchObject({
          reason: 'Conflict',
          code: 409,
        });
        expect((await client.get(configMaps, { namespace, name: 'a' })).data).toEqual({ color: 'green' });
      });

      test('updating what does not exist is NotFound', async () => {
        const client = await start();
        await expect(client.update(configMaps, configMap('a'))).rejects.toMatchObject({ reason: 'NotFound' });
      });

      test('a merge patch joins maps and removes by null', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a', { data: { color: 'red', size: 'small' } }));
        const key = { namespace, name: 'a' };
        const patched = await client.patch(configMaps, key, {
          type: 'merge',
          body: { data: { color: null, shape: 'round' } },
        });
        expect(patched.data).toEqual({ size: 'small', shape: 'round' });
      });

      test('an apply creates what does not exist and changes what does', async () => {
        const client = await start();
        const key = { namespace, name: 'a' };
        const apply = (color: string): Promise<ConfigMap> =>
          client.patch(
            configMaps,
            key,
            { type: 'apply', body: { apiVersion: 'v1', kind: 'ConfigMap', ...configMap('a', { data: { color } }) } },
            { fieldManager: purpose },
          );
        const created = await apply('red');
        const changed = await apply('green');
        expect(changed.metadata.uid).toBe(created.metadata.uid);
        expect(changed.data).toEqual({ color: 'green' });
      });

      test('a dry run answers as if, and writes nothing', async () => {
        const client = await start();
        const created = await client.create(configMaps, configMap('a'), { dryRun: true });
        expect(created.metadata.name).toBe('a');
        await expect(client.get(configMaps, { namespace, name: 'a' })).rejects.toMatchObject({ reason: 'NotFound' });
      });
    });

    describe('deleting', () => {
      test('a deleted object is gone', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a'));
        await client.delete(configMaps, { namespace, name: 'a' }, { propagationPolicy: 'Background' });
        await expect(client.get(configMaps, { namespace, name: 'a' })).rejects.toMatchObject({
          reason: 'NotFound',
          code: 404,
          details: { name: 'a' },
        });
      });

      test('a precondition that does not hold is a Conflict and deletes nothing', async () => {
        const client = await start();
        const { metadata } = await client.create(configMaps, configMap('a'));
        const key = { namespace, name: 'a' };
        const uid = '00000000-0000-4000-8000-ffffffffffff';
        for (const preconditions of [{ uid }, { uid: metadata.uid, resourceVersion: '1' }])
          await expect(client.delete(configMaps, key, { preconditions })).rejects.toMatchObject({ reason: 'Conflict' });
        const { uid: ownUid, resourceVersion } = (await client.get(configMaps, key)).metadata;
        await client.delete(configMaps, key, { preconditions: { uid: ownUid, resourceVersion } });
      });

      test('an empty name is refused before it can address the whole collection', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a'));
        await expect(client.delete(configMaps, { namespace, name: '' })).rejects.toMatchObject({
          reason: 'BadRequest',
        });
        await client.get(configMaps, { namespace, name: 'a' });
      });

      test('a collection is deleted by its selector only', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a', { labels: { tier: 'front' } }));
        await client.create(configMaps, configMap('b', { labels: { tier: 'back' } }));
        await client.deleteCollection(configMaps, { namespace, labelSelector: `purpose=${purpose},tier=front` });
        expect(await namesOf(client, { labelSelector: `purpose=${purpose}` })).toEqual(['b']);
      });
    });

    describe('listing', () => {
      test('selects by labels and by fields', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a', { labels: { tier: 'front' } }));
        await client.create(configMaps, configMap('b', { labels: { tier: 'back' } }));
        await client.create(configMaps, configMap('c'));
        expect(await namesOf(client, { labelSelector: `purpose=${purpose},tier in (front,back)` })).toEqual(['a', 'b']);
        expect(await namesOf(client, { labelSelector: `purpose=${purpose},!tier` })).toEqual(['c']);
        expect(await namesOf(client, { fieldSelector: 'metadata.name=b' })).toEqual(['b']);
      });

      test('covers all namespaces when none is named', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a'));
        const { items } = await client.list(configMaps, { labelSelector: `purpose=${purpose}` });
        expect(items.map(({ metadata }) => metadata.namespace)).toEqual([namespace]);
      });

      test('a selector that cannot be read is a BadRequest', async () => {
        const client = await start();
        await expect(client.list(configMaps, { namespace, labelSelector: 'a in b' })).rejects.toMatchObject({
          reason: 'BadRequest',
        });
      });
    });

    test('metadata alone is listed and watched where nothing else is asked for', async () => {
      const client = await start();
      await client.create(configMaps, configMap('a', { data: { color: 'red' } }));
      const selection = { namespace, labelSelector: `purpose=${purpose}`, metadataOnly: true };
      const { items, metadata } = await client.list(configMaps, selection);
      expect(items.map((item) => [item.metadata.name, item.data])).toEqual([['a', undefined]]);
      const stop = new AbortController();
      const watched = collect(
        client.watch(configMaps, { ...selection, resourceVersion: metadata.resourceVersion, signal: stop.signal }),
        () => stop.abort(),
      );
      await client.create(configMaps, configMap('b', { data: { color: 'red' } }));
      const [event] = await watched;
      expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } });
      expect(event?.object).not.toHaveProperty('data');
    });

    describe('watching', () => {
      test('gives every change after the revision of a list, in order', async () => {
        const client = await start();
        const { metadata } = await client.list(configMaps, { namespace });
        const first = await client.create(configMaps, configMap('a', { data: { color: 'red' } }));
        await client.update(configMaps, { ...first, data: { color: 'green' } });
        await client.delete(configMaps, { namespace, name: 'a' });
        const events = await take(client, { from: metadata.resourceVersion, count: 3 });
        expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
        const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
        expect(versions).toEqual(versions.toSorted((a, b) => a - b));
        expect(new Set(versions).size).toBe(3);
      });

      test('an object that ceases to be selected is DELETED to the watch', async () => {
        const client = await start();
        const { metadata } = await client.list(configMaps, { namespace });
        const first = await client.create(configMaps, configMap('a', { labels: { tier: 'front' } }));
        await client.update(configMaps, {
          ...first,
          metadata: { ...first.metadata, labels: { purpose, tier: 'back' } },
        });
        const events = await take(client, {
          from: metadata.resourceVersion,
          count: 2,
          labelSelector: `purpose=${purpose},tier=front`,
        });
        expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
      });

      test('ends without an error when it is aborted while it waits', async () => {
        const client = await start();
        const { metadata } = await client.list(configMaps, { namespace });
        const stop = new AbortController();
        const watched = collect(
          client.watch(configMaps, { namespace, resourceVersion: metadata.resourceVersion, signal: stop.signal }),
          () => stop.abort(),
        );
        await client.create(configMaps, configMap('a'));
        expect((await watched).map(({ type }) => type)).toEqual(['ADDED']);
      });

      test('ends without an error when it was aborted before it began', async () => {
        const client = await start();
        const signal = AbortSignal.abort();
        expect(await collect(client.watch(configMaps, { namespace, signal }))).toEqual([]);
      });
    });

    describe('raw requests', () => {
      test('give the answer as it is, failures too', async () => {
        const client = await start();
        await client.create(configMaps, configMap('a'));
        const found = await client.request({ method: 'GET', path: `/api/v1/namespaces/${namespace}/configmaps/a` });
        expect(found.status).toBe(200);
        expect(JSON.parse(await textOf(found.body))).toMatchObject({ metadata: { name: 'a' } });
        const missing = await client.request({ method: 'GET', path: `/api/v1/namespaces/${namespace}/configmaps/b` });
        expect(missing.status).toBe(404);
        expect(JSON.parse(await textOf(missing.body))).toMatchObject({ kind: 'Status', reason: 'NotFound' });
      });
    });
  });
}

async function namesOf(
  client: KubeClient,
  selection: { readonly labelSelector?: string; readonly fieldSelector?: string },
): Promise<readonly (string | undefined)[]> {
  const { items } = await client.list(configMaps, { namespace, ...selection });
  return items.map(({ metadata }) => metadata.name).toSorted();
}

async function take(
  client: KubeClient,
  what: { readonly from: string | undefined; readonly count: number; readonly labelSelector?: string },
): Promise<readonly WatchEvent<ConfigMap>[]> {
  const stop = new AbortController();
  const labelSelector = what.labelSelector ?? `purpose=${purpose}`;
  const events: WatchEvent<ConfigMap>[] = [];
  const stream = client.watch(configMaps, {
    namespace,
    resourceVersion: what.from,
    labelSelector,
    signal: stop.signal,
  });
  for await (const event of stream) {
    if (event.type !== 'BOOKMARK') events.push(event);
    if (events.length === what.count) break;
  }
  stop.abort();
  return events;
}

async function collect<E>(stream: AsyncIterable<E>, onEvent: () => void = () => undefined): Promise<readonly E[]> {
  const events: E[] = [];
  for await (const event of stream) {
    events.push(event);
    onEvent();
  }
  return events;
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
