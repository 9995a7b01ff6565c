import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { messageOf } from '@slipway/kube/message-of';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import { isDatabaseFault, type Database } from '../database/database.ts';
import type { AuditEntry } from '../audit/audit.ts';
import { Problem } from '../http/problem.ts';
import {
  claimNext,
  finishClaim,
  maximumWaitMilliseconds,
  postponeClaim,
  releaseClaim,
  renewClaim,
  type Claim,
  type Heard,
  type Outcome,
} from './claims.ts';
import { deliveriesTopic, type DeliveryResult } from './deliveries.ts';

export interface DeliveriesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another one at every start. */
  readonly holder: string;
  /** After so long without a word of a server others go on with what it worked on; the same for all of them. Default 30 s. */
  readonly leaseMilliseconds?: number | undefined;
  /** What a delivery asks for. May run again for the same one, whose work was interrupted. */
  readonly carryOut: (claim: Claim, signal: AbortSignal) => Promise<Outcome>;
  /** Who asked for what came of it. */
  readonly describe: (claim: Claim, outcome: Outcome) => readonly AuditEntry[];
  readonly signal: AbortSignal;
}

/** Where something is away that may come back. */
export class TryLater extends Error {
  /** What has come of all else. */
  readonly results: readonly DeliveryResult[];
  /** As whoever was asked wants it: not sooner. */
  readonly afterSeconds: number | undefined;

  constructor(message: string, { results = [], afterSeconds, ...options }: TryLaterOptions = {}) {
    super(message, options);
    this.name = 'TryLater';
    this.results = results;
    this.afterSeconds = afterSeconds;
  }
}

interface TryLaterOptions extends ErrorOptions {
  readonly results?: readonly DeliveryResult[];
  readonly afterSeconds?: number | undefined;
}

const maximumAtOnce = 4;
/** For deliveries whose time comes, and servers that fell silent: nobody tells of either. */
const lookMilliseconds = 5_000;
const defaultLeaseMilliseconds = 30_000;
/** Said again so often within a lease. */
const renewals = 3;
/** Of a lease: before anybody may take it over, whatever was under way has ended. */
const silentShare = 0.8;
const retrySeconds = [5, 15, 60, 300] as const;

/** Carries out what is delivered until the signal: each once, in order, one of a webhook at a time. */
export async function runDeliveries(options: DeliveriesOptions): Promise<void> {
  const { database, clock, logger, signal, leaseMilliseconds = defaultLeaseMilliseconds } = options;
  const heard: Heard = new Map();
  const running = new Map<number, Promise<void>>();
  const bell = new Bell();
  const stop = database.listen((change) => {
    if (change.type === 'lost' || change.topic === deliveriesTopic) bell.ring();
  });
  const claim = async (): Promise<Claim | undefined> => {
    if (running.size >= maximumAtOnce) return undefined;
    const moment = { now: clock.now(), monotonic: clock.monotonic() };
    const active = new Set(running.keys());
    return await claimNext(database, { holder: options.holder, ...moment, leaseMilliseconds, heard, active });
  };
  while (!signal.aborted) {
    const rung = bell.next();
    const claimed = await claim().catch((error: unknown) => {
      if (!isDatabaseFault(error, 'unavailable')) throw error;
      logger.warn('deliveries of webhooks wait for the database', { error });
      return undefined;
    });
    if (claimed === undefined) await waitFor(rung, options);
    else {
      const { number } = claimed.delivery;
      const work = workOn(claimed, options).finally(() => {
        running.delete(number);
        bell.ring();
      });
      running.set(number, work);
    }
  }
  stop();
  await Promise.all(running.values());
}

async function waitFor(rung: Promise<void>, options: DeliveriesOptions): Promise<void> {
  const { clock, signal, leaseMilliseconds = defaultLeaseMilliseconds } = options;
  const over = new AbortController();
  await Promise.race([
    rung,
    delay(
      clock,
      Math.min(lookMilliseconds, leaseMilliseconds / renewals),
      AbortSignal.any([signal, over.signal]),
    ).catch(() => undefined),
  ]);
  over.abort();
}

/** Rung while nobody waits, it is heard by who waits next for what it was asked before. */
class Bell {
  #next = Promise.withResolvers<void>();

  next(): Promise<void> {
    return this.#next.promise;
  }

