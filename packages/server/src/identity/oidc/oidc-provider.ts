/** Says who somebody is by the tokens of an issuer: sent with a request, or fetched for a browser that logs in. */
import type { Clock } from '@slipway/kube/clock';
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';
import { BriefCache } from '../brief-cache.ts';
import type { Credentials } from '../principal.ts';
import { askIssuer, IssuerUnavailable } from './ask-issuer.ts';
import { identityOfClaims } from './identity-of-claims.ts';
import type { OidcOptions } from './oidc-options.ts';

/** What is asked of an issuer to end a login that began here. */
export interface CodeExchange {
  readonly code: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

export interface LoginRequest {
  readonly state: string;
  readonly nonce: string;
  /** S256 of the verifier. */
  readonly challenge: string;
  readonly redirectUri: string;
}

/** Signed by a key of the issuer's own; with a shared secret, or unsigned, anybody could write them. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const clockToleranceSeconds = 30;
const metadataMilliseconds = 3_600_000;
/** Anybody can make up a key that nobody knows: the issuer is not asked for each of them. */
const usualCooldownMilliseconds = 5_000;

interface Metadata {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly keys: ReturnType<typeof createRemoteJWKSet>;
}

export class OidcProvider {
  readonly #options: OidcOptions;
  readonly #clock: Clock;
  readonly #metadata: BriefCache<Metadata>;

  constructor(options: OidcOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#metadata = new BriefCache({ clock, lifetimeMilliseconds: metadataMilliseconds, maximumEntries: 1 });
  }

  get issuer(): string {
    return this.#options.issuer;
  }

  /** Whether it says that this issuer has made it. Nothing of it is checked. */
  isMeant(token: string): boolean {
    try {
      return decodeJwt(token).iss === this.#options.issuer;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return false;
      throw error;
    }
  }

  /** Undefined for a token that does not hold. Rejects with `IssuerUnavailable`. */
  async identify(token: string): Promise<Credentials | undefined> {
    const claims = await this.#verify(token);
    if (claims === undefined) return undefined;
    return { identity: identityOfClaims(claims, this.#options), expiresAt: (claims.exp ?? 0) * 1_000 };
  }

  /** Where a browser goes to log in. */
  async loginUrl({ state, nonce, challenge, redirectUri }: LoginRequest): Promise<string> {
    const { authorizationEndpoint } = await this.#load();
    const url = new URL(authorizationEndpoint);
    const asked = {
      response_type: 'code',
      client_id: this.#options.clientId,
      redirect_uri: redirectUri,
      scope: this.#options.scope,
      state,
      nonce,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Undefined where the issuer does not take the code, or what it gives for it is not of this login. */
  async redeem({ code, verifier, nonce, redirectUri }: CodeExchange): Promise<Credentials | undefined> {
    const { tokenEndpoint } = await this.#load();
    const { clientId, clientSecret } = this.#options;
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri };
    const { status, body } = await askIssuer(tokenEndpoint, {
      method: 'POST',
      headers: clientSecret === undefined ? {} : { authorization: basic(clientId, clientSecret) },
      body: new URLSearchParams(clientSecret === undefined ? { ...form, client_id: clientId } : form),
    });
    if (status !== 200 || typeof body['id_token'] !== 'string') return undefined;
    const claims = await this.#verifyFetched(body['id_token']);
    // What ends the login here is ours: the issuer's time is for the token that it gave.
    return claims?.['nonce'] === nonce ? { identity: identityOfClaims(claims, this.#options) } : undefined;
  }

  /** It comes from the issuer itself, and is signed by a key that it has now, however short ago its keys were asked for. */
  async #verifyFetched(token: string): Promise<JWTPayload | undefined> {
    const claims = await this.#verify(token);
    if (claims !== undefined) return claims;
    const { keys } = await this.#load();
    try {
      await keys.reload();
    } catch (error) {
      throw this.#noKeys(error);
    }
    return await this.#verify(token);
  }

  async #verify(token: string): Promise<JWTPayload | undefined> {
    const { keys } = await this.#load();
    const { issuer, clientId } = this.#options;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: clientId,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(this.#clock.now()),
        requiredClaims: ['exp', 'iat', 'sub'],
      });
      return isForUs(payload, clientId) ? payload : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError && refusals.has(error.code)) return undefined;
      throw this.#noKeys(error);
    }
  }

  #noKeys(error: unknown): IssuerUnavailable {
    return new IssuerUnavailable(`the keys of ${this.#options.issuer} cannot be had: ${String(error)}`, error);
  }

  #load(): Promise<Metadata> {
    return this.#metadata.get('', async () => {
      const { issuer, keysCooldownMilliseconds: cooldownDuration = usualCooldownMilliseconds } = this.#options;
      const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const { status, body } = await askIssuer(place);
      if (status !== 200 || body['issuer'] !== issuer)
        throw new IssuerUnavailable(`at ${place} is no description of ${issuer}: expected one that names it as issuer`);
      return {
        authorizationEndpoint: endpointIn(body, 'authorization_endpoint', issuer),
        tokenEndpoint: endpointIn(body, 'token_endpoint', issuer),
        keys: createRemoteJWKSet(new URL(endpointIn(body, 'jwks_uri', issuer)), { cooldownDuration }),
      };
    });
  }
}

/** A token for several is for who asked for it. */
function isForUs({ aud, azp }: JWTPayload, clientId: string): boolean {
  return azp === undefined ? !Array.isArray(aud) || aud.length === 1 : azp === clientId;
}

/** What is wrong with the token, and not with the way to its keys. */
const refusals: ReadonlySet<string> = new Set([
  errors.JWTClaimValidationFailed.code,
  errors.JWTExpired.code,
  errors.JWTInvalid.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
]);

/** Over TLS, as the issuer itself: what it says there decides who somebody is. */
function endpointIn(body: Readonly<Record<string, unknown>>, field: string, issuer: string): string {
  const endpoint = body[field];
  const isSafe =
    typeof endpoint === 'string' &&
    URL.canParse(endpoint) &&
    (new URL(endpoint).protocol === 'https:' || new URL(endpoint).origin === new URL(issuer).origin);
  if (isSafe) return endpoint;
  throw new IssuerUnavailable(`the issuer ${issuer} names no ${field} that can be used: expected an https:// address`);
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function basic(clientId: string, clientSecret: string): string {
  const text = [clientId, clientSecret].map(encodeURIComponent).join(':');
  return `Basic ${Buffer.from(text).toString('base64')}`;
}
