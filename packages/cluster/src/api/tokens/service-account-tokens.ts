import { randomUUID, type KeyObject } from 'node:crypto';
import type { Secret } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { nodes, pods, secrets, serviceAccounts } from '@slipway/kube/resources';
import type { Clock } from '@slipway/kube/clock';
import type { Identity } from '../authorization.ts';
import { notFound } from '../api-errors.ts';
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

export type ReviewedToken =
  | { readonly identity: Identity; readonly audiences: readonly string[] }
  /** In the words of Kubernetes; undefined: it is not ours, and nothing more can be said. */
  | { readonly identity: undefined; readonly fault: string | undefined };

const invalidated = 'service account token has been invalidated';

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
    return (await this.review(token, ownAudiences)).identity;
  }

  /** The same for those audiences, with those of them that the token is for. */
  async review(token: string, audiences: readonly string[]): Promise<ReviewedToken> {
    const signed = readToken(token, await this.#signingKey());
    const ofSecret = signed && parseSecretClaims(signed);
    if (ofSecret !== undefined) {
      const identity = secretTokenIdentity(ofSecret);
      return reviewed({ identity, audiences: ownAudiences }, audiences, () => this.#faultOfHeld(token, ofSecret));
    }
    const claims = signed && parseClaims(signed);
    if (claims?.issuer !== issuer) return { identity: undefined, fault: undefined };
    return reviewed({ ...claims, identity: identityOf(claims) }, audiences, () => this.#faultOf(claims));
  }

  /** By which tokens are verified, as a JSON Web Key. */
  async publicKey(): Promise<object> {
    return publicJsonWebKey(await this.#signingKey());
  }

  #faultOf({ notBefore, expiresAt, namespace, account, bound }: TokenClaims): string | undefined {
    const now = this.#options.clock.now() / 1_000;
    if (now >= expiresAt) return 'service account token has expired';
    if (now < notBefore) return 'service account token is not valid yet';
    const { pod, secret } = bound;
    // The node of a pod is told to whom it concerns; only a token of the node itself ends with it.
    const node = pod === undefined ? bound.node : undefined;
    return (
      this.#faultOfAccount(namespace, account) ??
      (secret && this.#faultOfBound(secrets, namespace, secret)) ??
      (pod && this.#faultOfBound(pods, namespace, pod)) ??
      (node && this.#faultOfBound(nodes, undefined, node))
    );
  }

  /** Whether the Secret still holds that very token. */
  #faultOfHeld(token: string, { namespace, account, secret }: SecretTokenClaims): string | undefined {
    const found: Secret | undefined = this.#find(secrets, namespace, secret);
    const held = Buffer.from(found?.data?.['token'] ?? '', 'base64').toString();
    if (held !== token || found?.metadata.deletionTimestamp !== undefined) return invalidated;
    return this.#faultOfAccount(namespace, account);
  }

  #faultOfAccount(namespace: string, { name, uid }: NamedObject): string | undefined {
    const found = this.#find(serviceAccounts, namespace, name);
    if (found === undefined) return notFound(serviceAccounts, name).message;
    if (found.metadata.uid !== uid)
      return `service account UID (${found.metadata.uid ?? ''}) does not match claim (${uid})`;
    return this.#hasGone(found) ? `service account ${namespace}/${name} has been deleted` : undefined;
  }

  #faultOfBound(type: ResourceType, namespace: string | undefined, { name, uid }: NamedObject): string | undefined {
    const found = this.#find(type, namespace, name);
    if (found === undefined || this.#hasGone(found)) return invalidated;
    if (found.metadata.uid === uid) return undefined;
    const kind = type.kind.toLowerCase();
    return `${kind} UID (${found.metadata.uid ?? ''}) does not match service account ${kind} ref claim (${uid})`;
  }

  #hasGone({ metadata: { deletionTimestamp } }: KubeObject): boolean {
    if (deletionTimestamp === undefined) return false;
    return this.#options.clock.now() - Date.parse(deletionTimestamp) >= graceMilliseconds;
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

/** Whom it is for is looked at first, and then whether it still holds. */
function reviewed(
  { identity, audiences: has }: { readonly identity: Identity; readonly audiences: readonly string[] },
  asked: readonly string[],
  findFault: () => string | undefined,
): ReviewedToken {
  const audiences = asked.filter((audience) => has.includes(audience));
  if (audiences.length === 0)
    return {
      identity: undefined,
      fault: `token audiences ${quoted(has)} is invalid for the target audiences ${quoted(asked)}`,
    };
  const fault = findFault();
  return fault === undefined ? { identity, audiences } : { identity: undefined, fault };
}

/** As Go prints a list of texts. */
function quoted(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;
}
