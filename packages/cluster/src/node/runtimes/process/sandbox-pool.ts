import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { PodNamespace } from '../../../network/cluster-network.ts';

export interface SandboxPoolOptions {
  readonly create: () => Promise<PodNamespace>;
  /** So many are made at once whatever happens beside, the rest up to `whole` when no pod has asked for a while. */
  readonly first: number;
  readonly whole: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Making one takes the time that pods which start just now need. */
const quietMilliseconds = 1_000;

/** Network namespaces made ahead: the kernel takes milliseconds for each and makes one at a time, which twenty pods at once would wait for. */
export class SandboxPool {
  private readonly options: SandboxPoolOptions;
  private readonly ready: PodNamespace[] = [];
  private readonly stopping = new AbortController();
  private filling: Promise<void> | undefined;
  private takenAt = 0;

  constructor(options: SandboxPoolOptions) {
    this.options = options;
  }

  fill(): void {
    if (this.filling !== undefined || this.isStopped) {
      return;
    }
    this.takenAt = this.options.clock.monotonic();
    this.filling = this.fillUp()
      .catch((error: unknown) => this.options.logger.warn('no namespace could be made ahead of its pod', { error }))
      .finally(() => (this.filling = undefined));
  }

  async take(): Promise<PodNamespace> {
    // The kernel makes one at a time: that of the pod first.
    const namespace = this.ready.pop() ?? this.options.create();
    this.takenAt = this.options.clock.monotonic();
    this.fill();
    return namespace;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.filling;
    await Promise.all(this.ready.splice(0).map((namespace) => namespace.remove()));
  }

  private get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** One at a time: those that a pod waits for go first in the kernel's queue. */
  private async fillUp(): Promise<void> {
    while (this.ready.length < this.options.whole && !this.isStopped) {
      if (this.ready.length < this.options.first || this.isQuiet()) this.ready.push(await this.options.create());
      else await this.awaitQuiet();
    }
  }

  private isQuiet(): boolean {
    return this.options.clock.monotonic() - this.takenAt >= quietMilliseconds;
  }

  /** An end of the pool ends it early; who waits looks. */
  private async awaitQuiet(): Promise<void> {
    const { clock } = this.options;
    const left = this.takenAt + quietMilliseconds - clock.monotonic();
    await delay(clock, left, this.stopping.signal).catch(() => undefined);
  }
}
