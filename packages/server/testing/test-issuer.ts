/** An issuer of OpenID Connect on this machine: real HTTP, keys that can be changed, and a person who always agrees. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from 'jose';

export interface TestIssuer {
  readonly url: string;
  /** How often its keys were asked for. */
  readonly keyRequests: number;
  /** What its next tokens say of the person who logs in. */
  person: Readonly<Record<string, unknown>>;
  /** What its next answer at the token endpoint says in place of that. */
  distort: (claims: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  token(claims?: Readonly<Record<string, unknown>>, options?: TokenOptions): Promise<string>;
  unsigned(claims?: Readonly<Record<string, unknown>>): string;
  /** Signs by another key from now on; the former is no longer shown. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

export interface TokenOptions {
  readonly algorithm?: string;
  readonly kid?: string;
  readonly key?: Uint8Array;
}

export const clientId = 'slipway';

interface Asked {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
}

/** By the clock of who checks its tokens. */
export async function startTestIssuer(now: () => number): Promise<TestIssuer> {
  let key = await newKey();
  let keyRequests = 0;
  const codes = new Map<string, Asked>();
  const seconds = (): number => Math.floor(now() / 1_000);
  const claimsOf = (claims: object): Record<string, unknown> => ({
    iss: issuer.url,
    aud: clientId,
    iat: seconds(),
    exp: seconds() + 300,
    ...issuer.person,
    ...claims,
  });

  const redeem = async (form: URLSearchParams): Promise<object | undefined> => {
    const asked = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const proven = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isSame = asked?.challenge === proven && asked.redirectUri === form.get('redirect_uri');
    if (asked === undefined || !isSame || form.get('client_id') !== clientId) return undefined;
    return { token_type: 'Bearer', id_token: await issuer.token(issuer.distort({ nonce: asked.nonce })) };
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', issuer.url);
    const send = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return send(200, {
          issuer: issuer.url,
          authorization_endpoint: `${issuer.url}/authorize`,
          token_endpoint: `${issuer.url}/token`,
          jwks_uri: `${issuer.url}/keys`,
        });
      case '/keys':
        keyRequests += 1;
        return send(200, { keys: [key.shown] });
      case '/authorize': {
        const text = (name: string): string => searchParams.get(name) ?? '';
        const code = randomUUID();
        codes.set(code, { nonce: text('nonce'), challenge: text('code_challenge'), redirectUri: text('redirect_uri') });
        const back = new URL(text('redirect_uri'));
        back.search = new URLSearchParams({ code, state: text('state'), iss: issuer.url }).toString();
        response.writeHead(303, { location: back.href }).end();
        return undefined;
      }
      case '/token': {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        const found = await redeem(new URLSearchParams(body));
        return found === undefined ? send(400, { error: 'invalid_grant' }) : send(200, found);
      }
      default:
        return send(404, {});
    }
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port');
  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${address.port}`,
    get keyRequests() {
      return keyRequests;
    },
    person: { sub: 'jane', groups: [] },
    distort: (claims) => claims,
    token: (claims = {}, { algorithm = 'RS256', kid = key.kid, key: other } = {}) =>
      new SignJWT(claimsOf(claims)).setProtectedHeader({ alg: algorithm, kid }).sign(other ?? key.private),
    unsigned: (claims = {}) => new UnsecuredJWT(claimsOf(claims)).encode(),
    rotate: async () => {
      key = await newKey();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return issuer;
}

async function newKey() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const kid = randomUUID();
  const shown: JWK = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' };
  return { kid, shown, private: privateKey };
}
