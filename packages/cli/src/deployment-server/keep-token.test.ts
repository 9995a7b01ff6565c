import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { keepToken } from './keep-token.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-token-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the first token', () => {
  it('is for its owner alone', async () => {
    const path = join(folder, 'server-token');
    await keepToken(path, 'slipway_one');
    expect(await readFile(path, 'utf8')).toBe('slipway_one\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of none: that of another database is kept beside it', async () => {
    const path = join(folder, 'server-token');
    await keepToken(path, 'slipway_one');
    await keepToken(path, 'slipway_two');
    expect(await readFile(path, 'utf8')).toBe('slipway_two\n');
    const [earlier = ''] = (await readdir(folder)).filter((name) => name !== 'server-token');
    expect(earlier).toMatch(/^server-token\.before-[0-9a-f]{8}$/);
    expect(await readFile(join(folder, earlier), 'utf8')).toBe('slipway_one\n');
    expect((await stat(join(folder, earlier))).mode & 0o777).toBe(0o600);
  });

  it('is none where it cannot be kept', async () => {
    await expect(keepToken(join(folder, 'nowhere', 'server-token'), 'slipway_one')).rejects.toThrow(CommandFailure);
  });
});
