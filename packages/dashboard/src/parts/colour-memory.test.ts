import { expect, test } from 'vitest';
import { ColourMemory, keptApplications, keptVersions } from './colour-memory.ts';

const colours = new Map([['1', 2]]);

test('an application that was looked at has the colours that it had', () => {
  const memory = new ColourMemory();
  expect(memory.of('default/shop').size).toBe(0);
  memory.keep('default/shop', { colours, shown: ['1'] });
  expect(memory.of('default/shop')).toEqual(colours);
});

test('of very many applications those that were looked at last are remembered', () => {
  const memory = new ColourMemory();
  for (let index = 0; index <= keptApplications; index += 1) {
    memory.keep(`default/${index}`, { colours, shown: ['1'] });
    memory.keep('default/shop', { colours, shown: ['1'] });
  }
  expect(memory.of('default/shop')).toEqual(colours);
  expect(memory.of('default/0').size).toBe(0);
  expect(memory.of(`default/${keptApplications}`)).toEqual(colours);
});

test('of very many versions those that are shown are remembered, and the newest', () => {
  const memory = new ColourMemory();
  const many = new Map(Array.from({ length: keptVersions + 50 }, (_, index) => [String(index), index % 5]));
  memory.keep('default/shop', { colours: many, shown: ['0'] });
  const kept = memory.of('default/shop');
  expect(kept.size).toBe(keptVersions + 1);
  expect([kept.get('0'), kept.get('1'), kept.get('149')]).toEqual([0, undefined, 4]);
});
