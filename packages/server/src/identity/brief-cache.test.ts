import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { BriefCache } from './brief-cache.ts';

function counted() {
  const clock = new FakeClock();
  const cache = new BriefCache<string>({ clock, lifetimeMilliseconds: 1_000, maximumEntries: 2 });
  const asked: string[] = [];
  const get = (key: string, fails = false) =>
    cache.get(key, async () => {
      asked.push(key);
      if (fails) throw new Error('nobody knows');
      return key;
    });
  return { clock, asked, get };
}

describe('a brief cache', () => {
  it('asks once for who asks at the same time, and for a moment', async () => {
    const { clock, asked, get } = counted();
    expect(await Promise.all([get('a'), get('a')])).toEqual(['a', 'a']);
    await clock.advance(999);
    await get('a');
    expect(asked).toEqual(['a']);
    await clock.advance(1);
    await get('a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('keeps no failure', async () => {
    const { asked, get } = counted();
    await expect(get('a', true)).rejects.toThrow('nobody knows');
    expect(await get('a')).toBe('a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('forgets the oldest where there are too many', async () => {
    const { asked, get } = counted();
    for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await get(key);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });
});
