import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { PodNamespace } from '../../../network/cluster-network.ts';

export interface SandboxPoolOptions {
  readonly create: () => Promise<PodNamespace>;
  /** So many are made at the start whatever happens beside, and soon again; the rest up to `whole` when no pod has asked for a while. */
  readonly first: number;
  readonly whole: number;
  /** Since the last pod asked. Absent: a second. */
  readonly quietMilliseconds?: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Making one takes the time that pods which start just now need. */
const defaultQuietMilliseconds = 1_000;
/** Where few are left it is enough that those that were asked for together have been given away. */
const burstMilliseconds = 100;

interface Entry {
  readonly namespace: PodNamespace;
  isFurnished: boolean;
}

/**
 * Network namespaces made ahead: the kernel takes milliseconds for each and makes one at a time, which twenty pods at once
 * would wait for. When it is quiet they get what else can be made before their pods are known.
 */
export class SandboxPool {
  private readonly options: SandboxPoolOptions;
  private readonly ready: Entry[] = [];
  private readonly stopping = new AbortController();
  private furnish: ((namespace: PodNamespace) => Promise<void>) | undefined;
  private filling: Promise<void> | undefined;
  private takenAt = 0;
  private hasServed = false;
  private waking = new AbortController();

  constructor(options: SandboxPoolOptions) {
    this.options = options;
  }

  /** Those that a pod finds furnished. */
  get furnished(): number {
    return this.ready.filter(({ isFurnished }) => isFurnished).length;
  }

  /** `furnish` never rejects. */
  start(furnish?: (namespace: PodNamespace) => Promise<void>): void {
    this.furnish = furnish;
    this.fill();
  }

  async take(): Promise<PodNamespace> {
    // The kernel makes one at a time: that of the pod first.
    const namespace = this.takeReady()?.namespace ?? this.options.create();
    this.takenAt = this.options.clock.monotonic();
    this.hasServed = true;
    if (this.ready.length < this.options.first) this.waking.abort();
    this.fill();
    return namespace;
  }

  /** A pod that took one is only now about to run, or has just become ready: it counts as one that asks. */
  noteActivity(): void {
    this.takenAt = this.options.clock.monotonic();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.filling;
    await Promise.all(this.ready.splice(0).map(({ namespace }) => namespace.remove()));
  }

  private fill(): void {
    if (this.filling !== undefined || this.isStopped) {
      return;
    }
    this.takenAt = this.options.clock.monotonic();
    this.filling = this.fillUp()
      .catch((error: unknown) => this.options.logger.warn('no namespace could be made ahead of its pod', { error }))
      .finally(() => (this.filling = undefined));
  }

  private takeReady(): Entry | undefined {
    const index = this.ready.findLastIndex(({ isFurnished }) => isFurnished);
    return index < 0 ? this.ready.pop() : this.ready.splice(index, 1)[0];
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** One at a time: those that a pod waits for go first in the kernel's queue. */
  private async fillUp(): Promise<void> {
    for (let next = this.next(); next !== undefined && !this.isStopped; next = this.next()) {
      if (this.untilNext() <= 0) await next();
      else await this.awaitQuiet();
    }
  }

  private next(): (() => Promise<void>) | undefined {
    if (this.ready.length < this.options.whole)
      return async () => void this.ready.push({ namespace: await this.options.create(), isFurnished: false });
    const { furnish } = this;
    const bare = this.ready.find(({ isFurnished }) => !isFurnished);
    if (furnish === undefined || bare === undefined) return undefined;
    return async () => {
      await furnish(bare.namespace);
      bare.isFurnished = true;
    };
  }

  /** Milliseconds. */
  private untilNext(): number {
    return this.takenAt + this.neededQuiet() - this.options.clock.monotonic();
  }

  private neededQuiet(): number {
    const { first, quietMilliseconds } = this.options;
    if (this.ready.length >= first) return quietMilliseconds ?? defaultQuietMilliseconds;
    return this.hasServed ? burstMilliseconds : 0;
  }

  /** An end of the pool ends it early, and that few are left; who waits looks. */
  private async awaitQuiet(): Promise<void> {
    this.waking = new AbortController();
    const early = AbortSignal.any([this.stopping.signal, this.waking.signal]);
    await delay(this.options.clock, this.untilNext(), early).catch(() => undefined);
  }
}
