/** A queue of deliveries with what tests ask of it. */
import { randomBytes } from 'node:crypto';
import { silentLogger } from '@slipway/kube/logger';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import type { Database } from '../src/database/database.ts';
import { createSealer } from '../src/secrets/sealer.ts';
import type { Claim, Outcome } from '../src/webhooks/claims.ts';
import { findDelivery, receiveDelivery, type Delivery, type NewDelivery } from '../src/webhooks/deliveries.ts';
import { runDeliveries } from '../src/webhooks/run-deliveries.ts';
import { createWebhook } from '../src/webhooks/webhook-records.ts';
import { atRest } from './database-rest.ts';

const random = (bytes: number): string => randomBytes(bytes).toString('base64url');
const sealer = createSealer(randomBytes(32), random);

export const succeeded: Outcome = { state: 'succeeded', message: 'done', results: [] };

export interface QueueServer {
  readonly clock: FakeClock;
  /** Ids of deliveries, in the order in which work on them began. */
  readonly begun: string[];
  stop(): Promise<void>;
}

/** A server that does with each delivery what `work` says. Its clock stands still unless a test lets it go on. */
export function startQueue(
  database: Database,
  work: (claim: Claim, signal: AbortSignal) => Promise<Outcome> = async () => succeeded,
): QueueServer {
  const clock = new FakeClock();
  const stopping = new AbortController();
  const begun: string[] = [];
  const done = runDeliveries({
    // A database that is slow for a moment must not be taken for one that was silent for a lease.
    database: atRest(clock, database),
    clock,
    logger: silentLogger,
    holder: random(16),
    carryOut: async (claim, signal) => {
      begun.push(claim.delivery.id);
      return await work(claim, signal);
    },
    describe: () => [],
    signal: stopping.signal,
  });
  return {
    clock,
    begun,
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await done;
    },
  };
}

export async function addWebhook(database: Database): Promise<string> {
  const target = { images: [] };
  const given = { name: 'test', sender: 'github', target, createdBy: 'test' } as const;
  return (await createWebhook(database, given, { now: new FakeClock().now(), random, sealer })).webhook.id;
}

export const newDelivery = (webhookId: string, more: Partial<NewDelivery> = {}): NewDelivery => ({
  id: random(18),
  webhookId,
  now: new FakeClock().now(),
  address: '127.0.0.1',
  events: [{ type: 'image', repository: 'ghcr.io/acme/shop', tag: '1' }],
  requestedBy: 'test',
  state: 'waiting',
  marks: [],
  ...more,
});

export async function send(database: Database, webhookId: string, more: Partial<NewDelivery> = {}): Promise<string> {
  const delivery = newDelivery(webhookId, more);
  await receiveDelivery(database, delivery);
  return delivery.id;
}

/** Lets time go by on that server until the delivery is so. */
export async function until(
  database: Database,
  wanted: { readonly webhookId: string; readonly id: string; readonly isSo: (delivery: Delivery) => boolean },
  clock?: FakeClock,
): Promise<Delivery> {
  for (;;) {
    const delivery = await findDelivery(database, wanted.webhookId, wanted.id);
    if (delivery !== undefined && wanted.isSo(delivery)) return delivery;
    await clock?.advance(1_000);
  }
}

export const isOver = ({ finishedAt }: Delivery): boolean => finishedAt !== undefined;
