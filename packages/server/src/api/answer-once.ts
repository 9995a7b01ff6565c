/**
 * A request that is sent again under the same Idempotency-Key is answered as it was, and done once.
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '@slipway/kube/hash';
import type { FastifyRequest } from 'fastify';
import { forgetRequests, noteRequest, takeOverRequest } from '../database/asked-requests.ts';
import type { Sql, Transaction } from '../database/database.ts';
import type { ServerContext } from '../http/context.ts';
import { findProblem } from '../http/problem.ts';
import { identifierOf } from '../identity/principal.ts';
import type { RandomText } from '../identity/tokens.ts';
import { createSealer, type Sealer } from '../secrets/sealer.ts';
import { otherRequest } from './create-once.ts';

type Means = Pick<ServerContext, 'database' | 'clock' | 'random' | 'sealer'>;
type Request = Pick<FastifyRequest, 'method' | 'url' | 'body' | 'principal'> & {
  readonly headers: { readonly 'idempotency-key'?: string | undefined };
};

/** For the description of a route that takes one. */
export const onceDescription =
  'With an `Idempotency-Key` a request that is sent again within a day is answered as it was the first time, and done once; another request under the same key is refused with 422.';

/** For what is done in the database alone: it and its answer are there together, or neither is. */
export async function answerOnce<T extends object>(
  request: Request,
  means: Means,
  create: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const keyed = keyedOf(request, means);
  if (keyed !== undefined) await forgetRequests(means.database, keyed.now);
  return await means.database.transaction(async (transaction) => {
    if (keyed === undefined) return create(transaction);
    const { answer: known } = await claim<T>(transaction, keyed);
    if (known !== undefined) return known;
    const answer = await create(transaction);
    await keep(transaction, keyed, answer);
    return answer;
  });
}

/**
 * For what is done elsewhere. Who is killed in between has done it and has no answer: `create` is called once more, with the
 * same mark, by which it knows what it made before. What is refused may be corrected under the same key.
 */
export async function answerOnceByMark<T extends object>(
  request: Request,
  means: Means,
  create: (mark: string | undefined) => Promise<T>,
): Promise<T> {
  const keyed = keyedOf(request, means);
  if (keyed === undefined) return await create(undefined);
  const { database } = means;
  await forgetRequests(database, keyed.now);
  const { answer: known, isOurs } = await database.transaction((transaction) => claim<T>(transaction, keyed));
  if (known !== undefined) return known;
  try {
    // What is marked outlives what is noted here: by then something else may be asked under the same key.
    const answer = await create(`${keyed.name}-${keyed.hash.slice(0, 32)}`);
    await keep(database, keyed, answer);
    return answer;
  } catch (error) {
    // Where it is another one's, that one is under way.
    if (isOurs && (findProblem(error)?.status ?? 500) < 500) await forget(database, keyed);
    throw error;
  }
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
function sealerUnder(
  key: string,
  { sealer, random }: { readonly sealer: Sealer; readonly random: RandomText },
): Sealer {
  const own = createSealer(createHash('sha256').update(`answer\n${key}`).digest(), random);
  return {
    seal: (secret, place) => sealer.seal(own.seal(secret, place), place),
    open: (sealed, place) => own.open(sealer.open(sealed, place), place),
  };
}

interface Claimed<T> {
  /** Where there is one. */
  readonly answer: T | undefined;
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
async function claim<T>(sql: Sql, { name, hash, now, sealer }: Keyed): Promise<Claimed<T>> {
  const noted = await noteRequest(sql, { name, hash, now });
  if (noted.hash !== hash) throw otherRequest();
  if (noted.answer !== undefined) return { answer: JSON.parse(sealer.open(noted.answer, name)) as T, isOurs: false };
  const isLeft = !noted.isNew && now - noted.at > underWayMilliseconds;
  const isOurs = noted.isNew || (isLeft && (await takeOverRequest(sql, { name, since: noted.at, now })));
  return { answer: undefined, isOurs };
}

async function keep(sql: Sql, { name, hash, sealer }: Keyed, answer: object): Promise<void> {
  const sealed = sealer.seal(JSON.stringify(answer), name);
  await sql.query('UPDATE asked_requests SET answer = $3 WHERE name = $1 AND hash = $2', [name, hash, sealed]);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
