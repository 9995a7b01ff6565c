import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';
import { countBy } from './request-counts.ts';
import { Problem } from './problem.ts';

/** Of one address, a minute: a page that is open asks twice a second, and behind one address a whole office may look at some. */
const maximumRequests = 3_000;

/** Before anybody is asked who he is: what is refused here has cost no look into the database. */
export async function limitRequests(app: FastifyInstance, { clock }: Pick<ServerContext, 'clock'>): Promise<void> {
  await app.register(rateLimit, {
    // Of routes that have a limit of their own; that of all is below, since a hook of a route comes after those of the server.
    global: false,
    store: countBy(clock),
    max: maximumRequests,
    timeWindow: 60_000,
    hook: 'onRequest',
    keyGenerator: ({ ip }) => ip,
    errorResponseBuilder: (_, { max, ttl }) => tooMany(max, Math.ceil(ttl / 1_000)),
  });
  const count = app.createRateLimit();
  app.addHook('onRequest', async (request) => {
    const counted = await count(request);
    if (!counted.isAllowed && counted.isExceeded) throw tooMany(counted.max, counted.ttlInSeconds);
  });
}

function tooMany(maximum: number, seconds: number): Problem {
  return new Problem(429, `more than ${maximum} requests within a minute: try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}
