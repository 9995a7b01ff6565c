import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

  it('keeps what is new as long as it is told of, for nothing that was there under its key before', () => {
    const cache = new ObjectCache();
    const gone = cache.parse(stored('a', 1));
    const [text, object] = [stored('a', 3), { metadata: { name: 'a', resourceVersion: '3' } }];
    cache.rememberForNow(text, object);
    expect(cache.parse(text)).toBe(object);
    expect(cache.parse(stored('a', 1))).not.toBe(gone);
    expect(cache.parse(stored('a', 1))).toEqual(gone);
    expect(cache.parse(text)).toBe(object);
    cache.forgetForNow('a');
    const other = stored('b', 4);
    cache.rememberForNow(other, { metadata: { name: 'b' } });
    cache.forgetForNow('b');
    expect(cache.parse(other)).toEqual({ metadata: { name: 'b', resourceVersion: '4' } });
  });

  it('leaves what was for now to those who collect what is young', () => {
    setFlagsFromString('--expose-gc');
    const collect: (options: { readonly type: 'major' | 'minor' }) => void = runInNewContext('gc');
    const oldBytes = (): number =>
      getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? 0;
    const cache = new ObjectCache();
    const tell = (round: number): void => {
      const all = Array.from({ length: 32 }, (_, index) => stored(`new-${round}-${index}`, index + 1));
      for (const each of all)
        cache.rememberForNow(each, { metadata: { name: each.key, labels: { text: each.key.repeat(100) } } });
      if (round % 10 === 0) collect({ type: 'minor' });
      for (const { key } of all) cache.forgetForNow(key);
    };
    tell(0);
    collect({ type: 'major' });
    const before = oldBytes();
    for (let round = 1; round <= 1_000; round++) tell(round);
    // A tenth of the rounds was there when something was collected, with 20 MB in all.
    expect(oldBytes() - before).toBeLessThan(1_000_000);
  });

  it('forgets the object that was not used for longest', () => {
    const cache = new ObjectCache({ maximum: 4 });
    const [used, unused] = [cache.parse(stored('used', 1)), cache.parse(stored('unused', 2))];
    for (let revision = 3; revision < 9; revision++) {
      cache.parse(stored(`other-${revision}`, revision));
      expect(cache.parse(stored('used', 1))).toBe(used);
    }
    expect(cache.parse(stored('unused', 2))).not.toBe(unused);
  });

  it('keeps as many as it may, read again and again in one order', () => {
    const cache = new ObjectCache({ maximum: 10 });
    const all = Array.from({ length: 10 }, (_, index) => stored(`each-${index}`, index + 1));
    const first = all.map((each) => cache.parse(each));
    for (let pass = 0; pass < 5; pass++)
      all.forEach((each, index) => expect(cache.parse(each), `pass ${pass}`).toBe(first[index]));
  });

  it('keeps no more than it may', () => {
    const cache = new ObjectCache({ maximum: 10 });
    const all = Array.from({ length: 30 }, (_, index) => stored(`each-${index}`, index + 1));
    const first = all.map((each) => cache.parse(each));
    const known = all.map((each) => cache.parse(each)).filter((object, index) => object === first[index]);
    expect(known.length).toBeLessThanOrEqual(10);
  });

  it('freezes all of an object where tests ask for it', () => {
    const cache = new ObjectCache({ freeze: true });
    const read = cache.parse(stored('a', 1));
    const written = { metadata: { name: 'b', labels: { app: 'x' } } };
    cache.remember(stored('b', 2), written);
    expect([Object.isFrozen(read.metadata), Object.isFrozen(written.metadata.labels)]).toEqual([true, true]);
  });
});
