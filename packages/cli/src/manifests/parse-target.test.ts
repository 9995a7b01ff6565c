import { expect, test } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { parseTarget } from './parse-target.ts';

test.each([
  ['shop', undefined, 'shop'],
  ['production/shop', 'production', 'shop'],
  ['arn:aws:eks:eu-west-1:1:cluster/production/shop', 'arn:aws:eks:eu-west-1:1:cluster/production', 'shop'],
])('%s is a place', (text, context, namespace) => {
  expect(parseTarget(text)).toEqual({ context, namespace });
});

test.each(['', '/', '/shop', 'production/', 'production/Shop', 'a b'])('"%s" is none', (text) => {
  expect(() => parseTarget(text)).toThrow(CommandFailure);
});
