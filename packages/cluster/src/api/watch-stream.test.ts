import { configMaps } from '@slipway/kube/resources';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { configMap } from '../schema/catalog/core.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { storeKey } from './object-key.ts';
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
    expect(() => open({ afterRevision: 2 })).toThrow(
      expect.objectContaining({ reason: 'Expired', message: 'Too large resource version: 2, current: 1' }),
    );
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

describe('batches of a watch', () => {
  const namesOf = (batch: IteratorResult<readonly WatchStreamEvent[]>): readonly unknown[] =>
    batch.done === true ? ['end'] : batch.value.map(({ object }) => object.metadata.name);

  it('begin with what exists and go on with what has happened together', async () => {
    await Promise.all([put('a'), put('b')]);
    const batches = open({}).batches()[Symbol.asyncIterator]();
    expect(namesOf(await batches.next())).toEqual(['a', 'b']);
    await Promise.all([put('c'), put('d')]);
    expect(namesOf(await batches.next())).toEqual(['c', 'd']);
    const next = batches.next();
    await put('e');
    expect(namesOf(await next)).toEqual(['e']);
    await batches.return?.();
    expect(clock.pendingTimers).toBe(0);
  });

  it('of many watches wait for their turn, and tell all the very same events', async () => {
    const all = Array.from({ length: 500 }, () => open({}).batches()[Symbol.asyncIterator]());
    const told = Promise.all(all.map((batches) => batches.next()));
    await put('a');
    await put('b');
    await clock.advance(20);
    expect((await told).map(namesOf)).toEqual(all.map(() => ['a', 'b']));
    expect(new Set((await told).map(({ value }) => value[0])).size).toBe(1);
    for (const batches of all) await batches.return?.();
    expect(clock.pendingTimers).toBe(0);
  });

  it('of many watches are sent group by group, and no event is late by more than a period', async () => {
    const turns = new Set<number>();
    const abort = new AbortController();
    let told = 0;
    const read = async (): Promise<void> => {
      for await (const batch of open({ afterRevision: 0, signal: abort.signal }).batches()) {
        told += batch.length;
        turns.add(clock.monotonic());
      }
    };
    const all = Promise.all(Array.from({ length: 500 }, read));
    for (const name of ['a', 'b', 'c']) {
      await put(name);
      await clock.advance(20);
    }
    expect(told).toBe(3 * 500);
    expect(turns.size).toBeGreaterThan(20);
    abort.abort();
    await all;
  });

  it('end with the watch, and what had happened is told before', async () => {
    const abort = new AbortController();
    const batches = open({ afterRevision: 0, signal: abort.signal }).batches()[Symbol.asyncIterator]();
    const first = batches.next();
    await put('a');
    expect(namesOf(await first)).toEqual(['a']);
    await put('b');
    abort.abort();
    expect(namesOf(await batches.next())).toEqual(['b']);
    expect(namesOf(await batches.next())).toEqual(['end']);
  });
});
