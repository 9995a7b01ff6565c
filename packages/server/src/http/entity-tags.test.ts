import { describe, expect, it } from 'vitest';
import { isKnown, namesEtag } from './entity-tags.ts';

describe('an entity tag', () => {
  it.each([
    ['itself', '"a"', true, true],
    ['one of several', '"x", "a" ,"y"', true, true],
    ['anything', '*', true, true],
    ['a weak one', 'W/"a"', false, true],
    ['another', '"b"', false, false],
    ['one with a comma in it', '"b,a"', false, false],
    ['no tag', 'a', false, false],
    ['nothing', '', false, false],
  ])('is named by %s', (_, header, strong, weak) => {
    expect([namesEtag(header, '"a"', 'strong'), namesEtag(header, '"a"', 'weak')]).toEqual([strong, weak]);
  });

  it('of what is not there is named by nothing', () => {
    expect([namesEtag('*', undefined, 'strong'), isKnown(undefined, '"a"')]).toEqual([false, false]);
  });
});
