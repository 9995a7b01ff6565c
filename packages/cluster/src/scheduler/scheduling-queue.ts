import type { Clock } from '@slipway/kube/clock';

const initialBackoffMilliseconds = 1_000;
const maximumBackoffMilliseconds = 10_000;
/** A pod that nothing seems to concern is tried again after this all the same. */
const longestWaitMilliseconds = 300_000;

interface Failed {
  readonly attempts: number;
  readonly retryAt: number;
  readonly pod: QueuedPod;
  cancel: (() => void) | undefined;
}

export interface QueuedPod {
  readonly key: string;
  readonly priority: number;
  /** Another pod that finds its place may give this one its own. */
  readonly dependsOnPods?: boolean;
}

/**
 * Pods that wait for a node. Those to be tried come by priority and then in the order of their arrival; those that found no
 * node wait until something changes that may help, and at least for their backoff.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #ready = new Map<number, Set<string>>();
  readonly #failed = new Map<string, Failed>();

  constructor(clock: Clock, onReady: () => void) {
    this.#clock = clock;
    this.#onReady = onReady;
  }

  /** To be tried next of its priority, whatever its backoff. */
  add({ key, priority }: QueuedPod): void {
    const bucket = this.#ready.get(priority);
    if (bucket === undefined) this.#ready.set(priority, new Set([key]));
    else bucket.add(key);
    this.#onReady();
  }

  remove(key: string): void {
    for (const [priority, bucket] of this.#ready) {
      if (bucket.delete(key) && bucket.size === 0) this.#ready.delete(priority);
    }
    this.#failed.get(key)?.cancel?.();
    this.#failed.delete(key);
  }

  take(): string | undefined {
    if (this.#ready.size === 0) return undefined;
    const highest = Math.max(...this.#ready.keys());
    const bucket = this.#ready.get(highest);
    const key = bucket?.values().next().value;
    if (bucket === undefined || key === undefined) return undefined;
    bucket.delete(key);
    if (bucket.size === 0) this.#ready.delete(highest);
    return key;
  }

  /** No node was found: wait for a change. */
  addUnschedulable(pod: QueuedPod): void {
    const failed = this.#fail(pod);
    failed.cancel = this.#clock.schedule(longestWaitMilliseconds, () => this.#retry(pod.key));
  }

  /** Something went wrong that time may heal. */
  addAfterError(pod: QueuedPod): void {
    const failed = this.#fail(pod);
    failed.cancel = this.#clock.schedule(failed.retryAt - this.#clock.monotonic(), () => this.#retry(pod.key));
  }

  /** Something changed that may help: all that failed are tried again, or some, each when its backoff has passed. */
  retryFailed(mayHelp: (pod: QueuedPod) => boolean = () => true): void {
    const now = this.#clock.monotonic();
    for (const [key, failed] of this.#failed) {
      if (!mayHelp(failed.pod)) continue;
      failed.cancel?.();
      if (failed.retryAt <= now) this.#retry(key);
      else failed.cancel = this.#clock.schedule(failed.retryAt - now, () => this.#retry(key));
    }
  }

  stop(): void {
    for (const { cancel } of this.#failed.values()) cancel?.();
    this.#failed.clear();
    this.#ready.clear();
  }

  #fail(pod: QueuedPod): Failed {
    const { key } = pod;
    const before = this.#failed.get(key);
    before?.cancel?.();
    const attempts = (before?.attempts ?? 0) + 1;
    const backoff = Math.min(maximumBackoffMilliseconds, initialBackoffMilliseconds * 2 ** (attempts - 1));
    const failed: Failed = { attempts, pod, retryAt: this.#clock.monotonic() + backoff, cancel: undefined };
    this.#failed.set(key, failed);
    return failed;
  }

  #retry(key: string): void {
    const failed = this.#failed.get(key);
    if (failed === undefined) return;
    failed.cancel = undefined;
    this.add(failed.pod);
  }
}
