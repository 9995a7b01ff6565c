/** Leader election by Lease, as client-go does it. https://kubernetes.io/docs/concepts/architecture/leases/ */
import type { Lease, LeaseSpec } from './api.generated.ts';
import type { KubeClient } from './client.ts';
import { delay, type Clock } from './clock.ts';
import { fenceClient } from './fenced-client.ts';
import { LeadershipTerm } from './leadership-term.ts';
import {
  calculateRetry,
  checkDurations,
  decideClaim,
  electionDurations,
  releasedSpec,
  sight,
  type ElectionDurations,
  type Instant,
  type Sighting,
} from './lease-claim.ts';
import type { Logger } from './logger.ts';
import { leases } from './resources.ts';
import { isStatusReason } from './status-error.ts';
import { limitTime } from './time-limit.ts';

export interface LeadershipOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Must differ from that of every other process that may run at the same time. */
  readonly identity: string;
  /** 15 s, 10 s and 2 s unless said otherwise. */
  readonly durations?: ElectionDurations | undefined;
  /** What a leader says of itself in the Lease. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Sees the Lease of another leader at every look; what it throws ends the contention. */
  readonly onOther?: ((lease: Lease) => void) | undefined;
  readonly signal: AbortSignal;
}

export interface Leadership {
  /** Aborts when the leadership ends, at the renew deadline at the latest. */
  readonly signal: AbortSignal;
  /** Sends nothing after the renew deadline, not even when the process was stopped beyond it and no timer has fired yet. */
  readonly client: KubeClient;
}

/**
 * Calls `lead` whenever this process is the leader, and contends again after a loss, once `lead` has ended. Returns after
 * the signal, or when `lead` ends by itself; the Lease is released then. Rejects when `lead` fails while it leads.
 */
export async function runWithLeadership(
  options: LeadershipOptions,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  const durations = options.durations ?? electionDurations();
  checkDurations(durations);
  const election = new Election(options, durations);
  try {
    while (!options.signal.aborted) {
      const since = await election.acquire();
      if (since !== undefined && (await election.serve(since, lead)) === 'ended') return;
    }
  } finally {
    await election.release();
  }
}

type Attempt =
  | { readonly type: 'held'; readonly since: Instant }
  | { readonly type: 'refused'; readonly holder: string }
  /** Nobody knows: no answer, or one that another write came before. */
  | { readonly type: 'failed' };

interface Asking {
  readonly isLeading: boolean;
  readonly signal: AbortSignal;
}

class Election {
  readonly #options: LeadershipOptions;
  readonly #durations: ElectionDurations;
  #sighting: Sighting | undefined;
  /** The Lease as our last claim left it; undefined where nobody knows what became of that. */
  #claimed: Sighting | undefined;
  /** Whether the record may be ours: set before each claim, for its answer may be lost. */
  #mayHold = false;
  #leader = '';

  constructor(options: LeadershipOptions, durations: ElectionDurations) {
    this.#options = options;
    this.#durations = durations;
  }

