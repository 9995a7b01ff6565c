/** Tokens of pods' service accounts, bound to the pods: asked for when they are mounted, and again long before they end. */
import type { Pod, ServiceAccountTokenProjection } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import type { KubeObject, ResourceType } from '@slipway/kube/object';

interface TokenRequest extends KubeObject {
  readonly spec: {
    readonly audiences: readonly string[];
    readonly expirationSeconds: number | undefined;
    readonly boundObjectRef: object;
  };
  readonly status?: { readonly token: string; readonly expirationTimestamp: string } | undefined;
}

/** A subresource: its path is that of accounts. */
const tokenRequests: ResourceType<TokenRequest> = {
  group: '',
  version: 'v1',
  kind: 'TokenRequest',
  plural: 'serviceaccounts',
  namespaced: true,
};

interface HeldToken {
  readonly token: string;
  /** Milliseconds; from then on there should be another. */
  readonly dueAt: number;
}

/** As the kubelet: a new one after four fifths of its life, and after a day at the latest. */
const usableShare = 0.8;
const dayMilliseconds = 24 * 60 * 60_000;
const lookEvery = 60_000;

export interface PodTokensOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
}

export class PodTokens {
  readonly #options: PodTokensOptions;
  /** By uid of the pod, then by what was asked for. */
  readonly #held = new Map<string, Map<string, HeldToken>>();

  constructor(options: PodTokensOptions) {
    this.#options = options;
  }

  /** That of before while it will do. */
  async fetch(pod: Pod, projection: ServiceAccountTokenProjection): Promise<string> {
    const podUid = pod.metadata.uid ?? '';
    const asked = JSON.stringify([projection.audience ?? '', projection.expirationSeconds]);
    const held = this.#held.get(podUid)?.get(asked);
    if (held !== undefined && this.#options.clock.now() < held.dueAt) return held.token;
    const issued = await this.#request(pod, projection);
    this.#held.set(podUid, (this.#held.get(podUid) ?? new Map<string, HeldToken>()).set(asked, issued));
    return issued.token;
  }

  /** Whether the pod should get new ones. Of a pod that ran before this process nobody knows how long they hold. */
  isDue(podUid: string): boolean {
    const held = this.#held.get(podUid);
    const now = this.#options.clock.now();
    return held === undefined || [...held.values()].some(({ dueAt }) => now >= dueAt);
  }

  forget(podUid: string): void {
    this.#held.delete(podUid);
  }

  async #request(
    { metadata, spec }: Pod,
    { audience = '', expirationSeconds }: ServiceAccountTokenProjection,
  ): Promise<HeldToken> {
    const { client, clock } = this.#options;
    const { name = '', namespace, uid } = metadata;
    const now = clock.now();
    const request: TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: tokenRequests.kind,
      metadata: { name: spec?.serviceAccountName ?? 'default', namespace },
      spec: {
        audiences: audience === '' ? [] : [audience],
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    };
    const { status } = await client.create(tokenRequests, request, { subresource: 'token' });
    if (status === undefined) throw new Error(`the API server answered a request for a token of ${name} with none`);
    const life = Date.parse(status.expirationTimestamp) - now;
    return { token: status.token, dueAt: now + Math.min(life * usableShare, dayMilliseconds) };
  }
}

export interface TokenRotationOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Uids of the pods that have tokens mounted. */
  readonly podUids: () => readonly string[];
  readonly isDue: (podUid: string) => boolean;
  /** Never rejects. */
  readonly refresh: (podUid: string) => Promise<void>;
}

/** One pod after the other, until the signal aborts. */
export async function rotateTokens({ clock, signal, podUids, isDue, refresh }: TokenRotationOptions): Promise<void> {
  while (!signal.aborted) {
    await delay(clock, lookEvery, signal).catch(() => undefined);
    for (const podUid of podUids()) {
      if (!signal.aborted && isDue(podUid)) await refresh(podUid);
    }
  }
}
