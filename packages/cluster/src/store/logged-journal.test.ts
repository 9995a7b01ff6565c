import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../kube/testing/fake-clock.ts';
import { encodeFrame } from './change-frame.ts';
import type { Journal, JournalEntry, SettledJournal } from './journal.ts';
import { type LogBounds, type LoggedJournalOptions, openLoggedJournal } from './logged-journal.ts';
import { type StoredObject, StoreUnavailable } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-logged-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What was settled, in memory; `refuses` so many batches more. */
class Settled implements SettledJournal {
  readonly objects = new Map<string, StoredObject>();
  revision = 0;
  refuses = 0;
  /** How many changes each batch had. */
  readonly batches: number[] = [];

  load() {
    return { objects: [...this.objects.values()], revision: this.revision };
  }

  gather(): Promise<void> {
    return Promise.resolve();
  }

  append(batch: readonly JournalEntry[]): Promise<void> {
    if (this.refuses > 0) {
      this.refuses -= 1;
      return Promise.reject(new StoreUnavailable('full'));
    }
    for (const { key, revision, value } of batch) {
      if (revision <= this.revision) throw new Error(`revision ${revision} after ${this.revision}`);
      if (value === undefined) this.objects.delete(key);
      else this.objects.set(key, { key, revision, value });
      this.revision = revision;
    }
    this.batches.push(batch.length);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  copy(): Settled {
    const copy = new Settled();
    for (const object of this.objects.values()) copy.objects.set(object.key, object);
    copy.revision = this.revision;
    return copy;
  }
}

interface Opened {
  readonly journal: Journal;
  readonly objects: readonly StoredObject[];
  readonly revision: number;
}

const small: LogBounds = { logBytes: 2_000, settledAtOnce: 2 };

function paths(name: string): [string, string] {
  return [join(folder, `${name}-a`), join(folder, `${name}-b`)];
}

function open(settled: SettledJournal, name = 'log', rest: Partial<LoggedJournalOptions> = {}): Opened {
  const clock = new FakeClock();
  const { journal, contents } = openLoggedJournal({ settled, paths: paths(name), bounds: small, clock, ...rest });
  const { objects, revision } = contents;
  return { journal, objects: objects.toSorted((a, b) => (a.key < b.key ? -1 : 1)), revision };
}

/** As a crash would leave it at this moment, to be opened again. */
function crash(settled: Settled): { readonly settled: Settled; readonly name: string } {
  for (const [index, path] of paths('log').entries()) copyFileSync(path, paths('crashed')[index] ?? '');
  return { settled: settled.copy(), name: 'crashed' };
}

function entry(
  revision: number,
  value: string | undefined = `value ${revision}`,
  key = `/k/${revision}`,
): JournalEntry {
  return { key, revision, value };
}

describe('a journal with a log', () => {
  it('hears who else has come before a batch begins that follows a long one', async () => {
    const { journal } = open(new Settled(), 'log', { bounds: { logBytes: 1_000_000, settledAtOnce: 2 } });
    const heard: string[] = [];
    await journal.append([entry(1)]);
    setImmediate(() => heard.push('after a short one'));
    await journal.gather();
    expect(heard).toEqual([]);
    await journal.append(Array.from({ length: 10 }, (_, index) => entry(index + 2)));
    setImmediate(() => heard.push('after a long one'));
    await journal.gather();
    expect(heard).toEqual(['after a short one', 'after a long one']);
    await journal.close();
  });

  it('holds after a crash at any moment what was appended, whatever is settled by then', async () => {
    const operation = fc.record({
      keys: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
      isDeletion: fc.boolean(),
      refuses: fc.integer({ min: 0, max: 2 }),
      crashes: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        for (const path of paths('log')) rmSync(path, { force: true });
        const expected = new Map<string, StoredObject>();
        let settled = new Settled();
        let { journal } = open(settled);
        let revision = 0;
        for (const { keys, isDeletion, refuses, crashes } of operations) {
          settled.refuses = refuses;
          const batch = keys.map((key) => entry(++revision, isDeletion ? undefined : `v${revision}`, `/k/${key}`));
          await journal.append(batch);
          for (const { key, value, revision: at } of batch) {
            if (value === undefined) expected.delete(key);
            else expected.set(key, { key, value, revision: at });
          }
          const left = crash(settled);
          const { journal: copy, ...found } = open(left.settled, left.name);
          const objects = [...expected.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
          expect(found).toEqual({ objects, revision });
          left.settled.refuses = 1_000;
          await copy.close();
          if (!crashes) continue;
          settled.refuses = 1_000;
          await journal.close();
          settled = settled.copy();
          ({ journal } = open(settled));
        }
        settled.refuses = 0;
        await journal.close();
        expect([...settled.objects.values()]).toEqual(expect.arrayContaining([...expected.values()]));
      }),
      { numRuns: 40 },
    );
  });

  it('settles of one key only the last, when a log is full', async () => {
    const settled = new Settled();
    const { journal } = open(settled);
    for (let revision = 1; revision <= 5; revision++) await journal.append([entry(revision, 'x'.repeat(400), '/k')]);
    expect(settled.batches).toHaveLength(1);
    expect(settled.revision).toBe(4);
    await journal.close();
    expect(settled.load()).toMatchObject({ objects: [{ key: '/k', revision: 5 }], revision: 5 });
  });

  describe('as long as there is room', () => {
    const bounds: LogBounds = { ...small, settledAtOnce: 2, calm: { settledAtOnce: 1, restMilliseconds: 50 } };
    let clock: FakeClock;
    let settled: Settled;
    let journal: Journal;
    beforeEach(async () => {
      clock = new FakeClock();
      settled = new Settled();
      ({ journal } = open(settled, 'log', { bounds, clock }));
      for (let revision = 1; revision <= 5; revision++) await journal.append([entry(revision, 'x'.repeat(400))]);
      await settle();
    });

    it('settles a little at a time', async () => {
      const after: number[] = [settled.batches.length];
      for (let rests = 1; rests <= 5; rests++) {
        await clock.advance(50);
        after.push(settled.batches.length);
      }
      expect(after).toEqual([1, 2, 3, 4, 4, 4]);
      expect(settled.revision).toBe(4);
      await journal.close();
    });

    it('settles more at once when there is little left, and no more than may be', async () => {
      for (let revision = 6; revision <= 7; revision++) await journal.append([entry(revision, 'x'.repeat(400))]);
      await clock.advance(50);
      expect(settled.batches).toEqual([1, 2, 1]);
      expect(settled.revision).toBe(4);
      await journal.close();
    });

    it('rests no more when it is closed', async () => {
      await journal.close();
      expect([settled.revision, clock.pendingTimers]).toEqual([5, 0]);
    });
  });

  it('loses a batch that was cut off, and nothing before it', async () => {
    const settled = new Settled();
    const { journal } = open(settled);
    await journal.append([entry(1), entry(2)]);
    await journal.append([entry(3), entry(4)]);
    const left = crash(settled);
    await journal.close();
    const [path] = paths('crashed');
    const bytes = readFileSync(path);
    const first = encodeFrame([entry(1), entry(2)]).length;
    for (const cut of [first + 1, first + 20, first + 40]) {
      writeFileSync(path, Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]));
      const { journal: torn, objects, revision } = open(left.settled.copy(), 'crashed');
      expect({ keys: objects.map(({ key }) => key), revision }).toEqual({ keys: ['/k/1', '/k/2'], revision: 2 });
      await torn.append([entry(3, 'other')]);
      const again = crashedAgain();
      expect(again.objects.at(-1)).toEqual({ key: '/k/3', value: 'other', revision: 3 });
      await again.journal.close();
      await torn.close();
    }
  });

