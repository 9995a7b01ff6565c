import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import type { ObjectKey } from '@slipway/kube/object';
import { leases } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';

export interface LeaderQuestion {
  readonly client: Pick<KubeClient, 'get'>;
  readonly lease: ObjectKey;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const lookMilliseconds = 1_000;

/**
 * Who acts, here or on another machine; undefined when nobody holds the lease, or nobody has renewed it for as long as it is
 * valid, by our own clock.
 */
export async function findLeader({ client, lease, clock, signal }: LeaderQuestion): Promise<string | undefined> {
  const first = await look(client, lease, signal);
  const patienceMilliseconds = first.seconds * 1_000;
  for (const since = clock.monotonic(); clock.monotonic() - since <= patienceMilliseconds;) {
    const { holder, version } = await look(client, lease, signal);
    if (holder === '') return undefined;
    if (version !== first.version) return holder;
    await delay(clock, lookMilliseconds, signal);
  }
  return undefined;
}

interface Sight {
  readonly holder: string;
  readonly version: string | undefined;
  readonly seconds: number;
}

async function look(client: LeaderQuestion['client'], lease: ObjectKey, signal: AbortSignal): Promise<Sight> {
  try {
    const { metadata, spec } = await client.get(leases, lease, { signal });
    return {
      holder: spec?.holderIdentity ?? '',
      version: metadata.resourceVersion,
      seconds: spec?.leaseDurationSeconds ?? 0,
    };
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return { holder: '', version: undefined, seconds: 0 };
    throw error;
  }
}
