import { randomUUID, type KeyObject } from 'node:crypto';
import type { Secret } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { nodes, pods, secrets, serviceAccounts } from '@slipway/kube/resources';
import type { Clock } from '@slipway/kube/clock';
import type { Identity } from '../authorization.ts';
import { storeKey } from '../object-key.ts';
import type { ResourceStore } from '../resource-store.ts';
import {
  formatSecretClaims,
  parseSecretClaims,
  secretTokenIdentity,
  type SecretTokenClaims,
} from './secret-token-claims.ts';
import { formatClaims, identityOf, parseClaims, type NamedObject, type TokenClaims } from './token-claims.ts';
import { createSigningKey, publicJsonWebKey, readToken, signToken, type SigningKey } from './web-token.ts';

export const issuer = 'https://kubernetes.default.svc.cluster.local';

/** Whom a token is for that names nobody: this server. */
export const ownAudiences: readonly string[] = [issuer];

/** What is being deleted may end in order with the token that it has. */
const graceMilliseconds = 60_000;

export interface TokensOptions {
  readonly resources: ResourceStore;
  readonly clock: Clock;
  /** Asked with the first token, and not before: a start does without. */
  readonly loadKey: () => Promise<KeyObject>;
}

export type TokenOrder = Pick<TokenClaims, 'namespace' | 'account' | 'bound' | 'audiences'> & {
  readonly expirationSeconds: number;
};

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds. */
  readonly expiresAt: number;
}

export interface ReviewedToken {
  readonly identity: Identity;
  readonly audiences: readonly string[];
}

/** Tokens of service accounts: signed and not kept, so whether one still holds is asked of what it is bound to. */
export class ServiceAccountTokens {
  readonly #options: TokensOptions;
  #key: Promise<SigningKey> | undefined;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  async issue({ expirationSeconds, ...order }: TokenOrder): Promise<IssuedToken> {
    const now = Math.floor(this.#options.clock.now() / 1_000);
    const expiresAt = now + expirationSeconds;
    const times = { issuedAt: now, notBefore: now, expiresAt };
    const claims = formatClaims({ ...order, ...times, issuer, id: randomUUID() });
    return { token: signToken(claims, await this.#signingKey()), expiresAt: expiresAt * 1_000 };
  }

  /** What a Secret of the account holds: a token for this server that does not end in time. */
  async issueForSecret(claims: SecretTokenClaims): Promise<string> {
    return signToken(formatSecretClaims(claims), await this.#signingKey());
  }

  /** Undefined unless the token is ours, for this server, in time, and of objects that are still there. */
  async authenticate(token: string): Promise<Identity | undefined> {
    return (await this.review(token, ownAudiences))?.identity;
  }

  /** The same for those audiences, with those of them that the token is for. */
  async review(token: string, audiences: readonly string[]): Promise<ReviewedToken | undefined> {
    const signed = readToken(token, await this.#signingKey());
    if (signed === undefined) return undefined;
    const ofSecret = parseSecretClaims(signed);
    if (ofSecret !== undefined)
      return this.#stands(token, ofSecret)
        ? reviewed(secretTokenIdentity(ofSecret), ownAudiences, audiences)
        : undefined;
    const claims = parseClaims(signed);
    if (claims === undefined || !this.#isValid(claims)) return undefined;
    return reviewed(identityOf(claims), claims.audiences, audiences);
  }

  /** By which tokens are verified, as a JSON Web Key. */
  async publicKey(): Promise<object> {
    return publicJsonWebKey(await this.#signingKey());
  }

  #isValid({ issuer: by, notBefore, expiresAt, namespace, account, bound }: TokenClaims): boolean {
    const now = this.#options.clock.now() / 1_000;
    if (by !== issuer) return false;
    if (now < notBefore || now >= expiresAt) return false;
    return (
      this.#isThere(serviceAccounts, namespace, account) &&
      (bound.pod === undefined || this.#isThere(pods, namespace, bound.pod)) &&
      (bound.secret === undefined || this.#isThere(secrets, namespace, bound.secret)) &&
      // The node of a pod is told to whom it concerns; only a token of the node itself ends with it.
      (bound.node === undefined || bound.pod !== undefined || this.#isThere(nodes, undefined, bound.node))
    );
  }

  /** Whether the Secret still holds that very token. */
  #stands(token: string, { namespace, account, secret }: SecretTokenClaims): boolean {
    const found: Secret | undefined = this.#find(secrets, namespace, secret);
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) return false;
    const held = Buffer.from(found.data?.['token'] ?? '', 'base64').toString();
    return held === token && this.#isThere(serviceAccounts, namespace, account);
  }

  #isThere(type: ResourceType, namespace: string | undefined, { name, uid }: NamedObject): boolean {
    const found = this.#find(type, namespace, name);
    if (found === undefined || found.metadata.uid !== uid) return false;
    const { deletionTimestamp } = found.metadata;
    return (
      deletionTimestamp === undefined || this.#options.clock.now() - Date.parse(deletionTimestamp) < graceMilliseconds
    );
  }

  #find(type: ResourceType, namespace: string | undefined, name: string): KubeObject | undefined {
    const { resources } = this.#options;
    const stored = resources.store.get(storeKey(type, namespace, name));
    return stored === undefined ? undefined : resources.cache.parse(stored);
  }

  /** A key that could not be had is asked for again with the next token. */
  #signingKey(): Promise<SigningKey> {
    this.#key ??= this.#options.loadKey().then(createSigningKey);
    this.#key.catch(() => {
      this.#key = undefined;
    });
    return this.#key;
  }
}

/** Undefined where the token is for none of those who are asked about. */
function reviewed(identity: Identity, has: readonly string[], asked: readonly string[]): ReviewedToken | undefined {
  const audiences = asked.filter((audience) => has.includes(audience));
  return audiences.length === 0 ? undefined : { identity, audiences };
}
