/** Delivery controllers as processes of their own, of which the leading one is killed again and again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lease } from '@slipway/kube/api.generated';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { leases } from '@slipway/kube/resources';
import type { TestCluster } from './slipway.ts';

const entry = fileURLToPath(new URL('../../../packages/cli/bin/slipway.js', import.meta.url));
/** Short, and long enough for a busy machine to renew it in time. */
const leaseSeconds = 2;

export class Controllers {
  readonly #cluster: TestCluster;
  readonly #running = new Map<string, ChildProcess>();
  readonly #stopping = new AbortController();
  readonly #lease: Informer<Lease>;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    this.#lease = new Informer<Lease>({
      client: cluster.client,
      clock: systemClock,
      type: leases,
      namespace: 'kube-system',
      fieldSelector: 'metadata.name=slipway-controller',
    });
    this.#lease.start(this.#stopping.signal);
  }

  /** Resolves when it contends for the lease. */
  async start(): Promise<void> {
    const words = ['controller', '--kubeconfig', this.#cluster.kubeconfig, '--lease-seconds', String(leaseSeconds)];
    const child = spawn(process.execPath, [entry, ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line]: string[] = await once(createInterface({ input: child.stdout }), 'line');
    const identity = /^Delivery controller (\S+) runs/.exec(line ?? '')?.[1];
    if (identity === undefined) throw new Error(`the controller said: ${line}`);
    this.#running.set(identity, child);
  }

  /** Of a process that lives. */
  leader(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    const forget = this.#lease.onChange(({ current }) => {
      const holder = current?.spec?.holderIdentity ?? '';
      if (this.#running.has(holder)) resolve(holder);
    });
    return promise.finally(forget);
  }

  /** As a machine that loses its power; another process takes the vacant place. Resolves when one leads again. */
  async killLeader(): Promise<void> {
    const leader = await this.leader();
    const child = this.#running.get(leader);
    this.#running.delete(leader);
    child?.kill('SIGKILL');
    await this.start();
    await this.leader();
  }

  /** In order, as a rollout of the controller does. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the test has ended'));
    const children = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(
      children.map(async (child) => {
        child.kill('SIGTERM');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }),
    );
  }
}
