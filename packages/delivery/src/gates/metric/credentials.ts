/** What a Secret says of who asks. It is read when it is needed, and nothing of it is kept or told. */
import type { Secret } from '@slipway/kube/api.generated';

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly ca?: string | undefined;
  /** Texts that must not be told, as they could come back in an answer. */
  readonly hidden: readonly string[];
}

export const noCredentials: Credentials = { headers: {}, hidden: [] };

/** `token`, or `username` and `password` as in a Secret of type kubernetes.io/basic-auth, and `ca.crt`. */
export function readCredentials({ metadata, data = {} }: Secret): Credentials {
  const { token, username, password, 'ca.crt': ca } = decodeAll(data);
  const trusted = ca === undefined ? {} : { ca };
  if (token !== undefined) return { ...authorization(`Bearer ${token}`, [token]), ...trusted };
  if (username !== undefined && password !== undefined) {
    const pair = Buffer.from(`${username}:${password}`).toString('base64');
    return { ...authorization(`Basic ${pair}`, [pair, password]), ...trusted };
  }
  if (ca !== undefined) return { ...noCredentials, ...trusted };
  throw new Error(
    `the Secret ${metadata.name ?? ''} has none of the keys that are expected: token, or username and password, or ca.crt`,
  );
}

function decodeAll(data: Readonly<Record<string, string>>): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString('utf8').trim()]),
  );
}

function authorization(header: string, hidden: readonly string[]): Credentials {
  if (!/^[\x20-\x7e]+$/.test(header)) throw new Error('the credentials hold a character that no header can carry');
  return { headers: { authorization: header }, hidden };
}

/** A server may say in its answer what it was sent. */
export function withoutCredentials(text: string, { hidden }: Credentials): string {
  return hidden.filter((each) => each !== '').reduce((left, each) => left.replaceAll(each, '***'), text);
}
