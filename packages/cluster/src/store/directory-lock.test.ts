import type * as fileSystem from 'node:fs';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acquireDirectoryLock } from './directory-lock.ts';

const pause = vi.hoisted((): { beforeNextLink: (() => void) | undefined } => ({ beforeNextLink: undefined }));

vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof fileSystem>();
  const linkSync: typeof original.linkSync = (existing, created) => {
    const meanwhile = pause.beforeNextLink;
    pause.beforeNextLink = undefined;
    meanwhile?.();
    original.linkSync(existing, created);
  };
  return { ...original, linkSync };
});

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'slipway-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function owners(): readonly string[] {
  return readdirSync(directory).toSorted();
}

describe('acquireDirectoryLock', () => {
  it('refuses a second owner until the first one releases', () => {
    const first = acquireDirectoryLock(directory);
    expect(() => acquireDirectoryLock(directory)).toThrow('is in use by process');
    first.release();
    expect(() => acquireDirectoryLock(directory)).not.toThrow();
  });

  it('never owns a number that others have passed since it looked', () => {
    // Between the look at an empty directory and the creation of owner.1, somebody else was owner 1 and released.
    pause.beforeNextLink = () => writeFileSync(join(directory, 'owner.2'), JSON.stringify({ state: 'released' }));
    acquireDirectoryLock(directory);
    expect(owners()).toEqual(['owner.3']);
    expect(() => acquireDirectoryLock(directory)).toThrow('is in use by process');
    expect(existsSync(join(directory, 'owner.3'))).toBe(true);
  });
});
