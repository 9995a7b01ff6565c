/** Whether a message comes from who has the secret. Each look takes as long whatever is wrong. Pure. */
import { createHmac } from 'node:crypto';
import { hashSecret, isSameText, isSecret } from '../identity/secret-text.ts';

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Message {
  readonly headers: Headers;
  /** As it came, byte by byte. */
  readonly body: Buffer;
  /** What stands behind the id in the address. */
  readonly pathSecret?: string | undefined;
}

/** Undefined also for one that came twice: whichever is meant, somebody between could have added the other. */
export function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** HMAC-SHA256 of the body in hex, behind `prefix`. */
export function isSigned(
  { headers, body }: Message,
  secret: string,
  header: { name: string; prefix: string },
): boolean {
  const expected = `${header.prefix}${createHmac('sha256', secret).update(body).digest('hex')}`;
  return isSameText(headerOf(headers, header.name) ?? '', expected);
}

export function hasSecretHeader({ headers }: Message, secret: string, name: string): boolean {
  return isSecret(headerOf(headers, name) ?? '', hashSecret(secret));
}

/** `Authorization` holds the secret, alone or as a bearer's. */
export function isAuthorized({ headers }: Message, secret: string): boolean {
  const given = headerOf(headers, 'authorization') ?? '';
  return isSecret(given.replace(/^Bearer +/i, ''), hashSecret(secret));
}

export function hasSecretPath({ pathSecret = '' }: Message, secret: string): boolean {
  return isSecret(pathSecret, hashSecret(secret));
}