  ring(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}

/** Never rejects: what cannot be written down is another server's, or this one's again once it has been silent. */
async function workOn(claim: Claim, options: DeliveriesOptions): Promise<void> {
  const { database, clock, logger } = options;
  const held = holdClaim(claim, options);
  const about = { webhook: claim.delivery.webhookId, delivery: claim.delivery.id };
  try {
    const end = await attempt(claim, options, held.signal);
    // What was interrupted goes on where it is taken over.
    if (options.signal.aborted) return await releaseClaim(database, claim, clock.now());
    if (held.signal.aborted) return;
    if (end.type === 'later') {
      logger.warn('a delivery of a webhook is tried again later', { ...about, message: end.message });
      const audit = options.describe(claim, { state: 'failed', message: end.message, results: end.released });
      const dueAt = clock.now() + end.milliseconds;
      return await postponeClaim(database, claim, { message: end.message, dueAt, audit });
    }
    const audit = options.describe(claim, end.outcome);
    await finishClaim(database, claim, { outcome: end.outcome, now: clock.now(), audit });
  } catch (error) {
    logger.error('what came of a delivery of a webhook is not written down; it will be tried again', {
      ...about,
      error,
    });
  } finally {
    held.letGo();
  }
}

type End =
  | { readonly type: 'done'; readonly outcome: Outcome }
  | {
      readonly type: 'later';
      readonly message: string;
      readonly milliseconds: number;
      /** The next try finds them as they should be, and says no more of them. */
      readonly released: readonly DeliveryResult[];
    };

async function attempt(claim: Claim, { carryOut, logger }: DeliveriesOptions, signal: AbortSignal): Promise<End> {
  try {
    return { type: 'done', outcome: await carryOut(claim, signal) };
  } catch (error) {
    const message = messageOf(error);
    const results = error instanceof TryLater ? error.results : [];
    const released = results.filter(({ outcome }) => outcome === 'released');
    if (signal.aborted) return { type: 'later', message, milliseconds: 0, released };
    const seconds = isPassing(error) ? retrySeconds[claim.delivery.attempts - 1] : undefined;
    if (seconds !== undefined)
      return { type: 'later', message, milliseconds: Math.max(seconds, wantedSeconds(error)) * 1_000, released };
    const isKnown = isPassing(error) || error instanceof Problem || error instanceof StatusError;
    if (!isKnown) logger.error('a delivery of a webhook failed', { delivery: claim.delivery.id, error });
    const said = isKnown ? message : 'an error of the server; its log says more';
    return { type: 'done', outcome: { state: 'failed', message: said, results } };
  }
}

function wantedSeconds(error: unknown): number {
  const { afterSeconds = 0 } = error instanceof TryLater ? error : {};
  return Math.min(afterSeconds, maximumWaitMilliseconds / 1_000);
}

/** Whether trying again may help. */
function isPassing(error: unknown): boolean {
  if (error instanceof TryLater || isDatabaseFault(error, 'unavailable')) return true;
  if (error instanceof Problem) return error.status === 503 || error.status === 412;
  return isStatusReason(error, 'ServiceUnavailable', 'Timeout', 'TooManyRequests', 'Conflict', 'InternalError');
}

interface Held {
  /** Aborts when the claim is another server's, when nobody has heard of it for too long, and when the server stops. */
  readonly signal: AbortSignal;
  letGo(): void;
}

function holdClaim(claim: Claim, options: DeliveriesOptions): Held {
  const { database, clock, logger, signal, leaseMilliseconds = defaultLeaseMilliseconds } = options;
  const silenceMilliseconds = leaseMilliseconds * silentShare;
  const lost = new AbortController();
  const over = new AbortController();
  const ending = AbortSignal.any([lost.signal, over.signal, signal]);
  let cancel = clock.schedule(silenceMilliseconds, () => lost.abort(new Error('nobody heard that it is worked on')));
  const renew = async (): Promise<void> => {
    while (!ending.aborted) {
      await delay(clock, leaseMilliseconds / renewals, ending).catch(() => undefined);
      if (ending.aborted) return;
      // It counts from when it was sent.
      const sent = clock.monotonic();
      const isOurs = await renewClaim(database, claim).catch((error: unknown) => {
        logger.debug('a claim could not be renewed', { error });
        return undefined;
      });
      if (isOurs === false) return lost.abort(new Error('another server works on it'));
      if (isOurs !== true || ending.aborted) continue;
      cancel();
      const left = Math.max(0, silenceMilliseconds - (clock.monotonic() - sent));
      cancel = clock.schedule(left, () => lost.abort(new Error('nobody heard that it is worked on')));
    }
  };
  void renew();
  return {
    signal: AbortSignal.any([lost.signal, signal]),
    letGo: () => {
      over.abort();
      cancel();
    },
  };
}
