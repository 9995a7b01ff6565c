/**
 * Keeps what the server has to read again, such as the key of a signature, so that the database alone gives nothing away.
 * What it only has to recognize is kept as a hash instead.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import type { RandomText } from '../identity/tokens.ts';
import { Problem } from '../http/problem.ts';

export interface Sealer {
  /** `place` says whose secret it is: in another's place it does not open. */
  seal(secret: string, place: string): string;
  /** Rejects with 503 what another key has sealed. */
  open(sealed: string, place: string): string;
}

/** Bytes of the key. */
export const sealingKeyBytes = 32;
const algorithm = 'aes-256-gcm';
/** https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf: drawn at random for each secret. */
const nonceBytes = 12;
const form = 's1';

/** Undefined for what is no key: 32 bytes as base64url. */
export function parseSealingKey(text: string): Uint8Array | undefined {
  const key = Buffer.from(text.trim(), 'base64url');
  return key.length === sealingKeyBytes ? key : undefined;
}

export function createSealer(key: Uint8Array, random: RandomText): Sealer {
  const own = Buffer.from(hkdfSync('sha256', key, '', 'slipway secrets', sealingKeyBytes));
  return {
    seal: (secret, place) => {
      const nonce = Buffer.from(random(nonceBytes), 'base64url');
      const cipher = createCipheriv(algorithm, own, nonce).setAAD(Buffer.from(place));
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
      return [form, ...[nonce, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
    },
    open: (sealed, place) => {
      const [, nonce = '', text = '', tag = ''] = sealed.split('.');
      try {
        const decipher = createDecipheriv(algorithm, own, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
          .setAAD(Buffer.from(place))
          .setAuthTag(Buffer.from(tag, 'base64url'));
        return `${decipher.update(Buffer.from(text, 'base64url')).toString('utf8')}${decipher.final('utf8')}`;
      } catch (error) {
        throw new Problem(
          503,
          'a secret in the database was sealed with another key: give all servers of one database the same --key-file',
          { cause: error },
        );
      }
    },
  };
}
