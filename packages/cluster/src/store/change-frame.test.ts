import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame, hasFrameFrom, readFrame, readRun } from './change-frame.ts';
import type { JournalEntry } from './journal.ts';

const texts = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed());

function batches(): fc.Arbitrary<readonly (readonly JournalEntry[])[]> {
  const change = fc.record({ key: texts, value: fc.option(texts, { nil: undefined }) });
  return fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }).map((parts) => {
    let revision = 0;
    return parts.map((part) => part.map((each) => ({ ...each, revision: ++revision })));
  });
}

describe('frames', () => {
  it('are read as they were written, one after the other', () => {
    fc.assert(
      fc.property(batches(), (written) => {
        const run = readRun(Buffer.concat(written.map((batch) => encodeFrame(structuredClone(batch)))));
        expect(run.map((frame) => frame.entries())).toEqual(written);
        expect(run.map(({ first, last }) => [first, last])).toEqual(
          written.map((batch) => [batch[0]?.revision, batch.at(-1)?.revision]),
        );
      }),
    );
  });

  it('are not read where any byte of them is another', () => {
    const bytes = encodeFrame([{ key: '/k', revision: 7, value: 'text' }]);
    const { length } = Buffer.from('/ktext');
    for (let at = 0; at < 28 + length; at++) {
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect(readFrame(bytes, 0), `byte ${at}`).toBeUndefined();
      bytes[at] = (bytes[at] ?? 0) ^ 1;
    }
    expect(readFrame(bytes, 0)).toBeDefined();
  });

  it('end where one was cut off, or is from an earlier run', () => {
    const [first, second, older] = [1, 2, 1].map((revision) => encodeFrame([{ key: '/k', revision, value: 'x' }]));
    if (first === undefined || second === undefined || older === undefined) throw new Error('three were made');
    expect(readRun(Buffer.concat([first, second, older]))).toHaveLength(2);
    expect(readRun(Buffer.concat([first, second.subarray(0, 20)]))).toHaveLength(1);
    expect(readRun(Buffer.alloc(4_096))).toHaveLength(0);
    expect(readRun(Buffer.alloc(0))).toHaveLength(0);
  });

  it('are found behind one that cannot be read', () => {
    const bytes = Buffer.concat([3, 4].map((revision) => encodeFrame([{ key: '/k', revision, value: 'x' }])));
    bytes[30] = 0;
    expect(readRun(bytes)).toHaveLength(0);
    expect(hasFrameFrom(3, bytes)).toBe(true);
    expect(hasFrameFrom(5, bytes)).toBe(false);
  });
});
