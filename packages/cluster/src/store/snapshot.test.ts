import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DamagedRecord } from './journal.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';
import type { StoredObject } from './store.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-snapshot-'));
  path = join(folder, 'snapshot');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function many(count: number, length: number): StoredObject[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `/k/${index}`,
    value: 'é'.repeat(length),
    revision: index + 1,
  }));
}

describe('a snapshot', () => {
  it('is read as it was written, in whatever script and however long', async () => {
    const texts = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed());
    const objects = fc.array(fc.record({ key: texts, value: texts, revision: fc.integer({ min: 1, max: 99 }) }));
    await fc.assert(
      fc.asyncProperty(objects, async (written) => {
        const bytes = await writeSnapshot(path, { objects: structuredClone(written), revision: 99 });
        expect(readSnapshot(path)).toEqual({ objects: written, revision: 99, bytes });
      }),
      { numRuns: 50 },
    );
    const long = [...many(3, 300_000), ...many(400, 1_000).map((each) => ({ ...each, key: `/l${each.key}` }))];
    const revision = Number.MAX_SAFE_INTEGER;
    await writeSnapshot(path, { objects: structuredClone(long), revision });
    expect(readSnapshot(path)).toMatchObject({ objects: long, revision });
    expect(readFileSync(path)).toHaveLength(readSnapshot(path).bytes);
  });

  it('is not read where any byte of it is another, is missing or is too many', async () => {
    await writeSnapshot(path, { objects: many(3, 2), revision: 3 });
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      expect(() => readSnapshot(path), `byte ${at}`).toThrow(DamagedRecord);
      writeFileSync(path, whole.subarray(0, at));
      expect(() => readSnapshot(path), `${at} bytes`).toThrow(DamagedRecord);
    }
    writeFileSync(path, Buffer.concat([whole, Buffer.alloc(1)]));
    expect(() => readSnapshot(path)).toThrow('more than 3 objects');
  });

  it('is not read where an object is newer than it', async () => {
    await writeSnapshot(path, { objects: many(3, 2), revision: 2 });
    expect(() => readSnapshot(path)).toThrow(`${path}: the revision of /k/2 is past 2, the newest`);
  });

  it('stays as it was where a new one is given up', async () => {
    await writeSnapshot(path, { objects: many(1, 1), revision: 1 });
    let blocks = 0;
    const rest = async (): Promise<boolean> => {
      if (++blocks === 3) throw new Error('given up');
      return true;
    };
    await expect(writeSnapshot(path, { objects: many(500, 1_000), revision: 500 }, { rest })).rejects.toThrow(
      'given up',
    );
    expect(readSnapshot(path)).toMatchObject({ objects: many(1, 1), revision: 1 });
    expect(() => readFileSync(`${path}.new`)).toThrow('ENOENT');
  });
});
