import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadServiceAccountKey } from './service-account-key.ts';

describe('the key of service accounts', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'slipway-key-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('stays the same from start to start, and is for nobody else', async () => {
    const made = await loadServiceAccountKey(directory);
    const again = await loadServiceAccountKey(directory);
    expect(again.equals(made)).toBe(true);
    expect((await stat(join(directory, 'service-account.key'))).mode & 0o777).toBe(0o600);
  });

  it('is not made anew over a damaged one', async () => {
    await writeFile(join(directory, 'service-account.key'), 'damaged');
    await expect(loadServiceAccountKey(directory)).rejects.toThrow('holds no private key');
  });
});
