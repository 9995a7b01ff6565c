import { delay, type Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { isDatabaseFault, type Database } from '../database/database.ts';
import { Signal } from '../streams/signal.ts';
import { Problem } from '../http/problem.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { findChannel } from './channels.ts';
import {
  claimDeliveries,
  longestRetryMilliseconds,
  nextDue,
  outboxTopic,
  releaseClaims,
  renewClaims,
  settleDelivery,
  type Delivery,
  type Settlement,
} from './outbox.ts';
import type { Outcome, Send } from './send.ts';

export interface CourierOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Must differ from that of every other server that may run at the same time. */
  readonly identity: string;
  /** So long it waits whose server was killed over it; the same for all servers. Default 30 s. */
  readonly claimMilliseconds?: number | undefined;
  readonly sealer: Sealer;
  readonly send: Send;
  readonly signal: AbortSignal;
}

/** Sent at a time; those of one channel in turn. */
const batchSize = 20;
const defaultClaimMilliseconds = 30_000;
/** Said again so often within a claim. */
const renewals = 3;
const maximumAttempts = 12;
const firstRetryMilliseconds = 5_000;
const maximumRetryMilliseconds = 600_000;
/** Also where nobody says that there is something. */
const lookMilliseconds = 30_000;

/** Sends what is in the outbox until the signal, and again what was not sent: each server on the database does. */
export async function runCourier(options: CourierOptions): Promise<void> {
  const { database, clock, logger, signal } = options;
  const news = new Signal();
  const stop = database.listen((change) => {
    if (change.type === 'lost' || change.topic === outboxTopic) news.raise();
  });
  signal.addEventListener('abort', () => news.raise(), { once: true });
  try {
    let isTaken = database.dialect !== 'sqlite';
    while (!signal.aborted) {
      news.lower();
      try {
        if (!isTaken) await releaseClaims(database);
        isTaken = true;
        if ((await sendDue(options)) > 0) continue;
        await waitForNews(await nextDue(database), { news, clock, signal });
      } catch (error) {
        if (!isDatabaseFault(error, 'unavailable')) throw error;
        logger.warn('the outbox cannot be read, looking again', { error });
        await delay(clock, firstRetryMilliseconds, signal).catch(() => undefined);
      }
    }
  } finally {
    stop();
  }
}

interface Waiting {
  readonly news: Signal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function waitForNews(due: number | undefined, { news, clock }: Waiting): Promise<void> {
  const wait = Math.min(Math.max((due ?? Infinity) - clock.now(), 0), lookMilliseconds);
  const cancel = clock.schedule(wait, () => news.raise());
  await news.raised();
  cancel();
}

/** How many were tried. */
export async function sendDue(options: CourierOptions): Promise<number> {
  const claimed = await claimDeliveries(options.database, { ...claimOf(options), limit: batchSize });
  if (claimed.length === 0) return 0;
  const over = new AbortController();
  const holding = holdClaims(options, over.signal);
  const byChannel = Map.groupBy(claimed, ({ channelId }) => channelId);
  await Promise.all(
    [...byChannel.values()].map(async (deliveries) => {
      for (const delivery of deliveries) await sendOne(delivery, options);
    }),
  ).finally(() => over.abort());
  await holding;
  return claimed.length;
}

function claimOf({ identity, clock, claimMilliseconds = defaultClaimMilliseconds }: CourierOptions) {
  return { holder: identity, now: clock.now(), milliseconds: claimMilliseconds };
}

/** What waits behind others for a slow receiver is held as long as this server lives. */
async function holdClaims(options: CourierOptions, over: AbortSignal): Promise<void> {
  const { database, clock, logger } = options;
  for (;;) {
    await delay(clock, claimOf(options).milliseconds / renewals, over).catch(() => undefined);
    if (over.aborted) return;
    await renewClaims(database, claimOf(options)).catch((error: unknown) => {
      // Another server may send them too: whoever gets them knows them by their ids.
      logger.debug('claims of notifications could not be renewed', { error });
    });
  }
}

async function sendOne(delivery: Delivery, options: CourierOptions): Promise<void> {
  const { database, clock, identity, signal } = options;
  // What is left is claimed by another server, or by this one when it is back.
  if (signal.aborted) return;
  const outcome = await attempt(delivery, options);
  if (outcome === undefined) return;
  const settlement = settle(outcome, delivery, { now: clock.now(), random: options.random() });
  await settleDelivery(database, delivery, { holder: identity, now: clock.now(), settlement });
}

/** Undefined: the channel is gone, and with it what was to be sent. */
async function attempt(delivery: Delivery, options: CourierOptions): Promise<Outcome | undefined> {
  const { database, sealer, logger, send } = options;
  try {
    const channel = await findChannel(database, delivery.channelId, sealer);
    if (channel === undefined) return undefined;
    const outcome = await send(channel, delivery);
    if (outcome.type === 'failed')
      logger.warn('a notification was not taken', { channel: channel.name, id: delivery.id, error: outcome.error });
    return outcome;
  } catch (error) {
    // Its secrets were sealed with another key.
    if (!(error instanceof Problem)) throw error;
    logger.error('a notification cannot be sent by this server', { id: delivery.id, error });
    return { type: 'failed', error: error.message };
  }
}

/** After 5 s, 10 s, 20 s … 10 min, up to half as long again; later where the receiver says so; not without an end. */
export function settle(
  outcome: Outcome,
  { attempts }: Pick<Delivery, 'attempts'>,
  { now, random }: { readonly now: number; readonly random: number },
): Settlement {
  if (outcome.type === 'sent') return { type: 'delivered' };
  const { error, retryAfterSeconds = 0 } = outcome;
  if (attempts + 1 >= maximumAttempts) return { type: 'dead', error };
  const backoff = Math.min(firstRetryMilliseconds * 2 ** attempts, maximumRetryMilliseconds);
  const wanted = Math.min(retryAfterSeconds * 1_000, longestRetryMilliseconds);
  return { type: 'retry', error, nextAt: now + Math.max(backoff * (1 + random / 2), wanted) };
}
