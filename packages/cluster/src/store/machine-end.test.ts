/** What the store finds after a machine has ended at any moment, whatever of its writes had come to the disk by then. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { RecordedDisk, recordOn, writeFiles } from '../../testing/recorded-disk.ts';
import { openLoggedJournal } from './logged-journal.ts';
import { writeSnapshot } from './snapshot.ts';
import type { StoredObject } from './store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-ends-'));
});
afterEach(() => {
  recordOn(undefined);
  rmSync(folder, { recursive: true, force: true });
});

/** Numbers that look random and are the same in each run. https://en.wikipedia.org/wiki/Linear_congruential_generator */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function openIn(directory: string, clock = new FakeClock()) {
  const path = join(directory, 'snapshot');
  const logs = [join(directory, 'a'), join(directory, 'b')] as const;
  const bounds = { logBytes: 4_000, maximumLogBytes: 8_000, restMilliseconds: 0 };
  return openLoggedJournal({ path, logs, bounds, clock });
}

interface Acknowledged {
  revision: number;
  /** As they were after each revision. */
  readonly states: ReadonlyMap<string, string>[];
}

/** What was acknowledged is there, and what is there is what there was at some moment. */
function expectWhole(directory: string, { revision: acknowledged, states }: Acknowledged): void {
  const { contents, journal } = openIn(directory);
  expect(contents.revision).toBeGreaterThanOrEqual(acknowledged);
  const found = new Map(contents.objects.map(({ key, value }) => [key, value]));
  expect(found).toEqual(states[contents.revision]);
  void journal.close(() => contents);
}

it.each([1, 2, 3])('is all that was acknowledged, and nothing that never was (%d)', async (seed) => {
  const random = numbers(seed);
  const directory = join(folder, 'store');
  const ended = join(folder, 'ended');
  mkdirSync(directory);
  const disk = new RecordedDisk(directory);
  recordOn(disk);
  await writeSnapshot(join(directory, 'snapshot'), { objects: [], revision: 0 });
  const clock = new FakeClock();
  let { journal } = openIn(directory, clock);
  disk.folderFlushed();
  const objects = new Map<string, StoredObject>();
  const acknowledged: Acknowledged = { revision: 0, states: [new Map()] };
  const found: (() => void)[] = [];
  disk.onChange(() => {
    const [files, revision] = [disk.afterEnd(random), acknowledged.revision];
    found.push(() => {
      writeFiles(ended, files);
      expectWhole(ended, { ...acknowledged, revision });
    });
  });
  const contents = () => ({ objects: [...objects.values()], revision: acknowledged.revision });
  for (let revision = 1; revision <= 150;) {
    const length = 1 + Math.floor(random() * 3);
    const batch = Array.from({ length }, (_, index) => {
      const key = `/k/${Math.floor(random() * 6)}`;
      const value = random() < 0.2 ? undefined : 'x'.repeat(random() * 900);
      return { key, revision: revision + index, value };
    });
    for (const { key, value, revision: at } of batch) {
      const state = new Map(acknowledged.states[at - 1]);
      if (value === undefined) state.delete(key);
      else state.set(key, value);
      acknowledged.states[at] = state;
    }
    await journal.append(batch, contents);
    for (const { key, value, revision: at } of batch) {
      if (value === undefined) objects.delete(key);
      else objects.set(key, { key, value, revision: at });
    }
    revision += length;
    acknowledged.revision = revision - 1;
    if (random() < 0.3) await clock.advance(1_000);
    if (random() > 0.1) continue;
    await journal.close(contents);
    ({ journal } = openIn(directory, clock));
  }
  await journal.close(contents);
  recordOn(undefined);
  expect(found.length).toBeGreaterThan(100);
  for (const check of found) check();
});
