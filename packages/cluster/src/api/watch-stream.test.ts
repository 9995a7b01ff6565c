import { configMaps } from '@slipway/kube/resources';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { configMap } from '../schema/catalog/core.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { storeKey } from './object-key.ts';
import { ResourceStore } from './resource-store.ts';
import { openWatch, type WatchRequest, type WatchStreamEvent } from './watch-stream.ts';

const manyObjects = 10_500;

let store: MemoryStore;
let clock: FakeClock;

beforeEach(() => {
  store = new MemoryStore({ ring: { maxEvents: 2 * manyObjects, maxSize: 64 * 1024 * 1024 } });
  clock = new FakeClock();
});

function open(request: Partial<WatchRequest>): AsyncIterable<WatchStreamEvent> {
  return openWatch(new ResourceStore(store), clock, {
    definition: configMap,
    namespace: undefined,
    matcher: undefined,
    afterRevision: undefined,
    sendInitialEvents: false,
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
    const read = await readUntilBookmark(open({ sendInitialEvents: true }));
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
