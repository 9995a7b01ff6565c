import { existsSync, linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireDirectoryLock } from './directory-lock.ts';

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
    let isPassed = false;
    acquireDirectoryLock(directory, (existing, created) => {
      if (!isPassed) writeFileSync(join(directory, 'owner.2'), JSON.stringify({ state: 'released' }));
      isPassed = true;
      linkSync(existing, created);
    });
    expect(owners()).toEqual(['owner.3']);
    expect(() => acquireDirectoryLock(directory)).toThrow('is in use by process');
    expect(existsSync(join(directory, 'owner.3'))).toBe(true);
  });
});
