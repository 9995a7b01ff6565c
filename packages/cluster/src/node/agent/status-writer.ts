import type { Pod, PodStatus } from '@slipway/kube/api.generated';
import { delay, type Clock } from '@slipway/kube/clock';
import { findCondition, isConditionTrue } from '@slipway/kube/conditions';
import type { KubeClient } from '@slipway/kube/client';
import type { Logger } from '@slipway/kube/logger';
import { keyOf } from '@slipway/kube/object';
import { pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { whenAllIsSaid } from '@slipway/kube/turns';
import type { Calm } from './calm.ts';
import { calculateStatusPatch } from './status-patch.ts';

export interface StatusWriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Absent: nobody waits for statuses to be written. */
  readonly calm?: Calm | undefined;
}

interface Entry {
  wanted: { readonly pod: Pod; readonly status: PodStatus } | undefined;
  written: PodStatus | undefined;
  writing: Promise<void> | undefined;
}

const firstRetry = 100;
const longestRetry = 10_000;

/** Writes pods' statuses: one request a pod at a time, the latest status wins, what was overtaken is never sent. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  put(pod: Pod, status: PodStatus): void {
    const uid = pod.metadata.uid ?? '';
    const entry = this.#entries.get(uid) ?? { wanted: undefined, written: undefined, writing: undefined };
    this.#entries.set(uid, entry);
    entry.wanted = { pod, status };
    const { calm } = this.#options;
    entry.writing ??= calm === undefined ? this.#write(entry) : calm.during(() => this.#write(entry));
  }

  /** Resolves when the latest status has been written, or cannot be any more. */
  async flush(uid: string): Promise<void> {
    await this.#entries.get(uid)?.writing;
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  async #write(entry: Entry): Promise<void> {
    // What several facts of one moment amount to is written once.
    await whenAllIsSaid();
    for (let retry = firstRetry; entry.wanted !== undefined && !this.#options.signal.aborted;) {
      const { pod, status } = entry.wanted;
      entry.wanted = undefined;
      if (isSame(entry.written, status) && !isOverruled(pod, status)) continue;
      const written = await this.#patch(pod, status);
      if (written === 'failed') {
        entry.wanted ??= { pod, status };
        await this.#wait(retry);
        retry = Math.min(retry * 2, longestRetry);
      } else {
        entry.written = status;
        retry = firstRetry;
      }
    }
    entry.writing = undefined;
  }

  async #patch(pod: Pod, status: PodStatus): Promise<'written' | 'obsolete' | 'failed'> {
    const { client, logger, signal } = this.#options;
    // The uid keeps the status of a pod from another one that came later under its name.
    const body = { metadata: { uid: pod.metadata.uid }, status: calculateStatusPatch(status, pod.status) };
    try {
      await client.patch(pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status', signal });
      return 'written';
    } catch (error) {
      if (isStatusReason(error, 'NotFound', 'Conflict', 'Invalid')) {
        if (!isStatusReason(error, 'NotFound'))
          logger.warn('A pod status was refused', { ...keyOf(pod), kind: 'Pod', error });
        return 'obsolete';
      }
      if (!signal.aborted)
        logger.warn('A pod status could not be written; it is tried again', { ...keyOf(pod), kind: 'Pod', error });
      return 'failed';
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    await delay(this.#options.clock, milliseconds, this.#options.signal).catch(() => undefined);
  }
}

/** Most are written once: what nothing is compared with is not spelt out. */
function isSame(written: PodStatus | undefined, status: PodStatus): boolean {
  return written !== undefined && JSON.stringify(written) === JSON.stringify(status);
}

/** While a node was silent its pods counted as not ready; a node that is back knows better. */
function isOverruled({ status: current }: Pod, status: PodStatus): boolean {
  return isConditionTrue(status.conditions, 'Ready') && findCondition(current?.conditions, 'Ready')?.status === 'False';
}
