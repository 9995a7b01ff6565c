import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimStoreDirectory, identityFile } from './claim-store-directory.ts';
import { storeIdentity } from './store-identity.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'slipway-identity-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the identity of a store', () => {
  it('stays as long as its directory does', () => {
    const identity = storeIdentity({ directory, ephemeral: false });
    expect(identity).toMatch(/^[0-9a-f-]{36}$/);
    expect(storeIdentity({ directory, ephemeral: false })).toBe(identity);
    expect(statSync(join(directory, identityFile)).mode & 0o777).toBe(0o600);
  });

  it('is another one at every start where nothing is kept, and leaves that of what is kept alone', () => {
    const kept = storeIdentity({ directory, ephemeral: false });
    const first = storeIdentity({ directory, ephemeral: true });
    expect(storeIdentity({ directory, ephemeral: true })).not.toBe(first);
    expect(storeIdentity({ directory, ephemeral: false })).toBe(kept);
  });

  it('is made anew where its writer was killed', () => {
    writeFileSync(join(directory, identityFile), '');
    expect(storeIdentity({ directory, ephemeral: false })).not.toBe('');
  });

  it('makes no foreign directory of one that holds nothing else', () => {
    storeIdentity({ directory, ephemeral: false });
    claimStoreDirectory(directory).release();
  });
});
