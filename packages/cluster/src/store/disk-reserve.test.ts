import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskReserve } from './disk-reserve.ts';

describe('the reserve of a file', () => {
  let folder: string;
  let path: string;
  let reserve: DiskReserve;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-reserve-'));
    path = join(folder, 'file');
    writeFileSync(path, 'content');
    reserve = new DiskReserve(path);
  });

  afterEach(() => {
    reserve.close();
    rmSync(folder, { recursive: true });
  });

  it('has more space than what is taken, and changes nothing that is there', async () => {
    await reserve.take(1_000_000, () => 7);
    expect(statSync(path).size).toBeGreaterThan(1_000_007);
    expect(statSync(path).blocks * 512).toBeGreaterThan(1_000_007);
    expect(readFileSync(path).subarray(0, 8).toString()).toBe('content\0');
  });

  it('asks what is in use only when more could be than there is', async () => {
    let asked = 0;
    const readUsed = (): number => {
      asked += 1;
      return 7;
    };
    for (let write = 0; write < 20; write++) await reserve.take(10_000, readUsed);
    expect(asked).toBe(1);
    for (let write = 0; write < 100; write++) await reserve.take(10_000, readUsed);
    expect(asked).toBeGreaterThan(1);
  });

  it('does not grow while what is in use does not', async () => {
    await reserve.take(10_000, () => 7);
    const { size } = statSync(path);
    for (let write = 0; write < 200; write++) await reserve.take(10_000, () => 7);
    expect(statSync(path).size).toBe(size);
  });

  it('grows the less often the longer the file is', async () => {
    let used = 16 * 1024 * 1024;
    await reserve.take(used, () => 0);
    const sizes = new Set<number>();
    for (let write = 0; write < 100; write++) {
      await reserve.take(20_000, () => used);
      used += 20_000;
      sizes.add(statSync(path).size);
    }
    expect(sizes.size).toBeLessThan(6);
    expect(statSync(path).size).toBeGreaterThan(used);
  });

  it('takes no more than a few megabytes of a disk in advance, however long the file is', async () => {
    const used = 1024 * 1024 * 1024;
    truncateSync(path, used);
    reserve.close();
    reserve = new DiskReserve(path);
    await reserve.take(0, () => used);
    expect(statSync(path).size - used).toBeLessThan(7 * 1024 * 1024);
  });
});
