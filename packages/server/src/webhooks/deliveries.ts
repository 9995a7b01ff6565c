/** What senders have told, and what came of it. A delivery is accepted when it stands here. */
import type { Database, Row, Sql, Transaction } from '../database/database.ts';
import { optional } from '../optional.ts';
import type { WebhookEvent } from './webhook.ts';

/** `waiting` and `running` are under way. `ignored`: there was nothing to do. `refused`: it was late or not to be read. */
export const deliveryStates = ['waiting', 'running', 'succeeded', 'failed', 'ignored', 'refused'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const resultOutcomes = ['released', 'applied', 'unchanged', 'removed', 'left', 'passedOver', 'failed'] as const;

/** Of one object that a delivery was about. */
export interface DeliveryResult {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly outcome: (typeof resultOutcomes)[number];
  readonly message?: string | undefined;
  /** What was asked for, with the version that it is called by. */
  readonly image?: string | undefined;
  readonly version?: string | undefined;
  /** The Release that was begun, where it was seen in time. */
  readonly release?: string | undefined;
}

export interface Delivery {
  readonly number: number;
  readonly id: string;
  readonly webhookId: string;
  readonly receivedAt: string;
  /** Of who sent it. */
  readonly address: string;
  /** What the sender calls it. */
  readonly senderDelivery?: string | undefined;
  readonly events: readonly WebhookEvent[];
  /** The delivery that this one is a repetition of. */
  readonly repeats?: string | undefined;
  readonly requestedBy: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly finishedAt?: string | undefined;
  readonly message?: string | undefined;
  readonly results: readonly DeliveryResult[];
}

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly now: number;
  readonly address: string;
  readonly senderDelivery?: string | undefined;
  readonly events: readonly WebhookEvent[];
  readonly repeats?: string | undefined;
  readonly requestedBy: string;
  readonly state: Extract<DeliveryState, 'waiting' | 'ignored' | 'refused'>;
  readonly message?: string | undefined;
  /** By which it is known when it comes again; none: it is to be taken whatever came before. */
  readonly marks: readonly string[];
}

export type Receipt =
  | { readonly type: 'received' }
  /** It came before, as that delivery. */
  | { readonly type: 'replayed'; readonly id: string }
  /** Too many wait. */
  | { readonly type: 'full' };

/** Of each webhook, beside what is under way. */
const keptDeliveries = 1_000;
const keptMarks = 100_000;
const maximumWaiting = 500;
/** Marks are counted now and then: it takes a look at all of them. */
const deliveriesPerCount = 100;

export const deliveriesTopic = 'webhook deliveries';

/** Resolves when it is durable. The same message is received once, whichever servers it comes to. */
export async function receiveDelivery(database: Database, delivery: NewDelivery): Promise<Receipt> {
  const { webhookId } = delivery;
  // Beside the transaction, which reads nothing that others write: many come at once, and none is to lose against another.
  if (delivery.state === 'waiting' && (await countWaiting(database, webhookId)) >= maximumWaiting)
    return { type: 'full' };
  try {
    const number = await database.transaction((transaction) => keep(transaction, delivery));
    await prune(database, webhookId, number);
    return { type: 'received' };
  } catch (error) {
    if (error instanceof Replayed) return { type: 'replayed', id: error.id };
    throw error;
  }
}

/** Nothing of it is kept. */
class Replayed extends Error {
  readonly id: string;

  constructor(id: string) {
    super(`it came before, as ${id}`);
    this.id = id;
  }
}

async function keep(transaction: Transaction, delivery: NewDelivery): Promise<number> {
  const { webhookId, marks, id, now } = delivery;
  const at = new Date(now).toISOString();
  for (const mark of marks) {
    const [kept] = await transaction.query(
      `INSERT INTO webhook_marks (webhook_id, mark, delivery_id, at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (webhook_id, mark) DO NOTHING RETURNING mark`,
      [webhookId, mark, id, at],
    );
    if (kept === undefined) throw new Replayed(await findMarked(transaction, webhookId, mark));
  }
  const number = await insert(transaction, delivery, at);
  if (delivery.state === 'waiting') await transaction.notify(deliveriesTopic);
  return number;
}

