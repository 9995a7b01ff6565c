/**
 * A request that is sent again under the same Idempotency-Key is answered as it was, letter by letter, and done once: also
 * where the server was replaced meanwhile by one whose answers have another shape.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@slipway/kube/hash';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { forgetRequests, noteRequest, takeOverRequest } from '../database/asked-requests.ts';
import type { Sql, Transaction } from '../database/database.ts';
import type { ServerContext } from '../http/context.ts';
import { findProblem } from '../http/problem.ts';
import { identifierOf } from '../identity/principal.ts';
import type { RandomText } from '../identity/tokens.ts';
import { optional } from '../optional.ts';
import { createSealer, type Sealer } from '../secrets/sealer.ts';
import { otherRequest } from './create-once.ts';

type Means = Pick<ServerContext, 'database' | 'clock' | 'random' | 'sealer'>;
type Request = Pick<FastifyRequest, 'method' | 'url' | 'body' | 'principal'> & {
  readonly headers: { readonly 'idempotency-key'?: string | undefined };
};

/** For the description of a route that takes one. */
export const onceDescription =
  'With an `Idempotency-Key` a request that is sent again within a day is answered as it was the first time, and done once; another request under the same key is refused with 422.';

/** What is answered, before it is text. */
export interface OnceAnswer {
  readonly status: number;
  readonly location?: string | undefined;
  readonly body: object | undefined;
}

type Reply = Pick<FastifyReply, 'code' | 'header' | 'type' | 'send' | 'serializeInput'>;

interface Exchange {
  readonly request: Request;
  readonly reply: Reply;
}

interface Once<Made> {
  readonly create: (transaction: Transaction) => Promise<Made>;
  /** Also of what a server of before has made, and kept without its answer: what its shape lacks is missing here. */
  readonly answer: (made: Made) => OnceAnswer | Promise<OnceAnswer>;
}

interface OnceByMark<Made> extends Pick<Once<Made>, 'answer'> {
  readonly create: (mark: string | undefined) => Promise<Made>;
}

/** For what is done in the database alone: it and its answer are there together, or neither is. */
export async function answerOnce<Made extends object>(
  { request, reply }: Exchange,
  means: Means,
  { create, answer }: Once<Made>,
): Promise<void> {
  const keyed = keyedOf(request, means);
  if (keyed !== undefined) await forgetRequests(means.database, keyed.now);
  const kept = await means.database.transaction(async (transaction): Promise<Kept<Made>> => {
    const known = keyed && (await claim<Made>(transaction, keyed)).kept;
    if (known !== undefined) return known;
    const made = await create(transaction);
    const first = { ...made, sent: write(await answer(made), reply) };
    if (keyed !== undefined) await keep(transaction, keyed, first);
    return first;
  });
  await send(await sentBefore(kept, answer), reply);
}

/**
 * For what is done elsewhere. Who is killed in between has done it and has no answer: `create` is called once more, with the
 * same mark, by which it knows what it made before. What is refused may be corrected under the same key.
 */
export async function answerOnceByMark<Made extends object>(
  { request, reply }: Exchange,
  means: Means,
  { create, answer }: OnceByMark<Made>,
): Promise<void> {
  const keyed = keyedOf(request, means);
  if (keyed === undefined) return await send(write(await answer(await create(undefined)), reply), reply);
  const { database } = means;
  await forgetRequests(database, keyed.now);
  const { kept: known, isOurs } = await database.transaction((transaction) => claim<Made>(transaction, keyed));
  const kept = known ?? (await keepMade({ keyed, isOurs }, reply, { database, create, answer }));
  await send(await sentBefore(kept, answer), reply);
}

async function keepMade<Made extends object>(
  { keyed, isOurs }: { readonly keyed: Keyed; readonly isOurs: boolean },
  reply: Reply,
  { database, create, answer }: OnceByMark<Made> & Pick<Means, 'database'>,
): Promise<Kept<Made>> {
  try {
    // What is marked outlives what is noted here: by then something else may be asked under the same key.
    const made = await create(`${keyed.name}-${keyed.hash.slice(0, 32)}`);
    const first = { ...made, sent: write(await answer(made), reply) };
    await keep(database, keyed, first);
    return first;
  } catch (error) {
    // Where it is another one's, that one is under way.
    if (isOurs && (findProblem(error)?.status ?? 500) < 500) await forget(database, keyed);
    throw error;
  }
}

