import { configMaps } from '@slipway/kube/resources';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '@slipway/kube/clock';
import { FakeClock, settle } from '../../../kube/testing/fake-clock.ts';
import { configMap } from '../schema/catalog/core.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { storeKey } from './object-key.ts';
import { OpenWatches } from './open-watches.ts';
import { ResourceStore } from './resource-store.ts';
import type { WatchEvents, WatchStreamEvent } from './watch-event.ts';
import { openWatch, type WatchRequest } from './watch-stream.ts';

const manyObjects = 10_500;

let store: MemoryStore;
let resources: ResourceStore;
let clock: FakeClock;

beforeEach(() => {
  store = new MemoryStore({ ring: { maxEvents: 2 * manyObjects, maxSize: 64 * 1024 * 1024 } });
  resources = new ResourceStore(store);
  clock = new FakeClock();
});

function open(request: Partial<WatchRequest>): WatchEvents {
  return openWatch(resources, clock, {
    definition: configMap,
    namespace: undefined,
    matcher: undefined,
    afterRevision: undefined,
    sendInitialEvents: undefined,
    bookmarks: false,
    timeoutMilliseconds: undefined,
    signal: undefined,
    ...request,
  });
}

function put(name: string): Promise<number> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
  return store.write({ key: storeKey(configMaps, 'default', name), expected: 0, encode: () => JSON.stringify(object) });
}

async function putMany(): Promise<void> {
  await Promise.all(Array.from({ length: manyObjects }, (_, index) => put(`c-${index}`)));
}

async function readUntilBookmark(events: AsyncIterable<WatchStreamEvent>): Promise<readonly WatchStreamEvent[]> {
  const read: WatchStreamEvent[] = [];
  for await (const event of events) {
    read.push(event);
    if (event.type === 'BOOKMARK') break;
  }
  return read;
}

