import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSealingKey } from './sealing-key.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-key-'));
  path = join(folder, 'server-key');
});
afterEach(() => rm(folder, { recursive: true }));

describe('the key of the secrets', () => {
  it('is made once, for its owner alone, whoever starts at the same time', async () => {
    const keys = await Promise.all([1, 2, 3].map(() => readSealingKey(path, randomBytes)));
    const again = await readSealingKey(path, randomBytes);
    expect(again).toHaveLength(32);
    for (const key of keys) expect(key).toEqual(again);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['server-key']);
  });

  it('is never replaced where it cannot be read', async () => {
    await writeFile(path, 'something else');
    await expect(readSealingKey(path, randomBytes)).rejects.toThrow('holds no key');
    await expect(readSealingKey(join(folder, 'nowhere', 'key'), randomBytes)).rejects.toThrow('--key-file');
  });
});
