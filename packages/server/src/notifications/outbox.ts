/**
 * What is to be sent, written in the transaction of the fact that it tells: neither is there without the other. Who sends
 * claims it for a while first, so that several servers share the work; who is killed meanwhile leaves a claim that runs
 * out, and it is sent again, under the same id.
 */
import { createHash } from 'node:crypto';
import type { Database, Row, Sql, SqlValue, Transaction } from '../database/database.ts';
import { isWanted } from './channel.ts';
import { listWants } from './channels.ts';
import type { ReleaseEvent } from './release-events.ts';

export const deliveryStates = ['pending', 'delivered', 'dead'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface Delivery {
  /** The receiver knows a repetition by it. */
  readonly id: string;
  readonly channelId: string;
  readonly event: ReleaseEvent;
  readonly createdAt: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Of what is pending. */
  readonly nextAt: string;
  readonly deliveredAt?: string | undefined;
  /** Why the last attempt failed. */
  readonly error?: string | undefined;
}

export const outboxTopic = 'outbox';
/** Of one channel: what comes beyond is counted alone, or one that is away for long would fill the database. */
export const maximumPending = 10_000;

/** What a channel is not told of, because too much waits for it. */
export interface LeftOut {
  /** By its name. */
  readonly channel: string;
  readonly count: number;
}

export async function enqueue(
  transaction: Transaction,
  events: readonly ReleaseEvent[],
  now: string,
): Promise<readonly LeftOut[]> {
  if (events.length === 0) return [];
  const channels = await listWants(transaction);
  const leftOut: LeftOut[] = [];
  for (const channel of channels) {
    const wanted = events.filter((event) => isWanted(channel, event));
    const count = await enqueueFor(transaction, channel.id, { events: wanted, now });
    if (count > 0) leftOut.push({ channel: channel.name, count });
    if (wanted.length > 0) await transaction.notify(outboxTopic);
  }
  return leftOut;
}

interface News {
  readonly events: readonly ReleaseEvent[];
  readonly now: string;
}

/** Resolves with how many there is no room for; the channel says so from then on. */
async function enqueueFor(transaction: Transaction, channelId: string, { events, now }: News): Promise<number> {
  let leftOut = 0;
  for (const event of events) {
    const id = deliveryId(event.id, channelId);
    const [isKept] = await transaction.query(
      `INSERT INTO deliveries (id, channel_id, event, created_at, state, attempts, next_at)
       SELECT $1, $2, $3, $4, 'pending', 0, $4
       WHERE (SELECT count(*) FROM deliveries WHERE channel_id = $2 AND state = 'pending') < ${maximumPending}
       ON CONFLICT DO NOTHING RETURNING id`,
      [id, channelId, JSON.stringify(event), now],
    );
    if (isKept !== undefined) continue;
    const [isKnown] = await transaction.query('SELECT id FROM deliveries WHERE id = $1', [id]);
    if (isKnown === undefined) leftOut += 1;
  }
  if (leftOut > 0)
    await transaction.query(
      `UPDATE channels SET left_out = left_out + $2, left_out_since = coalesce(left_out_since, $3), left_out_at = $3
       WHERE id = $1`,
      [channelId, leftOut, now],
    );
  return leftOut;
}

function deliveryId(eventId: string, channelId: string): string {
  return createHash('sha256').update(`${eventId}\n${channelId}`).digest('base64url').slice(0, 22);
}

export interface Claim {
  readonly holder: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly milliseconds: number;
  readonly limit: number;
}

/** No delivery is put off for longer. */
export const longestRetryMilliseconds = 3_600_000;
/** As much as clocks of servers may differ: what is due later still was put off by one that has been set back since. */
const clockMilliseconds = 60_000;

/** The oldest that are due and that nobody is sending; nobody else gets them until the claim is over. */
export async function claimDeliveries(database: Database, claim: Claim): Promise<readonly Delivery[]> {
  const [now, until] = [toTime(claim.now), toTime(claim.now + claim.milliseconds)];
  const neverDue = toTime(claim.now + longestRetryMilliseconds + clockMilliseconds);
  const neverClaimed = toTime(claim.now + 2 * claim.milliseconds);
  const skip = database.dialect === 'postgres' ? 'FOR UPDATE SKIP LOCKED' : '';
  return await database.transaction(async (sql) => {
    const rows = await sql.query(
      `UPDATE deliveries SET claimed_by = $1, claimed_until = $2 WHERE id IN (
         SELECT id FROM deliveries WHERE state = 'pending' AND (attempts = 0 OR next_at <= $3 OR next_at > $5)
           AND (claimed_until IS NULL OR claimed_until <= $3 OR claimed_until > $6)
         ORDER BY created_at, id LIMIT $4 ${skip}
       ) RETURNING *`,
      [claim.holder, until, now, claim.limit, neverDue, neverClaimed],
    );
    return rows.map(parseDelivery).toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
  });
}

/** What a server held that was killed: on SQLite there is no other one, so that nobody sends it. */
export async function releaseClaims(sql: Sql): Promise<void> {
  await sql.query("UPDATE deliveries SET claimed_by = NULL, claimed_until = NULL WHERE state = 'pending'");
}

/** Holds all that it has for longer. */
export async function renewClaims(sql: Sql, { holder, now, milliseconds }: Omit<Claim, 'limit'>): Promise<void> {
  await sql.query("UPDATE deliveries SET claimed_until = $2 WHERE claimed_by = $1 AND state = 'pending'", [
    holder,
    toTime(now + milliseconds),
  ]);
}

export type Settlement =
  | { readonly type: 'delivered' }
  | { readonly type: 'retry'; readonly error: string; readonly nextAt: number }
  | { readonly type: 'dead'; readonly error: string };

/** Nothing where somebody else has claimed it since. */
export async function settleDelivery(
  sql: Sql,
  { id }: Pick<Delivery, 'id'>,
  given: { readonly holder: string; readonly now: number; readonly settlement: Settlement },
): Promise<void> {
  const { holder, now, settlement } = given;
  const state: DeliveryState = settlement.type === 'retry' ? 'pending' : settlement.type;
  const values: readonly SqlValue[] = [
    id,
    holder,
    state,
    settlement.type === 'delivered' ? null : settlement.error,
    settlement.type === 'retry' ? toTime(settlement.nextAt) : toTime(now),
    settlement.type === 'delivered' ? toTime(now) : null,
  ];
  await sql.query(
    `UPDATE deliveries SET state = $3, error = $4, next_at = $5, delivered_at = $6, attempts = attempts + 1,
       claimed_by = NULL, claimed_until = NULL
     WHERE id = $1 AND claimed_by = $2 AND state = 'pending'`,
    values,
  );
}

/** When the next one is due; undefined: none is. */
export async function nextDue(sql: Sql): Promise<number | undefined> {
  const [row] = await sql.query(
    `SELECT min(CASE WHEN claimed_until > next_at THEN claimed_until ELSE next_at END) AS at
     FROM deliveries WHERE state = 'pending'`,
  );
  return typeof row?.['at'] === 'string' ? Date.parse(row['at']) : undefined;
}

export interface DeliverySelection {
  readonly channelId?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
  /** Where the page before ended. */
  readonly before?: { readonly createdAt: string; readonly id: string } | undefined;
}

/** Newest first. */
export async function listDeliveries(sql: Sql, selection: DeliverySelection): Promise<readonly Delivery[]> {
  const values: SqlValue[] = [];
  const placeholder = (value: SqlValue): string => `$${values.push(value)}`;
  const { channelId, state, limit, before } = selection;
  const conditions = [
    ...(channelId === undefined ? [] : [`channel_id = ${placeholder(channelId)}`]),
    ...(state === undefined ? [] : [`state = ${placeholder(state)}`]),
    ...(before === undefined
      ? []
      : [`(created_at, id) < (${placeholder(before.createdAt)}, ${placeholder(before.id)})`]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await sql.query(
    `SELECT * FROM deliveries ${where} ORDER BY created_at DESC, id DESC LIMIT ${placeholder(limit)}`,
    values,
  );
  return rows.map(parseDelivery);
}

/** Sends it again from the first attempt on, under the same id. False where there is none, or it is under way already. */
export async function repeatDelivery(transaction: Transaction, id: string, now: number): Promise<boolean> {
  const rows = await transaction.query(
    `UPDATE deliveries SET state = 'pending', attempts = 0, next_at = $2, claimed_by = NULL, claimed_until = NULL
     WHERE id = $1 AND state <> 'pending' RETURNING id`,
    [id, toTime(now)],
  );
  await transaction.notify(outboxTopic);
  return rows.length > 0;
}

function parseDelivery(row: Row): Delivery {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    id: text('id') ?? '',
    channelId: text('channel_id') ?? '',
    event: JSON.parse(text('event') ?? '{}') as ReleaseEvent,
    createdAt: text('created_at') ?? '',
    state: (text('state') ?? 'dead') as DeliveryState,
    attempts: Number(row['attempts']),
    nextAt: text('next_at') ?? '',
    deliveredAt: text('delivered_at'),
    error: text('error'),
  };
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
