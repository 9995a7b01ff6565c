import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, settle } from '../../../kube/testing/fake-clock.ts';
import { RecordingLogger } from '../../../kube/testing/recording-logger.ts';
import { encodeFrame } from './change-frame.ts';
import type { Journal, JournalContents, JournalEntry } from './journal.ts';
import { type LogBounds, type LoggedJournalOptions, openLoggedJournal } from './logged-journal.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';
import { type StoredObject, StoreUnavailable } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-logged-'));
  await makeEmpty('log');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const small: LogBounds = { logBytes: 2_000, maximumLogBytes: 4_000, restMilliseconds: 50 };

function files(name: string): { path: string; logs: readonly [string, string] } {
  const directory = join(folder, name);
  return { path: join(directory, 'snapshot'), logs: [join(directory, 'a'), join(directory, 'b')] };
}

async function makeEmpty(name: string): Promise<void> {
  rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, name));
  await writeSnapshot(files(name).path, { objects: [], revision: 0 });
}

/** A store as its journal sees it: what is durable is visible. */
class Opened {
  readonly #journal: Journal;
  readonly #objects: Map<string, StoredObject>;
  #revision: number;

  constructor(name = 'log', rest: Partial<LoggedJournalOptions> = {}) {
    const { journal, contents } = openLoggedJournal({ ...files(name), bounds: small, clock: new FakeClock(), ...rest });
    this.#journal = journal;
    this.#objects = new Map(contents.objects.map((object) => [object.key, object]));
    this.#revision = contents.revision;
  }

