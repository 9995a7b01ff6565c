import { createHash } from 'node:crypto';

/** A name for a content: the same again for the same, and of characters that mean nothing to HAProxy. */
export function hashOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}
