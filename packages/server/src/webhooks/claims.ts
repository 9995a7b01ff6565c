/**
 * Who works on which delivery. The deliveries of a webhook are worked on in the order in which they came, by one server at a
 * time. Who works says so again and again; whoever waits takes over when nothing was said for a while by its own clock, so
 * that clocks of servers need not agree.
 */
import type { Database, Row, Sql } from '../database/database.ts';
import { recordAudit, type AuditEntry } from '../audit/audit.ts';
import { deliveriesTopic, parseDelivery, type Delivery, type DeliveryResult } from './deliveries.ts';

export interface Claim {
  readonly delivery: Delivery;
  /** Of one server's life. */
  readonly holder: string;
}

export interface Outcome {
  readonly state: 'succeeded' | 'failed' | 'ignored';
  readonly message: string;
  readonly results: readonly DeliveryResult[];
}

interface Open {
  readonly delivery: Delivery;
  readonly dueAt: string;
  readonly holder: string | undefined;
  readonly beat: number;
}

/** What a server remembers of others at work: the last word of each, and when it heard it by its own clock. */
export type Heard = Map<number, { readonly beat: number; readonly since: number }>;

export interface Waiting {
  readonly holder: string;
  readonly now: number;
  readonly monotonic: number;
  /** After so long without a word whoever worked on one is gone. */
  readonly leaseMilliseconds: number;
  readonly heard: Heard;
  /** Numbers of those that this server works on. */
  readonly active: ReadonlySet<number>;
}

const maximumCandidates = 200;
/** However long somebody wants not to be asked. */
export const maximumWaitMilliseconds = 3_600_000;
/** Clocks of servers may differ by some minutes. */
const longestWaitMilliseconds = maximumWaitMilliseconds + 300_000;

/** The oldest delivery that may be worked on; from then on it is this server's. Undefined: none may. */
export async function claimNext(database: Database, waiting: Waiting): Promise<Claim | undefined> {
  const open = await listHeads(database);
  const numbers = new Set(open.map(({ delivery }) => delivery.number));
  for (const number of waiting.heard.keys()) if (!numbers.has(number)) waiting.heard.delete(number);
  for (const candidate of open) {
    if (!mayClaim(candidate, waiting, database.dialect === 'sqlite')) continue;
    const claim = await claimOne(database, candidate, waiting.holder);
    if (claim !== undefined) return claim;
  }
  return undefined;
}

/** Of each webhook the oldest that is not finished. */
async function listHeads(sql: Sql): Promise<readonly Open[]> {
  const rows = await sql.query(
    `SELECT * FROM webhook_deliveries WHERE number IN
       (SELECT min(number) FROM webhook_deliveries WHERE state IN ('waiting', 'running') GROUP BY webhook_id)
     ORDER BY due_at, number LIMIT $1`,
    [maximumCandidates],
  );
  return rows.map(parseOpen);
}

/** `isAlone`: on this database there is no other server, so that who held it before is gone. */
function mayClaim({ delivery, dueAt, holder, beat }: Open, waiting: Waiting, isAlone: boolean): boolean {
  if (delivery.state === 'waiting') return isDue(Date.parse(dueAt), waiting.now);
  if (waiting.active.has(delivery.number)) return false;
  // Its own that it does not work on: what came of it could not be written down.
  if (isAlone || holder === waiting.holder) return true;
  const last = waiting.heard.get(delivery.number);
  if (last?.beat === beat) return waiting.monotonic - last.since >= waiting.leaseMilliseconds;
  waiting.heard.set(delivery.number, { beat, since: waiting.monotonic });
  return false;
}

/** What is due later than anything is put off was put off by a clock that has been set back since. */
function isDue(dueAt: number, now: number): boolean {
  return dueAt <= now || dueAt - now > longestWaitMilliseconds;
}

/** Of several servers that see the same, the first one gets it: the beat is another one for the others. */
async function claimOne(sql: Sql, { delivery, beat }: Open, holder: string): Promise<Claim | undefined> {
  const [row] = await sql.query(
    `UPDATE webhook_deliveries SET state = 'running', holder = $3, beat = beat + 1, attempts = attempts + 1
     WHERE number = $1 AND beat = $2 AND state IN ('waiting', 'running') RETURNING *`,
    [delivery.number, beat, holder],
  );
  return row && { delivery: parseDelivery(row), holder };
}

/** Says that it is still worked on. False: it is another server's since, or gone with its webhook. */
export async function renewClaim(sql: Sql, { delivery, holder }: Claim): Promise<boolean> {
  const rows = await sql.query(
    `UPDATE webhook_deliveries SET beat = beat + 1 WHERE number = $1 AND holder = $2 AND state = 'running' RETURNING number`,
    [delivery.number, holder],
  );
  return rows.length > 0;
}

/** Writes down what came of it, and who asked for it; nothing where it is another server's since. */
export async function finishClaim(
  database: Database,
  { delivery, holder }: Claim,
  { outcome, now, audit }: { readonly outcome: Outcome; readonly now: number; readonly audit: readonly AuditEntry[] },
): Promise<void> {
  await database.transaction(async (transaction) => {
    const rows = await transaction.query(
      `UPDATE webhook_deliveries SET state = $3, message = $4, results = $5, finished_at = $6, holder = NULL, beat = beat + 1
       WHERE number = $1 AND holder = $2 AND state = 'running' RETURNING number`,
      [
        delivery.number,
        holder,
        outcome.state,
        outcome.message,
        JSON.stringify(outcome.results),
        new Date(now).toISOString(),
      ],
    );
    if (rows.length === 0) return;
    for (const entry of audit) await recordAudit(transaction, entry);
    // The next one of its webhook may begin.
    await transaction.notify(deliveriesTopic);
  });
}

/** It is tried again later; what has come meanwhile waits behind it. Who asked for what is done already is written down. */
export async function postponeClaim(
  database: Database,
  { delivery, holder }: Claim,
  {
    message,
    dueAt,
    audit,
  }: { readonly message: string; readonly dueAt: number; readonly audit: readonly AuditEntry[] },
): Promise<void> {
  await database.transaction(async (transaction) => {
    const rows = await transaction.query(
      `UPDATE webhook_deliveries SET state = 'waiting', message = $3, due_at = $4, holder = NULL, beat = beat + 1
       WHERE number = $1 AND holder = $2 AND state = 'running' RETURNING number`,
      [delivery.number, holder, message, new Date(dueAt).toISOString()],
    );
    if (rows.length > 0) for (const entry of audit) await recordAudit(transaction, entry);
  });
}

/** On the way out another server, or the next start, may go on at once: what was only interrupted is not counted as a try. */
export async function releaseClaim(sql: Sql, { delivery, holder }: Claim, now: number): Promise<void> {
  await sql.query(
    `UPDATE webhook_deliveries SET state = 'waiting', message = 'the server stopped meanwhile', due_at = $3, holder = NULL,
       beat = beat + 1, attempts = attempts - 1
     WHERE number = $1 AND holder = $2 AND state = 'running'`,
    [delivery.number, holder, new Date(now).toISOString()],
  );
}

function parseOpen(row: Row): Open {
  const holder = row['holder'];
  return {
    delivery: parseDelivery(row),
    dueAt: String(row['due_at']),
    holder: typeof holder === 'string' ? holder : undefined,
    beat: Number(row['beat']),
  };
}
