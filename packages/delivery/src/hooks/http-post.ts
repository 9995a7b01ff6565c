/** One bounded POST to an address that a hook names. Redirects are answers like others: they are not followed. */
import type { Clock } from '@slipway/kube/clock';
import { limitTime } from '@slipway/kube/time-limit';
import { readStart } from '@slipway/kube/told-answer';
import { sendRequest } from '../gates/metric/http-get.ts';
import type { Reach } from '../gates/metric/reachable-address.ts';

export interface PostQuestion {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** PEM; trusted instead of the usual authorities. */
  readonly ca?: string | undefined;
  readonly timeoutMilliseconds: number;
  /** How much of the answer is read. */
  readonly maximumBytes: number;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly start: string;
}

/** Rejects with an error whose message says why there is no answer. */
export type HttpPost = (question: PostQuestion) => Promise<PostAnswer>;

export interface HttpPostOptions extends Reach {
  readonly clock: Clock;
}

export function createHttpPost({ clock, ...reach }: HttpPostOptions): HttpPost {
  return async ({ timeoutMilliseconds, maximumBytes, ...question }) => {
    using limit = limitTime({
      clock,
      milliseconds: timeoutMilliseconds,
      signal: question.signal,
      message: `no answer within ${timeoutMilliseconds / 1_000} s`,
    });
    const incoming = await sendRequest({ ...question, method: 'POST', signal: limit.signal }, reach);
    try {
      return { status: incoming.statusCode ?? 0, start: await readStart(incoming, maximumBytes) };
    } catch (error) {
      throw limit.signal.aborted && limit.signal.reason instanceof Error ? limit.signal.reason : error;
    } finally {
      incoming.destroy();
    }
  };
}
