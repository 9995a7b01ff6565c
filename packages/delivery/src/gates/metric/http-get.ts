/** One bounded GET to an address that a check names. Redirects are not followed, proxies of the environment not used. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '@slipway/kube/clock';
import { reasonOf, sendGuarded } from '@slipway/kube/platform/guarded-request';
import { limitTime } from '@slipway/kube/time-limit';
import { describeUnreachable, isReachable, type Reach } from './reachable-address.ts';

const timeoutMilliseconds = 10_000;
const maximumBodyBytes = 1_048_576;

export interface HttpQuestion {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM; trusted instead of the usual authorities. */
  readonly ca?: string | undefined;
  /** Take any certificate. */
  readonly insecure?: boolean | undefined;
  readonly signal: AbortSignal;
}

export interface HttpSending extends HttpQuestion {
  /** Default GET. */
  readonly method?: string | undefined;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** Rejects with an error whose message says why there is no answer. */
export type HttpGet = (question: HttpQuestion) => Promise<HttpAnswer>;

export interface HttpGetOptions extends Reach {
  readonly clock: Clock;
}

export function createHttpGet({ clock, ...reach }: HttpGetOptions): HttpGet {
  return async (question) => {
    using limit = limitTime({
      clock,
      milliseconds: timeoutMilliseconds,
      signal: question.signal,
      message: `no answer within ${timeoutMilliseconds / 1_000} s`,
    });
    const incoming = await sendRequest({ ...question, signal: limit.signal }, reach);
    try {
      return await readAnswer(incoming, limit.signal);
    } finally {
      incoming.destroy();
    }
  };
}

/** Resolves with the head of the answer, whose body the caller reads or destroys. */
export function sendRequest(question: HttpSending, reach: Reach): Promise<IncomingMessage> {
  return sendGuarded(question, (host, address) =>
    isReachable(address, reach) ? undefined : describeUnreachable(host, address),
  );
}

async function readAnswer(incoming: IncomingMessage, signal: AbortSignal): Promise<HttpAnswer> {
  const status = incoming.statusCode ?? 0;
  if (status >= 300 && status < 400)
    throw new Error(`the server answered ${status}: redirects are not followed, give the address that it leads to`);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maximumBodyBytes) throw new Error(`the answer is longer than ${maximumBodyBytes} bytes`);
      chunks.push(bytes);
    }
  } catch (error) {
    throw reasonOf(error, signal);
  }
  return { status, body: Buffer.concat(chunks).toString('utf8') };
}