  /** Resolves with the moment from which the lease counts; undefined after the signal. */
  async acquire(): Promise<Instant | undefined> {
    const { random, onOther, signal } = this.#options;
    while (!signal.aborted) {
      const attempt = await this.#attempt({ isLeading: false, signal });
      if (attempt.type === 'held') return attempt.since;
      if (attempt.type === 'refused') this.#follow(attempt.holder);
      if (attempt.type === 'refused' && this.#sighting?.lease !== undefined) onOther?.(this.#sighting.lease);
      await this.#pause(calculateRetry(this.#durations, random()), signal);
    }
    return undefined;
  }

  /** `ended`: by itself or by the signal; `lost`: to be contended for again. */
  async serve(since: Instant, lead: (leadership: Leadership) => Promise<void>): Promise<'ended' | 'lost'> {
    const { client, clock, logger, identity, signal, lease } = this.#options;
    const term = new LeadershipTerm({ clock, durations: this.#durations, since });
    const onAbort = (): void => term.end('stopped', 'the process ends');
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const renewing = this.#renew(term);
    try {
      term.check();
      this.#leader = identity;
      logger.info('leads now', { ...lease, identity });
      await lead({ signal: term.signal, client: fenceClient(client, term) });
    } catch (error) {
      if (term.isInForce()) throw error;
      logger.debug('what the leader did was cut off', { ...lease, identity, error });
    } finally {
      signal.removeEventListener('abort', onAbort);
      term.end('stopped', 'the leader has ended');
      await renewing;
    }
    if (term.state !== 'lost') return 'ended';
    logger.warn('leads no more', { ...lease, identity, error: term.signal.reason });
    return 'lost';
  }

  /** Lets the next one begin at once. Failing is harmless: the lease then runs out. */
  async release(): Promise<void> {
    const { clock, identity, logger, lease } = this.#options;
    if (!this.#mayHold) return;
    const always = new AbortController().signal;
    try {
      const current = (await this.#look(always)).lease;
      if (current?.spec?.holderIdentity !== identity) return;
      await this.#write(current, releasedSpec(current.spec, clock.now()), always);
    } catch (error) {
      logger.debug('lease not released, it runs out instead', { ...lease, identity, error });
    }
  }

  /** One begins so long after the last one began: after an answer that took its time there is none left to wait again. */
  async #renew(term: LeadershipTerm): Promise<void> {
    const { clock } = this.#options;
    for (let begun = clock.monotonic(); ;) {
      await this.#pause(Math.max(0, begun + this.#durations.retryMilliseconds - clock.monotonic()), term.signal);
      if (!term.isInForce()) return;
      begun = clock.monotonic();
      const attempt = await this.#attempt({ isLeading: true, signal: term.signal });
      if (attempt.type === 'held') term.extend(attempt.since);
      if (attempt.type === 'refused')
        term.end('lost', attempt.holder === '' ? 'the lease was taken away' : `${attempt.holder} leads`);
    }
  }

  async #attempt(how: Asking): Promise<Attempt> {
    const { identity, logger, lease } = this.#options;
    const known = how.isLeading ? this.#claimed : undefined;
    this.#claimed = undefined;
    try {
      const renewed = known === undefined ? undefined : await this.#claimUnseen(known, how);
      return renewed ?? (await this.#claim(await this.#look(how.signal), how));
    } catch (error) {
      // A conflict says that another was faster; the next attempt sees who.
      const isExpected = how.signal.aborted || isStatusReason(error, 'Conflict', 'AlreadyExists');
      logger[isExpected ? 'debug' : 'warn']('lease not claimed, trying again', { ...lease, identity, error });
      return { type: 'failed' };
    }
  }

  /** A leader's record is mostly as it left it, and half of the time is saved. Undefined: it is not, and has to be seen. */
  async #claimUnseen(known: Sighting, how: Asking): Promise<Attempt | undefined> {
    try {
      return await this.#claim(known, how);
    } catch (error) {
      if (isStatusReason(error, 'Conflict', 'NotFound')) return undefined;
      throw error;
    }
  }

  async #claim(sighting: Sighting, { isLeading, signal }: Asking): Promise<Attempt> {
    const { clock, identity } = this.#options;
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const spec = decideClaim(sighting, { identity, durations: this.#durations, isLeading }, now);
    this.#mayHold = spec !== undefined;
    if (spec === undefined) return { type: 'refused', holder: sighting.holder };
    this.#claimed = this.#see(await this.#write(sighting.lease, spec, signal));
    // From before it was sent: the others count from after it was stored.
    return { type: 'held', since: now };
  }

  #look(signal: AbortSignal): Promise<Sighting> {
    const { client, lease } = this.#options;
    return this.#limited(signal, async (signal) => {
      try {
        return this.#see(await client.get(leases, lease, { signal }));
      } catch (error) {
        if (isStatusReason(error, 'NotFound')) return this.#see(undefined);
        throw error;
      }
    });
  }

  /** Fails when the Lease is no longer the one that was seen. */
  #write(seen: Lease | undefined, spec: LeaseSpec, signal: AbortSignal): Promise<Lease> {
    const { client, lease, annotations } = this.#options;
    const said = (known: Lease['metadata']): Lease['metadata'] =>
      annotations === undefined ? known : { ...known, annotations: { ...known.annotations, ...annotations } };
    return this.#limited(signal, (signal) =>
      seen === undefined
        ? client.create(leases, { metadata: said(lease), spec }, { signal })
        : client.update(leases, { ...seen, metadata: said(seen.metadata), spec }, { signal }),
    );
  }

  /** An answer that takes longer than half of the deadline is given up, so that there is time for another attempt. */
  async #limited<T>(signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const milliseconds = this.#durations.renewDeadlineMilliseconds / 2;
    const message = `no answer within ${milliseconds} ms`;
    using limit = limitTime({ clock: this.#options.clock, milliseconds, signal, message });
    limit.signal.throwIfAborted();
    return await ask(limit.signal);
  }

  #see(lease: Lease | undefined): Sighting {
    this.#sighting = sight(this.#sighting, lease, this.#options.clock.monotonic());
    return this.#sighting;
  }

  #follow(holder: string): void {
    if (holder === this.#leader) return;
    this.#leader = holder;
    this.#options.logger.info('another process leads, standing by', { ...this.#options.lease, holder });
  }

  /** An abort ends it early; who waits looks at the signal next. */
  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return delay(this.#options.clock, milliseconds, signal).catch(() => undefined);
  }
}
