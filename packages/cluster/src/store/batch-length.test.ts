import { describe, expect, it } from 'vitest';
import { BatchLength } from './batch-length.ts';

function lengthsOf(waiting: readonly number[]): readonly number[] {
  const length = new BatchLength();
  return waiting.map((each) => length.next(each));
}

describe('the length of a batch', () => {
  it.each([
    { what: 'all that wait', waiting: [1, 50, 20, 30], lengths: [1, 50, 20, 30] },
    { what: 'all of many that come at once', waiting: [900], lengths: [900] },
    { what: 'no more than the first should wait for', waiting: [5_000, 4_000], lengths: [1_000, 1_000] },
    {
      what: 'half of all where they have fallen into step',
      waiting: [31, 1, 31, 16, 16],
      lengths: [31, 1, 16, 16, 16],
    },
    { what: 'all of few, whatever was before', waiting: [7, 1, 7, 1, 7], lengths: [7, 1, 7, 1, 7] },
    { what: 'all where the shorter ones are half as long', waiting: [20, 12, 20, 12], lengths: [20, 12, 20, 12] },
  ])('is $what', ({ waiting, lengths }) => {
    expect(lengthsOf(waiting)).toEqual(lengths);
  });

  it('gets clients in step out of it', () => {
    const [clients, lengths] = [32, new BatchLength()];
    let [waiting, onTheirWay] = [31, 1];
    const taken: number[] = [];
    for (let batch = 0; batch < 8; batch++) {
      const length = lengths.next(waiting);
      taken.push(length);
      // While it is made durable whoever had an answer asks again, and then it is answered.
      waiting = waiting - length + onTheirWay;
      onTheirWay = length;
    }
    expect(taken.slice(3)).toEqual([16, 16, 16, 16, 16]);
    expect(waiting + onTheirWay).toBe(clients);
  });
});
