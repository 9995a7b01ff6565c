import { expect, test } from 'vitest';
import { keepTyped, splitList } from './lists.ts';

test.each([
  {
    name: 'an end that begins the next one',
    typed: 'a.example.org, ',
    there: 'a.example.org',
    shown: 'a.example.org, ',
  },
  {
    name: 'what the text beside says meanwhile',
    typed: 'a.example.org, ',
    there: 'b.example.org',
    shown: 'b.example.org',
  },
  { name: 'nothing, where nothing is there any more', typed: 'a.example.org', there: '', shown: '' },
  { name: 'what is there, before anybody types', typed: '', there: 'a.example.org', shown: 'a.example.org' },
])('the line shows $name', ({ typed, there, shown }) => {
  expect(keepTyped(typed, there)).toBe(shown);
});

test('commas and spaces part what is listed', () => {
  expect(splitList('a.example.org,b.example.org  c.example.org,')).toEqual([
    'a.example.org',
    'b.example.org',
    'c.example.org',
  ]);
  expect(splitList(' , ')).toBeUndefined();
});
