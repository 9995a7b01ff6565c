import { createHash, timingSafeEqual } from 'node:crypto';

/** Of a secret of at least 128 random bits: what nobody can guess needs no slow hash. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Takes as long whatever the first difference is. */
export function isSecret(given: string, hash: string): boolean {
  return isSameText(hashSecret(given), hash);
}

export function isSameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
