import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { describe, expect, it } from 'vitest';
import { checkHistory, type Operation } from '../../testing/linearizability.ts';
import type { Journal } from './journal.ts';
import { MemoryStore } from './memory-store.ts';
import { openStore } from './open-store.ts';
import { RevisionConflict, type Store, StoreUnavailable } from './store.ts';

const read = (revision: number, invoked: number, answered: number): Operation => ({
  key: '/k',
  invoked,
  answered,
  action: { kind: 'read' },
  outcome: { kind: 'revision', revision },
});

function write(expected: number, outcome: Operation['outcome'], invoked: number, answered: number): Operation {
  return { key: '/k', invoked, answered, action: { kind: 'put', expected }, outcome };
}

const got = (revision: number) => ({ kind: 'revision', revision }) as const;

describe('the check of histories', () => {
  it.each<{ readonly what: string; readonly history: readonly Operation[]; readonly holds: boolean }>([
    { what: 'operations one after the other', history: [write(0, got(1), 0, 1), read(1, 2, 3)], holds: true },
    {
      what: 'a read beside a write, which sees it or not',
      history: [write(0, got(1), 0, 3), read(0, 1, 2)],
      holds: true,
    },
    {
      what: 'a read of what was there before an answer',
      history: [write(0, got(1), 0, 1), read(0, 2, 3)],
      holds: false,
    },
    { what: 'a read that goes back', history: [write(0, got(1), 0, 9), read(1, 1, 2), read(0, 3, 4)], holds: false },
    {
      what: 'two writers who both saw nothing',
      history: [write(0, got(1), 0, 3), write(0, got(2), 1, 2)],
      holds: false,
    },
    { what: 'a conflict with nobody', history: [write(0, { kind: 'conflict' }, 0, 1)], holds: false },
    {
      what: 'a conflict with a write beside it',
      history: [write(0, { kind: 'conflict' }, 0, 3), write(0, got(1), 1, 2)],
      holds: true,
    },
    { what: 'what a failed write left', history: [write(0, { kind: 'failed' }, 0, 1), read(1, 2, 3)], holds: false },
    {
      what: 'a write that nobody was told of, seen later',
      history: [write(0, { kind: 'unknown', revision: 1 }, 0, Number.POSITIVE_INFINITY), read(0, 1, 2), read(1, 3, 4)],
      holds: true,
    },
  ])('$what: $holds', ({ history, holds }) => {
    expect(checkHistory(history).length === 0).toBe(holds);
  });

  it('knows one order of all revisions', () => {
    const other = { ...write(0, got(1), 2, 3), key: '/l' };
    expect(checkHistory([write(0, got(2), 0, 1), other])).toEqual([
      'revision 2 was answered before revision 1 was asked for',
    ]);
  });
});

/** What clients do with a store, and what they see. */
class Clients {
  readonly history: Operation[] = [];
  readonly #store: Store;
  #moment = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  read(key: string): number {
    const invoked = this.#moment++;
    const revision = this.#store.get(key)?.revision ?? 0;
    this.history.push({ key, invoked, answered: this.#moment++, action: { kind: 'read' }, outcome: got(revision) });
    return revision;
  }

  /** `expected` was read before and may be old by now. */
  async write(key: string, expected: number, wish: 'put' | 'delete'): Promise<void> {
    const kind = expected === 0 ? 'put' : wish;
    const encode = kind === 'delete' ? undefined : (revision: number): string => `{"revision":${revision}}`;
    const invoked = this.#moment++;
    const outcome = await this.#store.write({ key, expected, encode }).then(got, outcomeOf);
    this.history.push({ key, invoked, answered: this.#moment++, action: { kind, expected }, outcome });
  }
}

function outcomeOf(error: unknown): Operation['outcome'] {
  if (error instanceof RevisionConflict) return { kind: 'conflict' };
  if (error instanceof StoreUnavailable) return { kind: 'failed' };
  throw error;
}

/** A disk on which each batch ends, well or not, when the test says so. */
class HeldJournal implements Journal {
  readonly #held: PromiseWithResolvers<void>[] = [];

  gather(): Promise<void> {
    return Promise.resolve();
  }

  append(): Promise<void> {
    const batch = Promise.withResolvers<void>();
    this.#held.push(batch);
    return batch.promise;
  }

  settle(fails: boolean): void {
    const batch = this.#held.shift();
    if (fails) batch?.reject(new StoreUnavailable('no space left'));
    else batch?.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const clientCount = 4;
const keys = ['/a', '/b'] as const;

type Step =
  | { readonly kind: 'read' | 'put' | 'delete'; readonly client: number; readonly key: (typeof keys)[number] }
  | { readonly kind: 'settle'; readonly fails: boolean };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('read', 'put', 'delete'),
      client: fc.nat(clientCount - 1),
      key: fc.constantFrom(...keys),
    }),
    fc.record({ kind: fc.constant('settle'), fails: fc.boolean() }),
  ),
  { maxLength: 60, size: 'max' },
);

describe('the store', () => {
  it('is linearizable, whatever the disk does and whoever writes meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (story) => {
        const journal = new HeldJournal();
        const clients = new Clients(new MemoryStore({ journal }));
        const known = new Map<string, number>();
        const underWay = new Map<number, Promise<void>>();
        const turns = async (): Promise<void> => {
          for (let turn = 0; turn < 12; turn++) await Promise.resolve();
        };
        for (const step of story) {
          if (step.kind === 'settle') journal.settle(step.fails);
          else if (!underWay.has(step.client)) {
            const place = `${step.client} ${step.key}`;
            if (step.kind === 'read') known.set(place, clients.read(step.key));
            else {
              const writing = clients.write(step.key, known.get(place) ?? 0, step.kind);
              underWay.set(
                step.client,
                writing.then(() => void underWay.delete(step.client)),
              );
            }
          }
          await turns();
        }
        while (underWay.size > 0) {
          journal.settle(false);
          await turns();
        }
        expect(checkHistory(clients.history)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is linearizable on a disk, with many clients at once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-store-'));
    const store = await openStore({ directory, clock: systemClock });
    try {
      const clients = new Clients(store);
      const random = fc.sample(fc.nat(99), 4_000);
      const next = (): number => random.pop() ?? 0;
      const live = async (): Promise<void> => {
        for (let count = 0; count < 60; count++) {
          const key = `/${next() % 3}`;
          const seen = clients.read(key);
          // Now and then somebody else writes between the two.
          if (next() < 30) await new Promise((resolve) => setImmediate(resolve));
          await clients.write(key, seen, next() < 20 ? 'delete' : 'put');
        }
      };
      await Promise.all(Array.from({ length: 12 }, live));
      expect(checkHistory(clients.history)).toEqual([]);
      const outcomes = new Set(clients.history.map(({ action, outcome }) => `${action.kind} ${outcome.kind}`));
      for (const each of ['put revision', 'delete revision', 'put conflict']) expect(outcomes).toContain(each);
    } finally {
      await store.close();
      await rm(directory, { recursive: true });
    }
  });
});
