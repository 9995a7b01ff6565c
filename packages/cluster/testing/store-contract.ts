import { afterEach, describe, expect, test } from 'vitest';
import { RevisionCompacted, RevisionConflict, type Store, type StoreEvent } from '../src/store/store.ts';

const encode = (text: string) => (revision: number) => JSON.stringify({ text, revision });

/** What every store keeps, whatever makes it durable. `open` gives an empty store. */
export function describeStoreContract(name: string, open: () => Promise<Store>): void {
  describe(name, () => {
    const opened: Store[] = [];
    const start = async (): Promise<Store> => {
      const store = await open();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    test('a written object is read back with the revision that its text names', async () => {
      const store = await start();
      const revision = await store.write({ key: '/apps/deployments/a/x', expected: 0, encode: encode('one') });
      expect(store.revision).toBe(revision);
      expect(store.get('/apps/deployments/a/x')).toMatchObject({
        key: '/apps/deployments/a/x',
        revision,
        value: JSON.stringify({ text: 'one', revision }),
      });
    });

    test('a write is not visible before it is acknowledged', async () => {
      const store = await start();
      const written = store.write({ key: '/k', expected: 0, encode: encode('one') });
      expect(store.get('/k')).toBeUndefined();
      expect(store.revision).toBe(0);
      await written;
      expect(store.get('/k')).toBeDefined();
    });

    test('of two creations of one key the first wins, and the other learns of the durable winner', async () => {
      const store = await start();
      const results = await Promise.allSettled([
        store.write({ key: '/k', expected: 0, encode: encode('first') }),
        store.write({ key: '/k', expected: 0, encode: encode('second') }),
      ]);
      expect(results[0]).toMatchObject({ status: 'fulfilled', value: 1 });
      expect(results[1]).toMatchObject({ status: 'rejected', reason: { current: store.get('/k') } });
      expect(store.revision).toBe(1);
    });

    test('an update against an old revision is a conflict and changes nothing', async () => {
      const store = await start();
      const first = await store.write({ key: '/k', expected: 0, encode: encode('one') });
      await store.write({ key: '/k', expected: first, encode: encode('two') });
      const stale = store.write({ key: '/k', expected: first, encode: encode('three') });
      await expect(stale).rejects.toBeInstanceOf(RevisionConflict);
      expect(store.get('/k')?.value).toContain('two');
    });

    test('a deletion takes a revision of its own and its event carries the last object', async () => {
      const store = await start();
      const created = await store.write({ key: '/k', expected: 0, encode: encode('one') });
      const events: StoreEvent[] = [];
      store.watch('/', created, (event) => events.push(event));
      const deleted = await store.write({ key: '/k', expected: created, encode: undefined });
      expect(deleted).toBe(created + 1);
      expect(store.get('/k')).toBeUndefined();
      expect(events).toMatchObject([{ type: 'delete', key: '/k', revision: deleted, previous: { revision: created } }]);
      expect(events[0]?.value).toContain('one');
    });

    test('deleting what does not exist is refused and takes no revision', async () => {
      const store = await start();
      await expect(store.write({ key: '/k', expected: 3, encode: undefined })).rejects.toBeInstanceOf(RevisionConflict);
      await expect(store.write({ key: '/k', expected: 0, encode: undefined })).rejects.toThrow('nothing to delete');
      expect(store.revision).toBe(0);
    });

    test('a list of an earlier revision holds what there was then, and nothing of later', async () => {
      const store = await start();
      const key = (name: string): string => `/k/${name}`;
      const changed = await store.write({ key: key('changed'), expected: 0, encode: encode('old') });
      const deleted = await store.write({ key: key('deleted'), expected: 0, encode: encode('there') });
      await store.write({ key: '/other', expected: 0, encode: encode('elsewhere') });
      const then = store.revision;
      const before = store.list('/k/');
      const newer = await store.write({ key: key('changed'), expected: changed, encode: encode('new') });
      await store.write({ key: key('changed'), expected: newer, encode: encode('newest') });
      const created = await store.write({ key: key('created'), expected: 0, encode: encode('late') });
      await store.write({ key: key('deleted'), expected: deleted, encode: undefined });
      expect(store.listAt('/k/', then)).toEqual(before);
      expect(store.listAt('/k/', created).map((object) => object.key)).toEqual(
        ['changed', 'created', 'deleted'].map(key),
      );
      expect(store.listAt('/k/', store.revision)).toEqual(store.list('/k/'));
    });

    test('a list holds exactly the keys under the prefix, in order', async () => {
      const store = await start();
      const keys = ['/a/x/2', '/a/x/1', '/a/xy/1', '/b/x/1', '/a/x/1/sub'];
      await Promise.all(keys.map((key) => store.write({ key, expected: 0, encode: encode(key) })));
      expect(store.list('/a/x/').map((object) => object.key)).toEqual(['/a/x/1', '/a/x/1/sub', '/a/x/2']);
      expect(store.count('/a/x/')).toBe(3);
      expect(store.count('/')).toBe(5);
      expect(store.list('/c/')).toEqual([]);
    });

    test('a failing encode fails its own write only', async () => {
      const store = await start();
      const failing = store.write({
        key: '/k',
        expected: 0,
        encode: () => {
          throw new TypeError('not serializable');
        },
      });
      const other = store.write({ key: '/l', expected: 0, encode: encode('fine') });
      await expect(failing).rejects.toThrow('not serializable');
      expect(await other).toBe(1);
    });

    test('a watch replays what happened since and goes on without a gap', async () => {
      const store = await start();
      await store.write({ key: '/a/1', expected: 0, encode: encode('1') });
      await store.write({ key: '/b/1', expected: 0, encode: encode('2') });
      await store.write({ key: '/a/2', expected: 0, encode: encode('3') });
      const seen: number[] = [];
      const watch = store.watch('/a/', 1, (event) => seen.push(event.revision));
      expect(seen).toEqual([3]);
      await store.write({ key: '/a/3', expected: 0, encode: encode('4') });
      expect(seen).toEqual([3, 4]);
      watch.close();
      await store.write({ key: '/a/4', expected: 0, encode: encode('5') });
      expect(seen).toEqual([3, 4]);
    });

    test('a watcher has seen a write when its writer hears of it, and reads what the event says', async () => {
      const store = await start();
      const order: string[] = [];
      store.watch('/', 0, (event) => order.push(`event ${event.revision} ${store.get(event.key)?.revision}`));
      await store.write({ key: '/k', expected: 0, encode: encode('1') }).then(() => order.push('acknowledged'));
      expect(order).toEqual(['event 1 1', 'acknowledged']);
    });

    test('a watch that begins inside a listener sees every later event once', async () => {
      const store = await start();
      const inner: number[] = [];
      let isStarted = false;
      store.watch('/', 0, (event) => {
        if (isStarted) return;
        isStarted = true;
        store.watch('/', event.revision - 1, (nested) => inner.push(nested.revision));
      });
      await Promise.all(['/1', '/2', '/3'].map((key) => store.write({ key, expected: 0, encode: encode(key) })));
      expect(inner).toEqual([1, 2, 3]);
    });

    test('after closing, writes are refused', async () => {
      const store = await start();
      const last = store.write({ key: '/k', expected: 0, encode: encode('1') });
      await store.close();
      expect(await last).toBe(1);
      await expect(store.write({ key: '/l', expected: 0, encode: encode('2') })).rejects.toThrow('closed');
    });

    test('a watch from before what is known says so', async () => {
      const store = await start();
      for (let index = 0; index < 12_000; index += 500) {
        const keys = Array.from({ length: 500 }, (_, offset) => `/k/${index + offset}`);
        await Promise.all(keys.map((key) => store.write({ key, expected: 0, encode: encode('x') })));
      }
      expect(() => store.watch('/', 0, () => undefined)).toThrow(RevisionCompacted);
      expect(store.list('/k/')).toHaveLength(12_000);
    });
  });
}
