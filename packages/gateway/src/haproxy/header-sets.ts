import { hashOf } from './hash-of.ts';

/** Headers of answers are configuration: a set that no route had before needs a reload, a known one does not. */
export type HeaderSet = ReadonlyMap<string, string>;

/** Undefined: no headers. */
export function headerSetId(headers: HeaderSet): string | undefined {
  if (headers.size === 0) return undefined;
  return `h${hashOf([...headers].toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
}
