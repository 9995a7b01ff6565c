/** The arithmetic of leader election: who may claim a Lease, and with what record. Pure; `leader-election.ts` acts. */
import type { Lease, LeaseSpec } from './api.generated.ts';
import { formatMicroTime } from './clock.ts';

export interface ElectionDurations {
  /** How long others keep away from a record that does not change. Whole seconds on the wire, rounded up. */
  readonly leaseMilliseconds: number;
  /** When a leader that could not renew stops acting, counted from when it sent its last successful renewal. */
  readonly renewDeadlineMilliseconds: number;
  readonly retryMilliseconds: number;
}

/** As of client-go and of every component of Kubernetes. */
const kubernetesDurations: ElectionDurations = {
  leaseMilliseconds: 15_000,
  renewDeadlineMilliseconds: 10_000,
  retryMilliseconds: 2_000,
};

/** Deadline and retry stand to the lease as those of Kubernetes do: `electionDurations(15)` is 15 s, 10 s and 2 s. */
export function electionDurations(leaseSeconds = 15): ElectionDurations {
  const share = (leaseSeconds * 1_000) / kubernetesDurations.leaseMilliseconds;
  return {
    leaseMilliseconds: leaseSeconds * 1_000,
    renewDeadlineMilliseconds: kubernetesDurations.renewDeadlineMilliseconds * share,
    retryMilliseconds: kubernetesDurations.retryMilliseconds * share,
  };
}

const jitterFactor = 1.2;

/** From the retry period up to 2.2 of it, so that candidates do not move in step. `random` is from 0 to 1. */
export function calculateRetry({ retryMilliseconds }: ElectionDurations, random: number): number {
  return retryMilliseconds * (1 + jitterFactor * random);
}

/** Throws unless a leader gets to try a renewal before its deadline, and stops before others may start. */
export function checkDurations(durations: ElectionDurations): void {
  const { leaseMilliseconds, renewDeadlineMilliseconds, retryMilliseconds } = durations;
  if (!(retryMilliseconds > 0))
    throw new RangeError(`leader election: the retry period must be more than 0 ms, not ${retryMilliseconds}`);
  if (!(renewDeadlineMilliseconds > jitterFactor * retryMilliseconds))
    throw new RangeError(
      `leader election: the renew deadline (${renewDeadlineMilliseconds} ms) must be more than ${jitterFactor} times the retry period (${retryMilliseconds} ms)`,
    );
  if (!(leaseMilliseconds > renewDeadlineMilliseconds))
    throw new RangeError(
      `leader election: the lease (${leaseMilliseconds} ms) must be longer than the renew deadline (${renewDeadlineMilliseconds} ms)`,
    );
}

/** A moment by both clocks: `wall` in milliseconds since the epoch, `monotonic` for durations. */
export interface Instant {
  readonly wall: number;
  readonly monotonic: number;
}

/**
 * The Lease as it was seen last, and since when it looks like that by our own monotonic clock. The times in its record
 * come from another machine's clock and count for nothing.
 */
export interface Sighting {
  /** Undefined: there is none. */
  readonly lease: Lease | undefined;
  readonly since: number;
  /** Whose record it is, or was before the Lease was deleted; empty for nobody's. */
  readonly holder: string;
}

export function sight(previous: Sighting | undefined, lease: Lease | undefined, monotonic: number): Sighting {
  const isSame = previous !== undefined && previous.lease?.metadata.resourceVersion === lease?.metadata.resourceVersion;
  const holder = lease === undefined ? (previous?.holder ?? '') : (lease.spec?.holderIdentity ?? '');
  return { lease, since: isSame ? previous.since : monotonic, holder };
}

export interface Claimant {
  readonly identity: string;
  readonly durations: ElectionDurations;
  /** A leader whose record is no longer its own has lost, however old the other one is. */
  readonly isLeading: boolean;
}

/** Whether the claimant may write its own record, and which; undefined: the record is another's. */
export function decideClaim(sighting: Sighting, claimant: Claimant, now: Instant): LeaseSpec | undefined {
  const { lease, holder } = sighting;
  const isOwn = holder === claimant.identity;
  // A Lease that was deleted also runs out first: its holder leads on until it finds out.
  const isFree = holder === '' || isExpired(sighting, claimant.durations, now.monotonic);
  return isOwn || (isFree && !claimant.isLeading) ? claimedSpec(lease?.spec, claimant, now.wall) : undefined;
}

function isExpired({ lease, since }: Sighting, own: ElectionDurations, monotonic: number): boolean {
  const seconds = lease?.spec?.leaseDurationSeconds ?? 0;
  // The holder's own duration, where it says one: candidates may be configured differently.
  return monotonic - since >= (seconds > 0 ? seconds * 1_000 : own.leaseMilliseconds);
}

function claimedSpec(old: LeaseSpec | undefined, { identity, durations }: Claimant, wall: number): LeaseSpec {
  const time = formatMicroTime(wall);
  const isRenewal = old?.holderIdentity === identity;
  return {
    ...old,
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(durations.leaseMilliseconds / 1_000),
    acquireTime: isRenewal ? (old.acquireTime ?? time) : time,
    renewTime: time,
    leaseTransitions: (old?.leaseTransitions ?? 0) + (isRenewal || old === undefined ? 0 : 1),
  };
}

/** What a leader that ends leaves behind, so that the next one need not wait; as client-go writes it. */
export function releasedSpec(old: LeaseSpec, wall: number): LeaseSpec {
  const time = formatMicroTime(wall);
  return { ...old, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time };
}

/**
 * Milliseconds that a leadership is still in force which was last confirmed by a renewal sent at `since`; 0 or less: it is
 * over. By the clock that went further: the monotonic one stands still while a machine sleeps, and the others do not.
 */
export function calculateRemaining(since: Instant, durations: ElectionDurations, now: Instant): number {
  const elapsed = Math.max(now.monotonic - since.monotonic, now.wall - since.wall);
  return durations.renewDeadlineMilliseconds - elapsed;
}
