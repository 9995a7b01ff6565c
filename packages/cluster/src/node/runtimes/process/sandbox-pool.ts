import type { Logger } from '@slipway/kube/logger';
import type { PodNamespace } from '../../../network/cluster-network.ts';

export interface SandboxPoolOptions {
  readonly create: () => Promise<PodNamespace>;
  readonly size: number;
  readonly logger: Logger;
}

/** Network namespaces made ahead: the kernel takes milliseconds for each and makes one at a time, which twenty pods at once would wait for. */
export class SandboxPool {
  private readonly options: SandboxPoolOptions;
  private readonly ready: PodNamespace[] = [];
  private filling: Promise<void> | undefined;
  private isStopped = false;

  constructor(options: SandboxPoolOptions) {
    this.options = options;
  }

  fill(): void {
    if (this.filling !== undefined || this.isStopped) {
      return;
    }
    this.filling = this.fillUp()
      .catch((error: unknown) => this.options.logger.warn('no namespace could be made ahead of its pod', { error }))
      .finally(() => (this.filling = undefined));
  }

  async take(): Promise<PodNamespace> {
    const namespace = this.ready.pop() ?? (await this.options.create());
    this.fill();
    return namespace;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.filling;
    await Promise.all(this.ready.splice(0).map((namespace) => namespace.remove()));
  }

  /** One at a time: those that a pod waits for go first in the kernel's queue. */
  private async fillUp(): Promise<void> {
    while (this.ready.length < this.options.size && !this.isStopped) {
      this.ready.push(await this.options.create());
    }
  }
}
