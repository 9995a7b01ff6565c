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

/**
 * https://www.standardwebhooks.com: `v1,` and the HMAC-SHA256 of id, time and body in base64; of several signatures one is
 * enough, as while keys change. The key is the secret's bytes.
 */
export function isSignedByStandard({ headers, body }: Message, secret: string): boolean {
  const [id = '', time = ''] = [headerOf(headers, 'webhook-id'), headerOf(headers, 'webhook-timestamp')];
  const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
  const expected = `v1,${createHmac('sha256', Buffer.from(secret, 'base64url')).update(signed).digest('base64')}`;
  const given = (headerOf(headers, standardSignature) ?? '').split(' ').slice(0, maximumSignatures);
  return id !== '' && time !== '' && given.map((each) => isSameText(each, expected)).includes(true);
}

export const standardSignature = 'webhook-signature';
const maximumSignatures = 5;

/** As senders take it that sign by that standard. */
export function signingTokenOf(secret: string): string {
  return `whsec_${Buffer.from(secret, 'base64url').toString('base64')}`;
}

/** `Authorization` holds the secret, alone or as a bearer's. */
export function isAuthorized({ headers }: Message, secret: string): boolean {
  const given = headerOf(headers, 'authorization') ?? '';
  return isSecret(given.replace(/^Bearer +/i, ''), hashSecret(secret));
}

export function hasSecretPath({ pathSecret = '' }: Message, secret: string): boolean {
  return isSecret(pathSecret, hashSecret(secret));
}
