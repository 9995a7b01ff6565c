import type { KubeClient } from '@slipway/kube/client';
import { type Clock, formatMicroTime } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { apiVersionOf } from '@slipway/kube/object';
import { leases } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, observedEndpointsAnnotation } from '@slipway/kube/split';
import { isStatusReason } from '@slipway/kube/status-error';
import { limitTime } from '@slipway/kube/time-limit';

const leaseDurationSeconds = 15;
const renewMilliseconds = 5_000;
const retryMilliseconds = 500;
/** Endpoints change several times where traffic moves, which then needs the processor itself. */
const pauseMilliseconds = 100;
/** An answer that takes longer is given up: on another connection there is time for two more before the Lease runs out. */
const answerMilliseconds = 4_000;
/** A gateway that ends does not wait for a server that is silent. */
const releaseMilliseconds = 1_000;

export interface LeaseKeeperOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instance: string;
  readonly signal: AbortSignal;
}

/**
 * This instance's Lease: that it lives, and up to which change of EndpointSlices its routing is current. A change is
 * written at once, because a pod that is to stop waits for it; changes that come within a moment of it share the next one.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #acquireTime: string;
  #observed: string | undefined;
  #isWriting = false;
  /** There is something to write that the last write did not say. */
  #isDirty = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancelRenewal: () => void = () => undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#acquireTime = formatMicroTime(options.clock.now());
  }

  /** Routing is current up to this resourceVersion of EndpointSlices. */
  observe(resourceVersion: string): void {
    if (resourceVersion === this.#observed) return;
    this.#observed = resourceVersion;
    this.#isDirty = true;
    if (!this.#isWriting) this.#renewAfter(this.#pauseLeft());
  }

  /** Deletes the Lease, if one was ever written: nobody has to wait until it expires. */
  async release(): Promise<void> {
    this.#cancelRenewal();
    await this.#written;
    if (this.#observed === undefined) return;
    const { client, clock, instance, logger } = this.#options;
    using limit = limitTime({
      clock,
      milliseconds: releaseMilliseconds,
      signal: new AbortController().signal,
      message: `no answer within ${releaseMilliseconds} ms`,
    });
    try {
      await client.delete(leases, { namespace: gatewayLeaseNamespace, name: instance }, { signal: limit.signal });
    } catch (error) {
      if (!isStatusReason(error, 'NotFound'))
        logger.warn('could not delete the lease, it will expire', { name: instance, kind: 'Lease', error });
    }
  }

  /** Milliseconds. */
  #pauseLeft(): number {
    return Math.max(0, this.#sentAt + pauseMilliseconds - this.#options.clock.monotonic());
  }

  #renewAfter(milliseconds: number): void {
    this.#cancelRenewal();
    if (this.#options.signal.aborted) return;
    if (milliseconds === 0) this.#written = this.#renew();
    else
      this.#cancelRenewal = this.#options.clock.schedule(milliseconds, () => {
        this.#written = this.#renew();
      });
  }

  async #renew(): Promise<void> {
    this.#isWriting = true;
    this.#isDirty = false;
    this.#sentAt = this.#options.clock.monotonic();
    const isWritten = await this.#write();
    this.#isWriting = false;
    if (!isWritten) this.#renewAfter(retryMilliseconds);
    else this.#renewAfter(this.#isDirty ? this.#pauseLeft() : renewMilliseconds);
  }

  async #write(): Promise<boolean> {
    const { client, clock, instance, logger, signal } = this.#options;
    const key = { namespace: gatewayLeaseNamespace, name: instance };
    const body = {
      apiVersion: apiVersionOf(leases),
      kind: leases.kind,
      metadata: {
        ...key,
        labels: { [gatewayLeaseLabel]: 'true' },
        annotations: { [observedEndpointsAnnotation]: this.#observed ?? '0' },
      },
      spec: {
        holderIdentity: instance,
        leaseDurationSeconds,
        acquireTime: this.#acquireTime,
        renewTime: formatMicroTime(clock.now()),
      },
    };
    using limit = limitTime({
      clock,
      milliseconds: answerMilliseconds,
      signal,
      message: `no answer within ${answerMilliseconds} ms`,
    });
    try {
      await client.patch(
        leases,
        key,
        { type: 'apply', body, force: true },
        { fieldManager: `slipway-gateway-${instance}`, signal: limit.signal },
      );
      return true;
    } catch (error) {
      if (!signal.aborted) logger.warn('could not renew the lease, trying again', { ...key, kind: 'Lease', error });
      return false;
    }
  }
}