async function findMarked(sql: Sql, webhookId: string, mark: string): Promise<string> {
  const [row] = await sql.query('SELECT delivery_id FROM webhook_marks WHERE webhook_id = $1 AND mark = $2', [
    webhookId,
    mark,
  ]);
  return String(row?.['delivery_id'] ?? '');
}

async function countWaiting(sql: Sql, webhookId: string): Promise<number> {
  const [row] = await sql.query(
    "SELECT count(*) AS count FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'waiting'",
    [webhookId],
  );
  return Number(row?.['count'] ?? 0);
}

async function insert(sql: Sql, delivery: NewDelivery, at: string): Promise<number> {
  const [row] = await sql.query(
    `INSERT INTO webhook_deliveries (id, webhook_id, received_at, address, sender_delivery, events, repeats, requested_by,
       state, attempts, due_at, beat, finished_at, message, results)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $3, 0, $10, $11, '[]') RETURNING number`,
    [
      delivery.id,
      delivery.webhookId,
      at,
      delivery.address,
      delivery.senderDelivery ?? null,
      JSON.stringify(delivery.events),
      delivery.repeats ?? null,
      delivery.requestedBy,
      delivery.state,
      delivery.state === 'waiting' ? null : at,
      delivery.message ?? null,
    ],
  );
  return Number(row?.['number']);
}

async function prune(sql: Sql, webhookId: string, number: number): Promise<void> {
  await sql.query(
    `DELETE FROM webhook_deliveries WHERE webhook_id = $1 AND state NOT IN ('waiting', 'running') AND number <=
       (SELECT number FROM webhook_deliveries WHERE webhook_id = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)`,
    [webhookId, keptDeliveries],
  );
  if (number % deliveriesPerCount !== 0) return;
  await sql.query(
    `DELETE FROM webhook_marks WHERE webhook_id = $1 AND at <
       (SELECT at FROM webhook_marks WHERE webhook_id = $1 ORDER BY at DESC LIMIT 1 OFFSET $2)`,
    [webhookId, keptMarks],
  );
}

/** Newest first. */
export async function listDeliveries(
  sql: Sql,
  webhookId: string,
  page: { readonly limit: number; readonly before?: number | undefined },
): Promise<readonly Delivery[]> {
  const rows = await sql.query(
    'SELECT * FROM webhook_deliveries WHERE webhook_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3',
    [webhookId, page.before ?? Number.MAX_SAFE_INTEGER, page.limit],
  );
  return rows.map(parseDelivery);
}

export async function findDelivery(sql: Sql, webhookId: string, id: string): Promise<Delivery | undefined> {
  const [row] = await sql.query('SELECT * FROM webhook_deliveries WHERE webhook_id = $1 AND id = $2', [webhookId, id]);
  return row && parseDelivery(row);
}

export function parseDelivery(row: Row): Delivery {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    number: Number(row['number']),
    id: text('id') ?? '',
    webhookId: text('webhook_id') ?? '',
    receivedAt: text('received_at') ?? '',
    address: text('address') ?? '',
    events: JSON.parse(text('events') ?? '[]') as readonly WebhookEvent[],
    requestedBy: text('requested_by') ?? '',
    state: (text('state') ?? 'failed') as DeliveryState,
    attempts: Number(row['attempts']),
    results: JSON.parse(text('results') ?? '[]') as readonly DeliveryResult[],
    ...optional('senderDelivery', text('sender_delivery')),
    ...optional('repeats', text('repeats')),
    ...optional('finishedAt', text('finished_at')),
    ...optional('message', text('message')),
  };
}
