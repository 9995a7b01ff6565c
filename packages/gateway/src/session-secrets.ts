import type { Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { type Clock, delay } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { keyString } from '@slipway/kube/object';
import { secrets } from '@slipway/kube/resources';
import type { Split } from '@slipway/kube/split';

export interface SessionSecretsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  onChange(): void;
}

interface Watched {
  readonly informer: Informer<Secret>;
  readonly stop: AbortController;
}

/** Who cannot read a Secret is told so by the informer, again and again; others need not wait for it longer than this. */
const maxFirstReadMilliseconds = 5_000;

/** The Secrets that sign sessions, each watched by its name while a Split names it: nothing else of a cluster's is read. */
export class SessionSecrets {
  readonly #options: SessionSecretsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: SessionSecretsOptions) {
    this.#options = options;
  }

  get(namespace: string, name: string): Secret | undefined {
    return this.#watched.get(keyString({ namespace, name }))?.informer.get({ namespace, name });
  }

  /** Watches what these Splits name, and no longer what none of them does. */
  follow(splits: readonly Split[]): void {
    const named = new Set<string>();
    for (const { metadata, spec } of splits) {
      for (const { sessions } of spec.rules) {
        if (sessions === undefined) continue;
        const key = { namespace: metadata.namespace ?? '', name: sessions.secretName };
        named.add(keyString(key));
        if (!this.#watched.has(keyString(key))) this.#watched.set(keyString(key), this.#watch(key));
      }
    }
    for (const [key, { stop }] of this.#watched) {
      if (named.has(key)) continue;
      stop.abort();
      this.#watched.delete(key);
    }
  }

  /** What is watched has been read, or cannot be for now. */
  async firstRead(): Promise<void> {
    const { clock, signal } = this.#options;
    const read = new AbortController();
    const pause = delay(clock, maxFirstReadMilliseconds, AbortSignal.any([signal, read.signal])).catch(() => undefined);
    await Promise.race([Promise.all([...this.#watched.values()].map(({ informer }) => informer.synced())), pause]);
    read.abort();
  }

  #watch({ namespace, name }: { readonly namespace: string; readonly name: string }): Watched {
    const { client, clock, random, logger, signal, onChange } = this.#options;
    const informer = new Informer<Secret>({
      client,
      clock,
      random,
      logger,
      type: secrets,
      namespace,
      fieldSelector: `metadata.name=${name}`,
    });
    const stop = new AbortController();
    informer.onChange(onChange);
    informer.start(AbortSignal.any([signal, stop.signal]));
    return { informer, stop };
  }
}