  /** What a third opening finds while the second one goes on. */
  function crashedAgain(): Opened {
    for (const [index, path] of paths('crashed').entries()) copyFileSync(path, paths('again')[index] ?? '');
    return open(new Settled(), 'again');
  }

  it('is refused where a batch in the middle is not what was written', async () => {
    const settled = new Settled();
    const { journal } = open(settled);
    for (let revision = 1; revision <= 3; revision++) await journal.append([entry(revision)]);
    const left = crash(settled);
    await journal.close();
    const [path] = paths('crashed');
    const bytes = readFileSync(path);
    bytes[encodeFrame([entry(1)]).length + 30] = 0;
    writeFileSync(path, bytes);
    expect(() => open(left.settled, left.name)).toThrow('the change to revision 2 is missing or not what was written');
    expect(readFileSync(path)).toEqual(bytes);
  });

  it('refuses changes where none can be settled, until some can be, and loses none', async () => {
    const settled = new Settled();
    const { journal } = open(settled);
    settled.refuses = Number.POSITIVE_INFINITY;
    const append = (revision: number): Promise<void> => journal.append([entry(revision, 'x'.repeat(400))]);
    let taken = 0;
    await expect(
      (async () => {
        for (; taken < 100; taken++) await append(taken + 1);
      })(),
    ).rejects.toThrow(/cannot be settled.*nothing was changed/);
    // Each has somewhat more than 400 bytes, in one log of 2,000 and one of eight times as much.
    expect(taken).toBeLessThan(50);
    await expect(append(taken + 1)).rejects.toBeInstanceOf(StoreUnavailable);
    const left = crash(settled);
    const { journal: copy, revision } = open(left.settled, left.name);
    expect(revision).toBe(taken);
    await copy.close();
    settled.refuses = 0;
    await append(taken + 1);
    await journal.close();
    expect(settled.objects.size).toBe(taken + 1);
  });

  it('lets everything else happen where somebody asks again at once who was refused', async () => {
    const settled = new Settled();
    const { journal } = open(settled);
    settled.refuses = Number.POSITIVE_INFINITY;
    const append = (revision: number): Promise<void> => journal.append([entry(revision, 'x'.repeat(400))]);
    let taken = 0;
    for (let isFull = false; !isFull;) {
      const [result] = await Promise.allSettled([append(taken + 1)]);
      if (result.status === 'rejected') isFull = true;
      else taken += 1;
    }
    const heard: string[] = [];
    setImmediate(() => heard.push('others'));
    let asked = 0;
    for (; heard.length === 0 && asked < 1_000; asked++) await Promise.allSettled([append(taken + 1)]);
    expect(asked).toBeLessThan(3);
    await journal.close();
  });

  it('takes no key that could never be settled', async () => {
    const { journal } = open(new Settled());
    await expect(journal.append([entry(1, 'x', `/${'k'.repeat(3_000)}`)])).rejects.toThrow('too long to be stored');
    await journal.append([entry(1)]);
    await journal.close();
  });
});
