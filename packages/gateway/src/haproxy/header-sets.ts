import { hashOf } from './hash-of.ts';

/** Headers of answers are configuration: a set that no route had before needs a reload, a known one does not. */
export type HeaderSet = ReadonlyMap<string, string>;

/** HAProxy keeps so much room for them in every buffer: an answer to which they cannot be added becomes an error. */
export const maxHeaderSetBytes = 8 * 1024;
/** Around a name and its value, in HAProxy's buffer. */
const bytesBetween = 16;

/** Whether they fit beside any answer. */
export function hasRoomFor(headers: HeaderSet): boolean {
  let length = 0;
  for (const [name, value] of headers) length += name.length + value.length + bytesBetween;
  return length <= maxHeaderSetBytes;
}

/** Undefined: no headers. */
export function headerSetId(headers: HeaderSet): string | undefined {
  if (headers.size === 0) return undefined;
  return `h${hashOf([...headers].toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
}
