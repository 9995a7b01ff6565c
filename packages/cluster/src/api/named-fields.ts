import { StatusError } from '@slipway/kube/status-error';

const maximumDepth = 1_000;

const characters = {
  quote: 0x22,
  colon: 0x3a,
  openList: 0x5b,
  escape: 0x5c,
  closeList: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
};

/**
 * How many fields JSON of these bytes names. What is nested deeper than any object would exhaust the stack of whatever walks
 * through it, and is refused.
 */
export function countNamedFields(bytes: Buffer): number {
  let depth = 0;
  let count = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (byte === characters.quote) index = endOfText(bytes, index + 1);
    else if (byte === characters.colon) count++;
    else if (byte === characters.openObject || byte === characters.openList) depth++;
    else if (byte === characters.closeObject || byte === characters.closeList) depth--;
    if (depth > maximumDepth)
      throw new StatusError('BadRequest', `the body of the request is nested deeper than ${maximumDepth} levels`);
  }
  return count;
}

/** To look at so many bytes one by one takes less than to have them searched. */
const shortText = 32;

/** Where the quote stands that ends a text, of which `from` is the first byte; the end of the bytes where none does. */
function endOfText(bytes: Buffer, from: number): number {
  let index = from;
  for (;;) {
    for (const long = index + shortText; index < long; index++) {
      const byte = bytes[index];
      if (byte === characters.quote || byte === undefined) return index;
      if (byte === characters.escape) index++;
    }
    const quote = bytes.indexOf(characters.quote, index);
    if (quote < 0) return bytes.length;
    if (!isEscaped(bytes, quote, index)) return quote;
    index = quote + 1;
  }
}

/** Whether an odd number of escapes stands before a byte: of two the first one stands for the second. */
function isEscaped(bytes: Buffer, at: number, from: number): boolean {
  let first = at;
  while (first > from && bytes[first - 1] === characters.escape) first--;
  return (at - first) % 2 === 1;
}
