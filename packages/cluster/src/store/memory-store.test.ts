import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeStoreContract } from '../../testing/store-contract.ts';
import type { Journal } from './journal.ts';
import { MemoryStore } from './memory-store.ts';
import { type Mutation, RevisionCompacted, RevisionConflict, type StoreEvent, StoreUnavailable } from './store.ts';

describeStoreContract('memory store', () => Promise.resolve(new MemoryStore()));

/** A journal whose batches end when the test says so. */
class HeldJournal implements Journal {
  readonly #held: { resolve(): void; reject(error: unknown): void }[] = [];
  batches = 0;

  gather(): Promise<void> {
    return Promise.resolve();
  }

  append(): Promise<void> {
    this.batches += 1;
    return new Promise((resolve, reject) => this.#held.push({ resolve, reject }));
  }

  async settle(failure?: StoreUnavailable): Promise<void> {
    const batch = this.#held.shift();
    if (failure === undefined) batch?.resolve();
    else batch?.reject(failure);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const put = (key: string, expected: number, text = 'x'): Mutation => ({
  key,
  expected,
  encode: (revision) => `${text}@${revision}`,
});

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
};

describe('while the disk works', () => {
  test('a conflict with a write that is not durable yet is told only when it is', async () => {
    const journal = new HeldJournal();
    const store = new MemoryStore({ journal });
    const first = store.write(put('/k', 0));
    let conflict: unknown;
    const second = store.write(put('/k', 0)).catch((error: unknown) => (conflict = error));
    await turns();
    expect(conflict).toBeUndefined();
    await journal.settle();
    await Promise.all([first, second]);
    expect(conflict).toBeInstanceOf(RevisionConflict);
    expect(conflict).toMatchObject({ current: { key: '/k', revision: 1 } });
  });

  test('a batch that fails fails its writes, changes nothing, and the next write tries again', async () => {
    const journal = new HeldJournal();
    const store = new MemoryStore({ journal });
    const events: StoreEvent[] = [];
    store.watch('/', 0, (event) => events.push(event));
    const results = Promise.allSettled([
      store.write(put('/k', 0)),
      store.write(put('/k', 0)),
      store.write(put('/l', 0)),
    ]);
    await turns();
    await journal.settle(new StoreUnavailable('disk full'));
    for (const result of await results) expect(result).toMatchObject({ reason: { name: 'StoreUnavailable' } });
    expect([store.revision, store.count('/'), events.length]).toEqual([0, 0, 0]);
    const again = store.write(put('/k', 0));
    await turns();
    await journal.settle();
    expect(await again).toBe(1);
  });

  test('a write that came during a batch that fails does not fail with it', async () => {
    const journal = new HeldJournal();
    const store = new MemoryStore({ journal });
    const failing = store.write(put('/k', 0)).catch((error: unknown) => error);
    await turns();
    const later = store.write(put('/l', 0));
    await journal.settle(new StoreUnavailable('disk full'));
    await journal.settle();
    expect(await failing).toBeInstanceOf(StoreUnavailable);
    expect(await later).toBe(1);
  });

  test('writes that wait become one batch', async () => {
    const journal = new HeldJournal();
    const store = new MemoryStore({ journal });
    const first = store.write(put('/first', 0));
    await turns();
    const rest = Array.from({ length: 50 }, (_, index) => store.write(put(`/rest/${index}`, 0)));
    await journal.settle();
    await journal.settle();
    await Promise.all([first, ...rest]);
    expect(journal.batches).toBe(2);
  });
});

test('many that waited for the end of a batch are on their way to the disk before anybody hears of it', async () => {
  const journal = new HeldJournal();
  const store = new MemoryStore({ journal });
  const keys = (prefix: string) => Array.from({ length: 10 }, (_, index) => `${prefix}${index}`);
  const [first, second] = [keys('/a/'), keys('/b/')];
  const begunWhenHeard: number[] = [];
  store.watch('/', 0, () => begunWhenHeard.push(journal.batches));
  const answered = first.map((key) => store.write(put(key, 0)));
  await turns();
  const waiting = second.map((key) => store.write(put(key, 0)));
  await journal.settle();
  expect(await Promise.all(answered)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(begunWhenHeard).toEqual(first.map(() => 2));
  expect([store.revision, store.count('/b/')]).toEqual([10, 0]);
  await journal.settle(new StoreUnavailable('disk full'));
  for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe('rejected');
  expect([store.revision, store.count('/b/')]).toEqual([10, 0]);
});

test('what answers a batch is made durable with what waited for its end', async () => {
  const batches: string[][] = [];
  const journal: Journal = {
    gather: endOfTurn,
    append: async (batch) => {
      batches.push(batch.map(({ key }) => key));
      await endOfTurn();
    },
    close: () => Promise.resolve(),
  };
  const store = new MemoryStore({ journal });
  const asked = store.write(put('/asked', 0));
  const answered = asked.then(() => store.write(put('/answer', 0)));
  await endOfTurn();
  await Promise.all([store.write(put('/other', 0)), answered]);
  expect(batches).toEqual([['/asked'], ['/other', '/answer']]);
});

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('watches', () => {
  test('a listener that throws ends its own watch and nothing else', async () => {
    const errors: unknown[] = [];
    const store = new MemoryStore({
      logger: { debug() {}, info() {}, warn() {}, error: (_, fields) => errors.push(fields?.['error']) },
    });
    const seen: number[] = [];
    store.watch('/', 0, () => {
      throw new Error('listener');
    });
    store.watch('/', 0, (event) => seen.push(event.revision));
    await store.write(put('/k', 0));
    await store.write(put('/l', 0));
    expect(seen).toEqual([1, 2]);
    expect(errors).toHaveLength(1);
  });

  test('the ring is bounded by the size of its values', async () => {
    const store = new MemoryStore({ ring: { maxEvents: 1_000, maxSize: 100 } });
    for (let index = 0; index < 10; index++) await store.write(put(`/k/${index}`, 0, 'x'.repeat(40)));
    expect(() => store.watch('/', 3, () => undefined)).toThrow(RevisionCompacted);
    expect(() => store.listAt('/', 3)).toThrow(RevisionCompacted);
    const seen: number[] = [];
    store.watch('/', 8, (event) => seen.push(event.revision));
    expect(seen).toEqual([9, 10]);
  });

  test('revisions go on from where the journal ended, and earlier ones are compacted', async () => {
    const store = new MemoryStore({ revision: 41, objects: [{ key: '/k', value: '{}', revision: 7 }] });
    expect(() => store.watch('/', 40, () => undefined)).toThrow(new RevisionCompacted(40, 41));
    expect(await store.write(put('/l', 0))).toBe(42);
  });
});

describe('any history', () => {
  interface Attempt {
    readonly key: string;
    readonly kind: 'put' | 'delete';
    readonly isStale: boolean;
    readonly fails: boolean;
    readonly isAwaited: boolean;
  }
  const seldom = fc.integer({ min: 0, max: 9 }).map((value) => value === 0);
  const attempt: fc.Arbitrary<Attempt> = fc.record({
    key: fc.constantFrom('/a/1', '/a/2', '/b/1'),
    kind: fc.constantFrom('put', 'delete'),
    isStale: fc.boolean(),
    fails: seldom,
    isAwaited: seldom,
  });

  test('is the one that its events tell, in the order of revisions, and holds what was acknowledged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(attempt, { maxLength: 20 }), { maxLength: 20 }), async (bursts) => {
        let failNext = false;
        const store = new MemoryStore({
          journal: {
            gather: () => Promise.resolve(),
            append: async () => {
              await Promise.resolve();
              if (failNext) throw new StoreUnavailable('no');
            },
            close: () => Promise.resolve(),
          },
        });
        const model = new Map<string, string>();
        const revisions: number[] = [];
        store.watch('/', 0, (event) => {
          revisions.push(event.revision);
          if (event.type === 'put') model.set(event.key, event.value);
          else model.delete(event.key);
        });
        const answers: Promise<readonly PromiseSettledResult<number>[]>[] = [];
        for (const burst of bursts) {
          failNext = burst.some((one) => one.fails);
          const writes = burst.map(({ key, kind, isStale }) => {
            const expected = (store.get(key)?.revision ?? 0) + (isStale ? 1 : 0);
            return store.write(kind === 'put' ? put(key, expected) : { key, expected, encode: undefined });
          });
          answers.push(Promise.allSettled(writes));
          // Others come while these are on their way.
          if (burst.some((one) => one.isAwaited)) await answers.at(-1);
          else await Promise.resolve();
        }
        const acknowledged = (await Promise.all(answers)).flat().flatMap(fulfilled);
        expect(revisions).toEqual(Array.from({ length: revisions.length }, (_, index) => index + 1));
        expect(acknowledged).toEqual(revisions);
        expect(store.list('/').map((object) => [object.key, object.value])).toEqual(
          [...model].toSorted(([a], [b]) => (a < b ? -1 : 1)),
        );
        expect(store.count('/a/')).toBe(store.list('/a/').length);
      }),
    );
  });
});

function fulfilled(result: PromiseSettledResult<number>): readonly number[] {
  return result.status === 'fulfilled' ? [result.value] : [];
}