describe('openWatch', () => {
  it('begins with everything that exists, however much that is', async () => {
    await putMany();
    const read = await readUntilBookmark(open({ sendInitialEvents: true, bookmarks: true }));
    expect(read).toHaveLength(manyObjects + 1);
    expect(read.at(-1)?.object.metadata).toEqual({
      resourceVersion: String(manyObjects),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends what changes meanwhile after what existed', async () => {
    await put('a');
    const events = open({});
    await put('b');
    const names: (string | undefined)[] = [];
    for await (const { object } of events) if (names.push(object.metadata.name) === 2) break;
    expect(names).toEqual(['a', 'b']);
  });

  it('leaves out what its reader ignores, of what is replayed and of what changes', async () => {
    await put('a');
    await put('ignored');
    const asked: string[] = [];
    const events = open({
      afterRevision: 1,
      ignores: ({ type, object: { metadata } }) => {
        asked.push(`${type} ${metadata.name ?? ''}`);
        return metadata.name?.startsWith('ignored') === true;
      },
    });
    await put('ignored-too');
    await put('b');
    for await (const { object } of events) {
      expect(object.metadata.name).toBe('b');
      break;
    }
    expect(asked).toEqual(['ADDED ignored', 'ADDED ignored-too', 'ADDED b']);
  });

  it('leaves nothing behind when what is replayed is a backlog too long', async () => {
    await put('first');
    await putMany();
    open({ afterRevision: 1, bookmarks: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves nothing behind when its reader has already gone', () => {
    open({ signal: AbortSignal.abort(), bookmarks: true });
    expect(clock.pendingTimers).toBe(0);
  });

  it('refuses a revision that the store has not reached', async () => {
    await put('a');
    const refusal = { reason: 'Expired', message: 'Too large resource version: 2, current: 1' };
    await expect(readUntilBookmark(open({ afterRevision: 2 }))).rejects.toMatchObject(refusal);
    await expect(open({ afterRevision: 2 }).follow(() => undefined)).rejects.toMatchObject(refusal);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('bookmarks', () => {
  const minute = 60_000;

  /** Everything that the stream sends until it ends: the names of objects, the revisions of bookmarks. */
  function record(request: Partial<WatchRequest>): { readonly sent: string[]; readonly ended: Promise<void> } {
    const sent: string[] = [];
    const read = async (events: AsyncIterable<WatchStreamEvent>): Promise<void> => {
      for await (const { type, object } of events)
        sent.push(`${type} ${object.metadata.name ?? object.metadata.resourceVersion ?? ''}`);
    };
    return { sent, ended: read(open(request)) };
  }

  it('come every fifteen seconds where they are allowed, with the revision that the store has reached', async () => {
    await put('a');
    const { sent, ended } = record({ bookmarks: true, afterRevision: 1, timeoutMilliseconds: minute });
    await clock.advance(14_999);
    expect(sent).toEqual([]);
    await clock.advance(1);
    expect(sent).toEqual(['BOOKMARK 1']);
    await put('b');
    await clock.advance(15_000);
    expect(sent).toEqual(['BOOKMARK 1', 'ADDED b', 'BOOKMARK 2']);
    await clock.advance(minute);
    await ended;
  });

  it('tell of changes that the reader does not select', async () => {
    await put('a');
    const { sent, ended } = record({
      bookmarks: true,
      afterRevision: 1,
      matcher: () => false,
      timeoutMilliseconds: minute,
    });
    await put('b');
    await clock.advance(15_000);
    expect(sent).toEqual(['BOOKMARK 2']);
    await clock.advance(minute);
    await ended;
  });

  it('come last of all when a stream ends in time', async () => {
    await put('a');
    const { sent, ended } = record({ bookmarks: true, afterRevision: 1, timeoutMilliseconds: 10_000 });
    await put('b');
    await clock.advance(10_000);
    await ended;
    expect(sent).toEqual(['ADDED b', 'BOOKMARK 2']);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    { name: 'when nobody asks for more', sendInitialEvents: undefined },
    { name: 'after what existed either', sendInitialEvents: true },
  ])('never come where they are not allowed, $name', async ({ sendInitialEvents }) => {
    await put('a');
    const { sent, ended } = record({ sendInitialEvents, timeoutMilliseconds: 10 * minute });
    await clock.advance(10 * minute);
    await ended;
    expect(sent).toEqual(['ADDED a']);
  });

  it.each([undefined, 0])('and nothing that existed, for who declines it and starts at %s', async (afterRevision) => {
    await put('a');
    const { sent, ended } = record({
      bookmarks: true,
      sendInitialEvents: false,
      afterRevision,
      timeoutMilliseconds: 1_000,
    });
    await put('b');
    await clock.advance(1_000);
    await ended;
    expect(sent).toEqual(['ADDED b', 'BOOKMARK 2']);
  });

  it('mark where what existed ends, though there be nothing', async () => {
    const [mark] = await readUntilBookmark(open({ bookmarks: true, sendInitialEvents: true }));
    expect(mark?.object).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { resourceVersion: '0', annotations: { 'k8s.io/initial-events-end': 'true' } },
    });
  });
});

describe('a watch that is sent on', () => {
  const namesOf = (batch: readonly unknown[]): readonly unknown[] =>
    (batch as readonly WatchStreamEvent[]).map(({ object }) => object.metadata.name);

  interface Followed {
    readonly batches: (readonly unknown[])[];
    readonly ended: Promise<void>;
    stop(): void;
  }

  /** `full`: what is to be waited for after each batch. */
  function follow(full?: () => Promise<void>): Followed {
    const abort = new AbortController();
    const batches: (readonly unknown[])[] = [];
    const ended = open({ signal: abort.signal }).follow((batch) => {
      batches.push(batch);
      return full?.();
    });
    return { batches, ended, stop: () => abort.abort() };
  }

  it('begins with what exists and goes on with what has happened together', async () => {
    await Promise.all([put('a'), put('b')]);
    const { batches, ended, stop } = follow();
    await settle();
    await Promise.all([put('c'), put('d')]);
    await settle();
    await put('e');
    await settle();
    expect(batches.map(namesOf)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    stop();
    await ended;
    expect(clock.pendingTimers).toBe(0);
  });

  it('is sent more only when there is room again, and then all that has happened meanwhile', async () => {
    const rooms: PromiseWithResolvers<void>[] = [];
    const { batches, ended, stop } = follow(() => {
      const room = Promise.withResolvers<void>();
      rooms.push(room);
      return room.promise;
    });
    for (const name of ['a', 'b', 'c']) {
      await put(name);
      await settle();
    }
    expect(batches.map(namesOf)).toEqual([['a']]);
    rooms[0]?.resolve();
    await settle();
    expect(batches.map(namesOf)).toEqual([['a'], ['b', 'c']]);
    rooms[1]?.resolve();
    stop();
    await ended;
  });

  it('ends where it cannot be sent', async () => {
    const { ended } = follow(() => {
      throw new Error('broken');
    });
    await Promise.all([expect(ended).rejects.toThrow('broken'), put('a')]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits, as one of many, for its turn, and all are told the very same events', async () => {
    const all = Array.from({ length: 500 }, () => follow());
    await put('a');
    await put('b');
    await clock.advance(20);
    expect(all.map(({ batches }) => batches.map(namesOf))).toEqual(all.map(() => [['a', 'b']]));
    expect(new Set(all.map(({ batches }) => batches[0]?.[0])).size).toBe(1);
    for (const { stop } of all) stop();
    await Promise.all(all.map(({ ended }) => ended));
    expect(clock.pendingTimers).toBe(0);
  });

  it('is sent, as one of many, group by group, and no event is late by more than a period', async () => {
    const turns = new Set<number>();
    const all = Array.from({ length: 500 }, () =>
      follow(() => {
        turns.add(clock.monotonic());
        return Promise.resolve();
      }),
    );
    for (const name of ['a', 'b', 'c']) {
      await put(name);
      await clock.advance(20);
    }
    expect(all.flatMap(({ batches }) => batches.flat())).toHaveLength(3 * 500);
    expect(turns.size).toBeGreaterThan(20);
    for (const { stop } of all) stop();
    await Promise.all(all.map(({ ended }) => ended));
  });

  it('is told what had happened before it ends', async () => {
    const { batches, ended, stop } = follow();
    await settle();
    await put('a');
    await settle();
    await put('b');
    stop();
    await ended;
    expect(batches.map(namesOf)).toEqual([['a'], ['b']]);
  });
});

describe('groups of watches', () => {
  it('that are late are sent to one after the other, and others are heard between them', async () => {
    const watches = new OpenWatches();
    const order: string[] = [];
    const late: (() => void)[] = [];
    // A clock whose timers all come at once, as after a long turn of the event loop.
    const atOnce: Clock = {
      now: () => 0,
      monotonic: () => 0,
      schedule: (_, callback) => {
        late.push(callback);
        return () => undefined;
      },
    };
    const all = Array.from({ length: 50 }, () => watches.begin(atOnce));
    for (const [index, watch] of all.entries()) watch.inTurn(() => order.push(`group ${index % 10}`));
    expect(late).toHaveLength(10);
    const heard = new Promise<void>((resolve) => setImmediate(() => setImmediate(() => resolve())));
    for (const callback of late) callback();
    await heard;
    expect(new Set(order).size).toBeLessThan(5);
    await settle(12);
    expect(order).toEqual(order.toSorted());
    expect(order).toHaveLength(50);
  });
});
