/** The start of what somebody answered whose address holds a secret, for people who may not see that. */
import { hideSecrets } from './address-secrets.ts';

const maximumTold = 1_024;
/** More than is told, so that nothing secret stands in two parts at its end. */
export const startBytes = 4 * maximumTold;

/** Reads no further than it has to. */
export async function readStart(chunks: AsyncIterable<unknown>, maximumBytes = startBytes): Promise<string> {
  const read: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk as Uint8Array);
    read.push(bytes);
    size += bytes.length;
    if (size >= maximumBytes) break;
  }
  return Buffer.concat(read).toString('utf8', 0, Math.min(size, maximumBytes));
}

/** In one line: many repeat in a page that says "not found" where they were asked. */
export function tellAnswer(text: string, secrets: readonly string[]): string {
  return hideSecrets(text, secrets)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, maximumTold);
}