/** An answer as it goes over the wire. */
interface Sent {
  readonly status: number;
  readonly location?: string | undefined;
  readonly text?: string | undefined;
}

/** Servers of before read what was made, those of today what was sent: of both there may be some on one database. */
type Kept<Made> = Made & { readonly sent?: Sent };

function write({ status, location, body }: OnceAnswer, reply: Reply): Sent {
  const text = body && String(reply.serializeInput({ ...body }, String(status)));
  return { status, ...optional('location', location), ...optional('text', text) };
}

/** What a server of before has kept is held against no shape of today. */
async function sentBefore<Made extends object>(kept: Kept<Made>, answer: Once<Made>['answer']): Promise<Sent> {
  if (kept.sent !== undefined) return kept.sent;
  const { status, location, body } = await answer(kept);
  return { status, ...optional('location', location), ...optional('text', body && JSON.stringify(body)) };
}

async function send({ status, location, text }: Sent, reply: Reply): Promise<void> {
  reply.code(status);
  if (location !== undefined) reply.header('location', location);
  if (text !== undefined) reply.type('application/json; charset=utf-8');
  await reply.send(text);
}

interface Keyed {
  /** Of who asks, where, and his key: nobody meets another's. */
  readonly name: string;
  /** Of what is asked. */
  readonly hash: string;
  readonly now: number;
  readonly sealer: Sealer;
}

function keyedOf({ headers, method, url, body, principal }: Request, means: Means): Keyed | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  const place = `${method} ${url.split('?')[0] ?? ''}`;
  return {
    name: digest(`${identifierOf(principal.identity)}\n${place}\n${key}`).slice(0, 32),
    // With the key, because what is asked may hold a secret that can be guessed.
    hash: digest(`${key}\n${canonicalJson(body ?? null)}`),
    now: means.clock.now(),
    sealer: sealerUnder(key, means),
  };
}

/** An answer may hold a secret that is shown once: it opens with the key of the server and that of the caller alone. */
export function sealerUnder(
  key: string,
  { sealer, random }: { readonly sealer: Sealer; readonly random: RandomText },
): Sealer {
  const own = createSealer(createHash('sha256').update(`answer\n${key}`).digest(), random);
  return {
    seal: (secret, place) => sealer.seal(own.seal(secret, place), place),
    open: (sealed, place) => own.open(sealer.open(sealed, place), place),
  };
}

interface Claimed<Made> {
  /** Where there is an answer. */
  readonly kept: Kept<Made> | undefined;
  /** Nobody has asked it before, or whoever did was killed, because by now every request is over, and it is taken over. */
  readonly isOurs: boolean;
}

/** What is another one's since was noted at another time. */
async function forget(sql: Sql, { name, now }: Keyed): Promise<void> {
  await sql.query('DELETE FROM asked_requests WHERE name = $1 AND at = $2 AND answer IS NULL', [
    name,
    new Date(now).toISOString(),
  ]);
}

/** Longer than any request takes. */
const underWayMilliseconds = 10 * 60_000;

/** Rejects with 422 where something else was asked. */
async function claim<Made>(sql: Sql, { name, hash, now, sealer }: Keyed): Promise<Claimed<Made>> {
  const noted = await noteRequest(sql, { name, hash, now });
  if (noted.hash !== hash) throw otherRequest();
  if (noted.answer !== undefined)
    return { kept: JSON.parse(sealer.open(noted.answer, name)) as Kept<Made>, isOurs: false };
  const isLeft = !noted.isNew && now - noted.at > underWayMilliseconds;
  const isOurs = noted.isNew || (isLeft && (await takeOverRequest(sql, { name, since: noted.at, now })));
  return { kept: undefined, isOurs };
}

async function keep(sql: Sql, { name, hash, sealer }: Keyed, kept: object): Promise<void> {
  const sealed = sealer.seal(JSON.stringify(kept), name);
  await sql.query('UPDATE asked_requests SET answer = $3 WHERE name = $1 AND hash = $2', [name, hash, sealed]);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
