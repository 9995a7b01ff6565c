/** What the store makes of files that somebody or some disk has damaged: all that was acknowledged, or a refusal that says which. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { frameAlignment, readRun } from './change-frame.ts';
import { DamagedRecord, type JournalContents, type JournalEntry } from './journal.ts';
import { openLoggedJournal } from './logged-journal.ts';
import { writeSnapshot } from './snapshot.ts';
import type { StoredObject } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-damaged-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const names = ['snapshot', 'a', 'b'] as const;

function openIn(directory: string, clock = new FakeClock()) {
  const path = join(directory, 'snapshot');
  const logs = [join(directory, 'a'), join(directory, 'b')] as const;
  return openLoggedJournal({
    path,
    logs,
    bounds: { logBytes: 3_000, maximumLogBytes: 6_000, restMilliseconds: 50 },
    clock,
  });
}

interface Written {
  /** As they were after each revision. */
  readonly states: readonly ReadonlyMap<string, string>[];
  /** The revision before the last batch. */
  readonly beforeLast: number;
}

interface Batch {
  /** Negative: the key is deleted. */
  readonly writes: ReadonlyArray<{ readonly key: number; readonly bytes: number }>;
  /** How much of a snapshot comes to the disk after it. */
  readonly milliseconds: number;
}

const write = fc.record({ key: fc.integer({ min: 0, max: 9 }), bytes: fc.integer({ min: -200, max: 700 }) });
const batch = fc.record({
  writes: fc.array(write, { minLength: 1, maxLength: 4 }),
  milliseconds: fc.constantFrom(0, 0, 100, 1_000),
});

interface Damage {
  readonly file: (typeof names)[number];
  readonly kind: 'a bit' | 'a sector' | 'its end';
  /** Of what is in use. */
  readonly share: number;
}

const damage = fc.record({
  file: fc.constantFrom(...names),
  kind: fc.constantFrom<Damage['kind']>('a bit', 'a sector', 'its end'),
  share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});

function harm(directory: string, { file, kind, share }: Damage): void {
  const path = join(directory, file);
  const bytes = readFileSync(path);
  const used = file === 'snapshot' ? bytes.length : (readRun(bytes).at(-1)?.end ?? 1);
  const at = Math.floor(share * used);
  const sector = at - (at % frameAlignment);
  if (kind === 'a bit') bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
  else if (kind === 'a sector') bytes.fill(0, sector, Math.min(sector + frameAlignment, bytes.length));
  writeFileSync(path, kind === 'its end' ? bytes.subarray(0, at) : bytes);
}

/** Without what is being written of the next snapshot. */
function copy(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to);
  for (const name of names) copyFileSync(join(from, name), join(to, name));
}

/** Leaves the directory as the end of the process does, with snapshots wherever they have got to. */
async function writeAll(directory: string, history: readonly Batch[]): Promise<Written> {
  mkdirSync(directory);
  await writeSnapshot(join(directory, 'snapshot'), { objects: [], revision: 0 });
  const clock = new FakeClock();
  const { journal } = openIn(directory, clock);
  const objects = new Map<string, StoredObject>();
  const states: ReadonlyMap<string, string>[] = [new Map()];
  const contents = (): JournalContents => ({
    objects: [...objects.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    revision: states.length - 1,
  });
  let beforeLast = 0;
  for (const { writes, milliseconds } of history) {
    beforeLast = states.length - 1;
    const batch = writes.map(({ key, bytes }, index): JournalEntry => {
      const revision = beforeLast + index + 1;
      return { key: `/k/${key}`, revision, value: bytes < 0 ? undefined : `${'x'.repeat(bytes)}${revision}` };
    });
    await journal.append(batch, contents);
    for (const { key, revision, value } of batch) {
      if (value === undefined) objects.delete(key);
      else objects.set(key, { key, revision, value });
      states.push(new Map([...objects.values()].map((object) => [object.key, object.value])));
    }
    await clock.advance(milliseconds);
  }
  // As it is now: what is written at an end in order is another copy's.
  copy(directory, `${directory}-left`);
  await journal.close(contents);
  return { states, beforeLast };
}

type Found = 'all' | 'all but the last batch' | 'less' | 'what never was' | 'a refusal' | 'a fault';

/** A last batch that is not whole may have been cut short by the end of a machine, and so may a log that ends before its end. */
function mayBeFound({ file, kind }: Damage): readonly Found[] {
  if (file === 'snapshot') return ['a refusal'];
  return ['all', 'all but the last batch', 'a refusal', ...(kind === 'its end' ? (['less'] as const) : [])];
}

function open(directory: string, { states, beforeLast }: Written): Found {
  let opened: ReturnType<typeof openIn>;
  try {
    opened = openIn(directory);
  } catch (error) {
    return error instanceof DamagedRecord && error.message.includes(directory) ? 'a refusal' : 'a fault';
  }
  const { contents, journal } = opened;
  void journal.close(() => contents);
  const objects = new Map(contents.objects.map(({ key, value }) => [key, value]));
  if (!isDeepStrictEqual(objects, states[contents.revision])) return 'what never was';
  if (contents.revision === states.length - 1) return 'all';
  return contents.revision >= beforeLast ? 'all but the last batch' : 'less';
}

it('is all that was acknowledged but for the last batch, which may have been cut short, or a refusal', async () => {
  let run = 0;
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(batch, { minLength: 5, maxLength: 25 }),
      fc.array(damage, { minLength: 15, maxLength: 15 }),
      async (history, damages) => {
        run += 1;
        const directory = join(folder, String(run));
        const written = await writeAll(directory, history);
        for (const one of damages) {
          const harmed = join(folder, 'harmed');
          copy(`${directory}-left`, harmed);
          harm(harmed, one);
          const found = open(harmed, written);
          seen.add(`${one.kind}: ${found}`);
          expect(mayBeFound(one)).toContain(found);
        }
        rmSync(directory, { recursive: true });
        rmSync(`${directory}-left`, { recursive: true });
      },
    ),
    { numRuns: 12, seed: 1 },
  );
  expect([...seen]).toEqual(
    expect.arrayContaining(['a bit: all', 'a bit: all but the last batch', 'a bit: a refusal', 'a sector: a refusal']),
  );
});
