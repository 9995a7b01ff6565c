/** JSON Web Tokens as this server signs them (RFC 7519, ES256), and no others. */
import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../schema/shape.ts';

const algorithm = 'ES256';
/** The two numbers of the signature one after the other, as RFC 7518 wants them. */
const dsaEncoding = 'ieee-p1363';

export interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The id is that of the public key, so that everybody who has it derives the same. */
export function createSigningKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const id = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
  return { id, privateKey, publicKey };
}

/** RFC 7517. */
export function publicJsonWebKey({ id, publicKey }: SigningKey): object {
  return { use: 'sig', alg: algorithm, kid: id, ...publicKey.export({ format: 'jwk' }) };
}

export function signToken(claims: JsonObject, key: SigningKey): string {
  const signed = `${encode({ alg: algorithm, kid: key.id })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding });
  return `${signed}.${signature.toString('base64url')}`;
}

/** The claims, or undefined for what this key has not signed. Whether they hold is for the caller to say. */
export function readToken(token: string, key: SigningKey): JsonObject | undefined {
  const [header, payload, signature, ...rest] = token.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) return undefined;
  // The algorithm is ours and never the token's to choose.
  if (decode(header)?.['alg'] !== algorithm) return undefined;
  const bytes = Buffer.from(signature, 'base64url');
  const isSigned = verify('sha256', Buffer.from(`${header}.${payload}`), { key: key.publicKey, dsaEncoding }, bytes);
  return isSigned ? decode(payload) : undefined;
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    // Not one of ours, like every other text that is no token.
    return undefined;
  }
}
