import type { ConfigMap, Lease } from '../src/api.generated.ts';
import type { KubeClient } from '../src/client.ts';
import { delay, type Clock } from '../src/clock.ts';
import { createClient } from '../src/kube-client.ts';
import { runWithLeadership, type Leadership } from '../src/leader-election.ts';
import type { ElectionDurations } from '../src/lease-claim.ts';
import { configMaps, leases } from '../src/resources.ts';
import { StatusError } from '../src/status-error.ts';
import type { Transport } from '../src/transport.ts';
import { FakeApi } from './fake-api.ts';
import { FakeClock } from './fake-clock.ts';
import { RecordingLogger } from './recording-logger.ts';

/**
 * `silent` loses requests on their way, `deaf` the answers to writes, and `slow` has those wait; `down` says so at once.
 * `overloaded` is an API server that takes long for whatever it is asked.
 */
export type Network = 'up' | 'down' | 'silent' | 'deaf' | 'slow' | 'overloaded';

export const leaseKey = { namespace: 'kube-system', name: 'controller' };
const stepMilliseconds = 100;
const slowMilliseconds = 4_000;
const overloadedMilliseconds = 4_800;

/** A machine's own idea of the time: a wall clock that may be set, and a process that may be stopped or killed. */
class MachineClock implements Clock {
  readonly #time: FakeClock;
  readonly #held: Array<() => void> = [];
  state: 'running' | 'stopped' | 'killed' = 'running';
  wallOffset = 0;

  constructor(time: FakeClock) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now() + this.wallOffset;
  }

  monotonic(): number {
    return this.#time.monotonic();
  }

  schedule(milliseconds: number, callback: () => void): () => void {
    let isCancelled = false;
    const run = (): void => {
      if (!isCancelled) callback();
    };
    const cancel = this.#time.schedule(milliseconds, () => {
      if (this.state === 'running') run();
      else this.#held.push(run);
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** As SIGCONT: what fell due meanwhile runs now. */
  resume(): void {
    this.state = 'running';
    for (const run of this.#held.splice(0)) run();
  }
}

/** One process that contends for the lease of an `Election`. */
export class Contender {
  readonly identity: string;
  readonly clock: MachineClock;
  readonly client: KubeClient;
  readonly logger = new RecordingLogger();
  readonly stop = new AbortController();
  network: Network = 'up';
  /** Of the current or last term. */
  leadership: Leadership | undefined;
  terms = 0;
  /** Resolves when the contention has ended. */
  done: Promise<void> = Promise.resolve();
  #isServing = false;

  constructor(identity: string, election: Election) {
    this.identity = identity;
    this.clock = new MachineClock(election.time);
    this.client = createClient(this.#connection(election));
  }

  start(durations?: ElectionDurations): void {
    const { client, clock, logger, identity } = this;
    this.done = runWithLeadership(
      { client, clock, logger, identity, durations, random: () => 0.5, lease: leaseKey, signal: this.stop.signal },
      (leadership) => this.#serve(leadership),
    );
  }

  /** Whether it acts as the leader. */
  get leads(): boolean {
    return this.#isServing && this.clock.state === 'running' && this.leadership?.signal.aborted === false;
  }

  /** A write of a leader, by the client that leaders are given. */
  act(name: string): Promise<ConfigMap> {
    if (this.leadership === undefined) throw new Error(`${this.identity} has never led`);
    return this.leadership.client.create(configMaps, { metadata: { namespace: 'default', name } });
  }

  async #serve(leadership: Leadership): Promise<void> {
    this.leadership = leadership;
    this.terms += 1;
    this.#isServing = true;
    await aborted(leadership.signal);
    this.#isServing = false;
  }

  #connection(election: Election): Transport {
    return {
      send: async (request) => {
        const { network, clock } = this;
        if (network === 'down') throw new StatusError('ServiceUnavailable', 'the network is down');
        if (clock.state === 'killed' || network === 'silent') return lost(request.signal);
        if (network === 'overloaded') await delay(election.time, overloadedMilliseconds, request.signal);
        if (request.method !== 'GET') await election.beforeWrite?.();
        const response = await election.api.send(request);
        if (request.method === 'GET') return response;
        if (network === 'slow') await delay(election.time, slowMilliseconds, request.signal);
        return network === 'deaf' ? lost(request.signal) : response;
      },
    };
  }
}

/** Contenders for one lease, in virtual time. */
export class Election {
  readonly api = new FakeApi();
  readonly time = new FakeClock();
  readonly contenders: Contender[] = [];
  /** Comes between what a contender saw and its write. */
  beforeWrite: (() => Promise<void>) | undefined;
  /** Moments at which more than one acted as the leader. */
  readonly #splitBrains: string[] = [];
  readonly #admin = createClient(this.api);

  contender(identity: string, durations?: ElectionDurations): Contender {
    const contender = new Contender(identity, this);
    this.contenders.push(contender);
    contender.start(durations);
    return contender;
  }

  get leaders(): readonly string[] {
    return this.contenders.filter(({ leads }) => leads).map(({ identity }) => identity);
  }

  async advance(milliseconds: number): Promise<void> {
    for (let gone = 0; gone < milliseconds; gone += stepMilliseconds) {
      await this.time.advance(Math.min(stepMilliseconds, milliseconds - gone));
      const { leaders } = this;
      if (leaders.length > 1) this.#splitBrains.push(`${leaders.join(' and ')} at ${this.time.monotonic()} ms`);
    }
  }

  async lease(): Promise<Lease> {
    return this.#admin.get(leases, leaseKey);
  }

  async changeLease(change: (lease: Lease) => Lease): Promise<void> {
    await this.#admin.update(leases, change(await this.lease()));
  }

  async deleteLease(): Promise<void> {
    await this.#admin.delete(leases, leaseKey);
  }

  /** Throws if ever two led at once, or if something still waits for a time. */
  async end(): Promise<void> {
    for (const { stop } of this.contenders) stop.abort(new Error('the test has ended'));
    await this.time.advance(60_000);
    const faults = [...this.#splitBrains, ...(this.time.pendingTimers === 0 ? [] : ['timers are left'])];
    if (faults.length > 0) throw new Error(faults.join('; '));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function lost(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(new Error('given up', { cause: signal?.reason }));
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
