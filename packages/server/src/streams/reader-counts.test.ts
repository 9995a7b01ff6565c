import { describe, expect, it } from 'vitest';
import { maximumStreams, maximumStreamsOfAll, maximumStreamsWithoutLogin, ReaderCounts } from './reader-counts.ts';

function open(counts: ReaderCounts, { readers, hasLogin }: { readonly readers: number; readonly hasLogin: boolean }) {
  const gone = new AbortController();
  const refusals = Array.from({ length: readers * maximumStreams }, (_, index) =>
    counts.admit({ name: `${hasLogin} ${index % readers}`, hasLogin }, gone.signal),
  );
  return { gone, admitted: refusals.filter((refusal) => refusal === undefined).length, last: refusals.at(-1) };
}

describe('the streams that are open at once', () => {
  it('are so many of each reader, until one of them ends', () => {
    const counts = new ReaderCounts();
    const { gone, admitted } = open(counts, { readers: 1, hasLogin: true });
    expect(admitted).toBe(maximumStreams);
    const one = { name: 'true 0', hasLogin: true };
    expect(counts.admit(one, new AbortController().signal)).toMatch(/100 streams are open already/);
    gone.abort();
    expect(counts.admit(one, new AbortController().signal)).toBeUndefined();
  });

  it('are so many of all together', () => {
    const { admitted, last } = open(new ReaderCounts(), { readers: 12, hasLogin: true });
    expect([admitted, last]).toEqual([maximumStreamsOfAll, expect.stringMatching(/the server has 1000 streams open/)]);
  });

  it('leave room for who has a login, however many come without one', () => {
    const counts = new ReaderCounts();
    const { gone, admitted, last } = open(counts, { readers: 12, hasLogin: false });
    expect([admitted, last]).toEqual([maximumStreamsWithoutLogin, expect.stringMatching(/log in/)]);
    expect(open(counts, { readers: 1, hasLogin: true }).admitted).toBe(maximumStreams);
    gone.abort();
    expect(open(counts, { readers: 12, hasLogin: false }).admitted).toBe(maximumStreamsWithoutLogin);
  });

  it('are none of who has gone already', () => {
    const counts = new ReaderCounts();
    expect(counts.admit({ name: 'somebody', hasLogin: true }, AbortSignal.abort())).toBe('the reader has gone');
  });
});
