import { expect, it } from 'vitest';
import { readStart, startBytes, tellAnswer } from './told-answer.ts';

async function* chunksOf(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

it('reads a letter that comes in two parts', async () => {
  const bytes = Buffer.from('déjà');
  expect(await readStart(chunksOf(bytes.subarray(0, 2), bytes.subarray(2)))).toBe('déjà');
});

it('reads no further than it has to', async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(1_000, 'x');
  }
  expect(await readStart(endless())).toHaveLength(startBytes);
});

it('tells a line, without what is secret, also where it is cut', () => {
  expect(tellAnswer(' no\r\n\tkey\u0000 opensesame ', ['opensesame'])).toBe('no key (hidden)');
  const told = tellAnswer(`${'x'.repeat(1_020)}opensesame`, ['opensesame']);
  expect(told).toHaveLength(1_024);
  expect(told.endsWith('x(hid')).toBe(true);
});
