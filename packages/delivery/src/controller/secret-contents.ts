/**
 * What the Secrets hold to which Applications refer, as hashes and the names of keys: Secrets are watched as metadata alone, and one is read only
 * where an Application refers to it, and again only when it has changed.
 */
import type { Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { keyOf, keyString, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { secrets } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { limitTime } from '@slipway/kube/time-limit';
import { saysLive, sourceOf, type Source } from '../configuration/content.ts';

/** A look waits for it: what keeps traffic alive must not wait long for a Secret. */
const maximumReadMilliseconds = 5_000;

export interface SecretContentsOptions {
  readonly client: Pick<KubeClient, 'get'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

interface Known {
  /** Of the metadata for which it was read: what was changed since is read again. */
  readonly seen: string;
  readonly source: Source;
}

export class SecretContents {
  readonly #options: SecretContentsOptions;
  /** As many as there are Secrets to which an Application has referred: what is deleted is forgotten. */
  readonly #known = new Map<string, Known>();

  constructor(options: SecretContentsOptions) {
    this.#options = options;
  }

  /** Without content where it has not been read, or could not be. */
  sourceOf(secret: KubeObject): Source {
    const known = this.#known.get(keyString(keyOf(secret)));
    if (known?.seen === versionOf(secret)) return known.source;
    return { content: undefined, isLive: saysLive(secret) };
  }

  /** Reads those whose content is not known; what cannot be read is logged, and read with a later look. */
  async read(wanted: readonly KubeObject[]): Promise<void> {
    const unread = wanted.filter((secret) => this.sourceOf(secret).content === undefined);
    if (unread.length === 0) return;
    const { clock, signal } = this.#options;
    const message = `no answer within ${maximumReadMilliseconds} ms`;
    using limit = limitTime({ clock, milliseconds: maximumReadMilliseconds, signal, message });
    await Promise.all(unread.map((secret) => this.#readOne(secret, limit.signal)));
  }

  forget(key: ObjectKey): void {
    this.#known.delete(keyString(key));
  }

  async #readOne(seen: KubeObject, signal: AbortSignal): Promise<void> {
    const { client, logger } = this.#options;
    const key = keyOf(seen);
    try {
      const secret: Secret = await client.get(secrets, key, { signal });
      this.#known.set(keyString(key), { seen: versionOf(seen), source: sourceOf(secret) });
    } catch (error) {
      // The watch tells of the deletion.
      if (isStatusReason(error, 'NotFound') || this.#options.signal.aborted) return;
      logger.warn('a Secret cannot be read, trying again', { ...key, error });
    }
  }
}

function versionOf({ metadata }: KubeObject): string {
  return `${metadata.uid ?? ''}/${metadata.resourceVersion ?? ''}`;
}
