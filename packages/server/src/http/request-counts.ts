/** How often somebody has asked within a while, by a clock that nobody can set: one that is set back would make it a long one. */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { Clock } from '@slipway/kube/clock';

interface Count {
  readonly since: number;
  readonly asked: number;
}

/** Of whom it is known how often: whoever has asked longest ago is forgotten first. */
const maximumCallers = 5_000;

/** What the framework makes of it is one store for all routes, and one for each that has a limit of its own. */
export function countBy(clock: Pick<Clock, 'monotonic'>): FastifyRateLimitStoreCtor {
  return class RequestCounts implements FastifyRateLimitStore {
    readonly #counts = new Map<string, Count>();

    incr(
      caller: string,
      tell: (error: Error | null, result?: { readonly current: number; readonly ttl: number }) => void,
      milliseconds = 0,
    ): void {
      const now = clock.monotonic();
      const known = this.#counts.get(caller);
      const isOver = known === undefined || now - known.since >= milliseconds;
      const { since, asked } = isOver ? { since: now, asked: 0 } : known;
      this.#counts.delete(caller);
      this.#counts.set(caller, { since, asked: asked + 1 });
      const [oldest] = this.#counts.keys();
      if (this.#counts.size > maximumCallers && oldest !== undefined) this.#counts.delete(oldest);
      tell(null, { current: asked + 1, ttl: since + milliseconds - now });
    }

    child(): FastifyRateLimitStore {
      return new RequestCounts();
    }
  };
}
