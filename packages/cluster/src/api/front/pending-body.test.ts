import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PendingBody } from './pending-body.ts';

describe('a body that is still to come', () => {
  it('is the same wherever it is cut, and ends where it ends, whenever it is read', async () => {
    const piece = fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.array(piece), piece, fc.boolean(), async (pieces, begin, isReadFirst) => {
        const sent = Buffer.concat(pieces);
        const missing = Math.floor(sent.length / 2);
        const body = new PendingBody(begin, missing);
        const early = isReadFirst ? buffer(body) : undefined;
        const rests: Buffer[] = [];
        for (const each of pieces) {
          rests.push(body.take(each));
          await Promise.resolve();
        }
        expect(body.isWhole).toBe(true);
        expect(await (early ?? buffer(body))).toEqual(Buffer.concat([begin, sent.subarray(0, missing)]));
        expect(Buffer.concat(rests)).toEqual(sent.subarray(missing));
      }),
    );
  });

  it('says that it broke off, after what has come', async () => {
    const body = new PendingBody(Buffer.from('ab'), 3);
    const reading = buffer(body);
    body.take(Buffer.from('c'));
    body.break();
    await expect(reading).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('keeps nothing that nobody reads any more', async () => {
    const body = new PendingBody(Buffer.from('ab'), 3);
    body.drop();
    expect(String(body.take(Buffer.from('cdef')))).toBe('f');
    expect(await buffer(body)).toEqual(Buffer.alloc(0));
  });
});
