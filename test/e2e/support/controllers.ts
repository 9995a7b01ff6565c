/** Delivery controllers as processes of their own, of which the leading one is killed, or put to sleep, again and again. */
import type { Lease } from '@slipway/kube/api.generated';
import { controllerLease } from '@slipway/delivery/names';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { leases } from '@slipway/kube/resources';
import { startControllerProcess, type ControllerProcess } from './controller-process.ts';

/** Short, and long enough for a busy machine to renew it in time. */
const defaultLeaseSeconds = 2;

interface Served {
  readonly client: KubeClient;
  readonly kubeconfig: string;
  /** Default 2. */
  readonly leaseSeconds?: number | undefined;
}

export class Controllers {
  readonly #cluster: Served;
  readonly #running = new Map<string, ControllerProcess>();
  readonly #stopping = new AbortController();
  readonly #lease: Informer<Lease>;

  constructor(cluster: Served) {
    this.#cluster = cluster;
    this.#lease = new Informer<Lease>({
      client: cluster.client,
      clock: systemClock,
      type: leases,
      namespace: controllerLease.namespace,
      fieldSelector: `metadata.name=${controllerLease.name}`,
    });
    this.#lease.start(this.#stopping.signal);
  }

  /** Resolves when it contends for the lease. */
  async start(): Promise<void> {
    const { kubeconfig, leaseSeconds = defaultLeaseSeconds } = this.#cluster;
    const controller = await startControllerProcess(kubeconfig, ['--lease-seconds', String(leaseSeconds)]);
    this.#running.set(controller.identity, controller);
  }

  /** Resolves when one of them leads, which is not `other`. */
  async leader(other?: ControllerProcess): Promise<ControllerProcess> {
    const { promise, resolve } = Promise.withResolvers<ControllerProcess>();
    const forget = this.#lease.onChange(({ current }) => {
      const holder = this.#running.get(current?.spec?.holderIdentity ?? '');
      if (holder !== undefined && holder !== other) resolve(holder);
    });
    return promise.finally(forget);
  }

  /** As a machine that loses its power; another process takes the vacant place. Resolves when one leads again. */
  async killLeader(): Promise<void> {
    const leader = await this.leader();
    this.#running.delete(leader.identity);
    leader.signal('SIGKILL');
    await this.start();
    await this.leader();
  }

  /** In order, as a rollout of the controller does. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the test has ended'));
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(
      running.map(async (controller) => {
        // One that is asleep hears nothing.
        controller.signal('SIGCONT');
        await controller.stop();
      }),
    );
  }
}