  get contents(): JournalContents {
    return {
      objects: [...this.#objects.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      revision: this.#revision,
    };
  }

  async append(batch: readonly JournalEntry[]): Promise<void> {
    await this.#journal.append(batch, () => this.contents);
    for (const { key, revision, value } of batch) {
      if (value === undefined) this.#objects.delete(key);
      else this.#objects.set(key, { key, revision, value });
      this.#revision = revision;
    }
  }

  gather(): Promise<void> {
    return this.#journal.gather();
  }

  close(): Promise<void> {
    return this.#journal.close(() => this.contents);
  }
}

/** As a crash would leave it at this moment, to be opened again. */
function crash(name = 'crashed'): string {
  mkdirSync(join(folder, name), { recursive: true });
  const [from, to] = [files('log'), files(name)];
  for (const [source, target] of [
    [from.path, to.path],
    [from.logs[0], to.logs[0]],
    [from.logs[1], to.logs[1]],
  ] as const)
    copyFileSync(source, target);
  return name;
}

/** No snapshot can be written from then on, until `allow`. */
function forbidSnapshots(): { allow(): void } {
  // One may be under way.
  rmSync(`${files('log').path}.new`, { force: true });
  mkdirSync(`${files('log').path}.new`);
  return { allow: () => rmSync(`${files('log').path}.new`, { recursive: true }) };
}

function snapshotRevision(name = 'log'): number {
  return readSnapshot(files(name).path).revision;
}

function entry(
  revision: number,
  value: string | undefined = `value ${revision}`,
  key = `/k/${revision}`,
): JournalEntry {
  return { key, revision, value };
}

const large = (revision: number, key?: string): JournalEntry => entry(revision, 'x'.repeat(400), key);

describe('a journal with a log', () => {
  it('hears who else has come before a batch begins that follows a long one', async () => {
    const journal = new Opened('log', { bounds: { ...small, logBytes: 1_000_000, maximumLogBytes: 1_000_000 } });
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

  it('gathers what is answered within the turn of an answer', async () => {
    const journal = new Opened();
    const heard: string[] = [];
    const gathered = journal.gather().then(() => heard.push('gathered'));
    await Promise.all([
      Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => heard.push('answered')),
      new Promise<void>((resolve) => process.nextTick(resolve)).then(() => heard.push('answered by who waited')),
      gathered,
    ]);
    expect(heard).toEqual(['answered', 'answered by who waited', 'gathered']);
    await journal.close();
  });

  it('holds after a crash at any moment what was appended, whatever is in a snapshot by then', async () => {
    const operation = fc.record({
      keys: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
      isDeletion: fc.boolean(),
      fails: fc.boolean(),
      settles: fc.boolean(),
      restarts: fc.constantFrom('no', 'after a crash', 'closed'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        await makeEmpty('log');
        const clock = new FakeClock();
        const expected = new Map<string, StoredObject>();
        let journal = new Opened('log', { clock });
        let revision = 0;
        for (const { keys, isDeletion, fails, settles, restarts } of operations) {
          const forbidden = fails ? forbidSnapshots() : undefined;
          const batch = keys.map((key) =>
            entry(++revision, isDeletion ? undefined : `v${revision}`.repeat(40), `/k/${key}`),
          );
          await journal.append(batch);
          for (const { key, value, revision: at } of batch) {
            if (value === undefined) expected.delete(key);
            else expected.set(key, { key, value, revision: at });
          }
          if (settles) {
            await clock.advance(5_000);
            await settle();
          }
          const objects = [...expected.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1));
          const copy = new Opened(crash());
          expect(copy.contents).toEqual({ objects, revision });
          await copy.close();
          const reopened = new Opened('crashed');
          expect(reopened.contents).toEqual({ objects, revision });
          await reopened.close();
          if (restarts === 'closed') await journal.close();
          forbidden?.allow();
          if (restarts === 'no') continue;
          const name = restarts === 'closed' ? 'log' : crash();
          if (restarts === 'after a crash') {
            await journal.close();
            for (const [from, to] of [
              [files(name).path, files('log').path],
              ...files(name).logs.map((log, index) => [log, files('log').logs[index] ?? ''] as const),
            ] as const)
              copyFileSync(from, to);
          }
          journal = new Opened('log', { clock });
        }
        await journal.close();
        expect(readSnapshot(files('log').path).objects).toHaveLength(expected.size);
      }),
      { numRuns: 60 },
    );
  });

  it('writes a snapshot when a log is full, and needs nothing of that log any more', async () => {
    const journal = new Opened();
    for (let revision = 1; revision <= 4; revision++) await journal.append([large(revision, '/k')]);
    expect(snapshotRevision()).toBe(0);
    await journal.append([large(5, '/k')]);
    await expect.poll(() => snapshotRevision()).toBe(4);
    const [full] = files('log').logs;
    writeFileSync(full, '');
    const left = new Opened(crash());
    expect(left.contents).toMatchObject({ objects: [{ key: '/k', revision: 5 }], revision: 5 });
    await Promise.all([left.close(), journal.close()]);
  });

  it('writes them the less often the more there is to write', async () => {
    const journal = new Opened('log', { bounds: { ...small, maximumLogBytes: 1_000_000, restMilliseconds: 0 } });
    const written: number[] = [];
    for (let revision = 1; revision <= 60; revision++) {
      await journal.append([large(revision)]);
      await expect.poll(() => statSync(`${files('log').path}.new`, { throwIfNoEntry: false })).toBeUndefined();
      const at = snapshotRevision();
      if (written.at(-1) !== at) written.push(at);
    }
    expect(written.length).toBeLessThan(8);
    expect(written.at(-1)).toBeGreaterThan(30);
    await journal.close();
  });

  it('rests between the blocks of a snapshot as long as there is room in the log, and no more at the end', async () => {
    const clock = new FakeClock();
    const bounds = { ...small, logBytes: 1_000_000, maximumLogBytes: 1_000_000 };
    const journal = new Opened('log', { bounds, clock });
    for (let revision = 1; revision <= 11; revision++) await journal.append([entry(revision, 'x'.repeat(100_000))]);
    for (let rests = 0; rests < 2; rests++) {
      await expect.poll(() => clock.pendingTimers).toBe(1);
      await clock.advance(50);
    }
    expect(snapshotRevision()).toBe(0);
    await expect.poll(() => clock.pendingTimers).toBe(1);
    await journal.close();
    expect([snapshotRevision(), clock.pendingTimers]).toEqual([11, 0]);
  });

  it('does not rest where the log that is written is half full', async () => {
    const clock = new FakeClock();
    const bounds = { ...small, logBytes: 1_000_000, maximumLogBytes: 1_000_000 };
    const journal = new Opened('log', { bounds, clock });
    for (let revision = 1; revision <= 17; revision++) await journal.append([entry(revision, 'x'.repeat(100_000))]);
    await expect.poll(() => clock.pendingTimers).toBe(1);
    await clock.advance(50);
    await expect.poll(() => snapshotRevision()).toBe(10);
    await journal.close();
  });

  it('loses a batch that was cut off, and nothing before it', async () => {
    const journal = new Opened();
    await journal.append([entry(1), entry(2)]);
    await journal.append([entry(3), entry(4)]);
    const whole = crash('whole');
    await journal.close();
    const [path] = files(whole).logs;
    const bytes = readFileSync(path);
    const first = encodeFrame([entry(1), entry(2)]).length;
    for (const cut of [first + 1, first + 20, first + 40]) {
      const name = `torn-${cut}`;
      await makeEmpty(name);
      writeFileSync(files(name).logs[0], Buffer.concat([bytes.subarray(0, cut), Buffer.alloc(bytes.length - cut)]));
      const torn = new Opened(name);
      expect(torn.contents.objects.map(({ key }) => key)).toEqual(['/k/1', '/k/2']);
      expect(torn.contents.revision).toBe(2);
      await torn.append([entry(3, 'other')]);
      await torn.close();
      expect(new Opened(name).contents.objects.at(-1)).toEqual({ key: '/k/3', value: 'other', revision: 3 });
    }
  });

  it('is refused where a batch in the middle is not what was written', async () => {
    const journal = new Opened();
    for (let revision = 1; revision <= 3; revision++) await journal.append([entry(revision)]);
    const name = crash();
    await journal.close();
    const [path] = files(name).logs;
    const bytes = readFileSync(path);
    bytes[encodeFrame([entry(1)]).length + 30] = 0;
    writeFileSync(path, bytes);
    expect(() => new Opened(name)).toThrow('the change to revision 2 is missing or not what was written');
    expect(readFileSync(path)).toEqual(bytes);
  });

  describe('where no snapshot can be written', () => {
    const fill = async (journal: Opened): Promise<number> => {
      for (let taken = 0; ; taken++) {
        const [result] = await Promise.allSettled([journal.append([large(taken + 1)])]);
        if (result.status === 'rejected') return taken;
      }
    };

    it('refuses changes until there is one, and loses none', async () => {
      const [clock, logger] = [new FakeClock(), new RecordingLogger()];
      const journal = new Opened('log', { clock, logger });
      const forbidden = forbidSnapshots();
      const taken = await fill(journal);
      // Each has somewhat more than 400 bytes, in one log of 2,000 and one of eight times as much.
      expect(taken).toBeLessThan(50);
      const refused = journal.append([large(taken + 1)]);
      await expect(refused).rejects.toThrow(/no snapshot of those before them can be written.*nothing was changed/);
      await expect(refused).rejects.toBeInstanceOf(StoreUnavailable);
      // It is not tried again with each of them.
      expect(logger.lines.filter(({ msg }) => msg === 'no snapshot could be written yet')).toHaveLength(1);
      const left = new Opened(crash());
      expect(left.contents.revision).toBe(taken);
      await left.close();
      forbidden.allow();
      await clock.advance(1_000);
      await journal.append([large(taken + 1)]);
      await journal.close();
      expect(readSnapshot(files('log').path).objects).toHaveLength(taken + 1);
    });

    it('lets everything else happen where somebody asks again at once who was refused', async () => {
      const journal = new Opened();
      forbidSnapshots();
      const taken = await fill(journal);
      const heard: string[] = [];
      setImmediate(() => heard.push('others'));
      let asked = 0;
      for (; heard.length === 0 && asked < 1_000; asked++)
        await Promise.allSettled([journal.append([large(taken + 1)])]);
      expect(asked).toBeLessThan(3);
      await journal.close();
    });

    it('says at the end that it was not written, and finds all again', async () => {
      const logger = new RecordingLogger();
      const journal = new Opened('log', { logger });
      await journal.append([entry(1)]);
      const forbidden = forbidSnapshots();
      await journal.close();
      expect(logger.lines).toMatchObject([
        { level: 'warn', msg: expect.stringContaining('no snapshot was written at the end') },
      ]);
      forbidden.allow();
      const again = new Opened();
      expect(again.contents).toEqual({ objects: [{ key: '/k/1', value: 'value 1', revision: 1 }], revision: 1 });
      await again.close();
    });
  });

  it('writes over what is in a snapshot where the disk has no room for a longer log', async (context) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    if (mounted.status !== 0) context.skip('mounting a small tmpfs needs the rights of root');
    try {
      const bounds = { ...small, logBytes: 8_000_000, maximumLogBytes: 8_000_000 };
      const options = { bounds, logs: [join(disk, 'a'), join(disk, 'b')], logger: new RecordingLogger() } as const;
      const journal = new Opened('log', options);
      for (let revision = 1; revision <= 40; revision++) await journal.append([entry(revision, 'x'.repeat(100_000))]);
      expect(snapshotRevision()).toBeGreaterThan(0);
      expect(options.logger.lines).toContainEqual(
        expect.objectContaining({ msg: 'the log took no more changes, and all that is stored becomes a snapshot' }),
      );
      await journal.close();
      const again = new Opened('log', options);
      expect(again.contents).toMatchObject({ objects: { length: 40 }, revision: 40 });
      await again.close();
    } finally {
      spawnSync('umount', ['--lazy', disk]);
    }
  });

  it('leaves its files to nobody else', async () => {
    chmodSync(files('log').path, 0o644);
    const journal = new Opened();
    for (const path of [files('log').path, ...files('log').logs])
      expect(statSync(path)).toHaveProperty('mode', 0o100600);
    await journal.append([entry(1)]);
    await journal.close();
    expect(statSync(files('log').path).mode & 0o777).toBe(0o600);
  });
});
