import { expect, it } from 'vitest';
import { mediaTypeOf } from './media-type.ts';

it.each([
  ['application/json', 'application/json'],
  ['', ''],
  ['Application/Merge-Patch+JSON ; charset=utf-8', 'application/merge-patch+json'],
  ['application/yaml;charset=utf-8', 'application/yaml'],
])('of %j is %j, whatever was asked before', (contentType, type) => {
  mediaTypeOf('text/plain');
  expect([mediaTypeOf(contentType), mediaTypeOf(contentType)]).toEqual([type, type]);
});
