import { describe, expect, it } from 'vitest';
import type { StoredObject } from '../store/store.ts';
import { ObjectCache } from './object-cache.ts';

function stored(key: string, revision: number): StoredObject {
  return { key, revision, value: JSON.stringify({ metadata: { name: key, resourceVersion: String(revision) } }) };
}

describe('the cache of parsed objects', () => {
  it('keeps an object and what it was before, however often watchers ask for both', () => {
    const cache = new ObjectCache();
    const [before, now] = [cache.parse(stored('a', 1)), cache.parse(stored('a', 2))];
    for (let watcher = 0; watcher < 3; watcher++) {
      expect(cache.parse(stored('a', 1))).toBe(before);
      expect(cache.parse(stored('a', 2))).toBe(now);
    }
  });

  it('keeps the newest when an older one is asked for', () => {
    const cache = new ObjectCache();
    const now = cache.parse(stored('a', 3));
    cache.parse(stored('a', 1));
    expect(cache.parse(stored('a', 3))).toBe(now);
  });

  it('forgets the object that was not used for longest', () => {
    const cache = new ObjectCache(1);
    const first = cache.parse(stored('a', 1));
    cache.parse(stored('b', 2));
    expect(cache.parse(stored('a', 1))).not.toBe(first);
  });
});
