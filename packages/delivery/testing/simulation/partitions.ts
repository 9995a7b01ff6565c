/** Gateways that lose the API server: they route on by what they know, and say nothing, not even that they live. */
import { routerOf } from './routers.ts';

/** Of a gateway. */
export interface Contact {
  readonly name: string;
  /** Whether it runs. */
  readonly isAlive: boolean;
  /** Since when whoever leads has not seen its Lease renewed, because it does not reach the API server; undefined: it does. */
  readonly cutSince: number | undefined;
  /** When its Lease was seen again after it had run out: who had left by then had left without it. */
  readonly backSince: number;
}

type Lost = Partial<Pick<Contact, 'cutSince' | 'backSince'>>;

/** `leaseDurationSeconds` of a gateway. */
const leaseMilliseconds = 15_000;

/** One whose Lease has run out is waited for by nobody: what it sends to whoever has left by then is lost by it alone. */
function isGivenUp({ cutSince }: Contact, now: number): boolean {
  return cutSince !== undefined && now - cutSince >= leaseMilliseconds;
}

/** It runs, and its Lease says so. */
export function isLive(gateway: Contact, now: number): boolean {
  return gateway.isAlive && !isGivenUp(gateway, now);
}

/** What a router of another project is told and says goes by a controller of ours. */
export function cutGateway(gateway: Contact, now: number): Lost {
  return gateway.cutSince !== undefined || routerOf(gateway) !== undefined ? {} : { cutSince: now };
}

/** Its Lease is renewed at once, and what it routes by is as old as it was until it has read what there is. */
export function reconnectGateway(gateway: Contact, now: number): Lost {
  return { cutSince: undefined, ...(isGivenUp(gateway, now) ? { backSince: now } : {}) };
}

/** Whoever leads anew sees each Lease for the first time, and waits for it once more. */
export function sightLeases<Each extends Contact>(gateways: readonly Each[], now: number): readonly Each[] {
  if (gateways.every(({ cutSince }) => cutSince === undefined)) return gateways;
  return gateways.map((each) =>
    each.cutSince === undefined ? each : { ...each, ...reconnectGateway(each, now), cutSince: now },
  );
}
