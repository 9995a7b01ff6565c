/** From a request as it came to its answer: who asks, whether he may, and only then what is in the body. */
import type { Logger } from '@slipway/kube/logger';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { failure, type ApiServer } from './api-server.ts';
import { authorize, mayDoEverything, type Identity } from './authorization.ts';
import { callerOf, type CallerOptions } from './caller.ts';
import type { ReceivedRequest } from './received-request.ts';
import { attributesOf } from './request-attributes.ts';
import { readBody } from './request-body.ts';
import { parseResourcePath } from './request-path.ts';
import { unknownRequest } from './request-counts.ts';
import { isServed } from './served-methods.ts';
import { parseTarget, type RequestTarget } from './request-target.ts';
import { fromWatchPath } from './watch-path.ts';

export interface AnswerOptions extends CallerOptions {
  readonly logger: Logger;
}

/** Never rejects: a failure is an answer. */
export async function answerRequest(received: ReceivedRequest, options: AnswerOptions): Promise<TransportResponse> {
  const { method, target } = received;
  const { api, logger } = options;
  let kind = unknownRequest;
  let answer: TransportResponse;
  try {
    const url = fromWatchPath(method, parseTarget(target));
    const asked = { method, path: url.pathname, query: url.searchParams };
    kind = api.requests.kindOf(asked);
    const caller = callerOf(received, options);
    const identity = caller instanceof Promise ? await caller : caller;
    const content = admitsBody(asked, identity, api)
      ? readBody(received, { path: asked.path, catalog: api.catalog })
      : undefined;
    const body = content instanceof Promise ? await content : content;
    const answered = api.answer(new AskedRequest(received, url, body), identity);
    answer = answered instanceof Promise ? await answered : answered;
  } catch (error) {
    answer = failure(error, { method, path: target }, logger);
  }
  api.requests.count(kind, answer.status);
  return answer;
}

/**
 * Whether there is something that a body could be for. Throws `Forbidden` before a byte of it is read: to take it
 * apart costs time, which is only for those who may ask.
 */
function admitsBody(
  target: Pick<TransportRequest, 'method' | 'path' | 'query'>,
  identity: Identity,
  { catalog, grants }: ApiServer,
): boolean {
  const parsed = parseResourcePath(target.path);
  const definition = parsed && catalog.find(parsed.group, parsed.version, parsed.plural);
  if (parsed === undefined || definition === undefined) return false;
  if (!mayDoEverything(identity)) authorize(identity, attributesOf(target), grants);
  return isServed(target.method, parsed, definition);
}

/** Its signal is made by whoever asks for it, so that a copy has to ask. */
class AskedRequest implements TransportRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly rawQuery: string;
  readonly headers: TransportRequest['headers'];
  readonly body: TransportRequest['body'];
  readonly #received: ReceivedRequest;

  constructor(received: ReceivedRequest, url: RequestTarget, body: TransportRequest['body']) {
    this.method = received.method;
    this.path = url.pathname;
    this.query = url.searchParams;
    this.rawQuery = url.search.slice(1);
    this.headers = received.headers;
    this.body = body;
    this.#received = received;
  }

  get signal(): AbortSignal {
    return this.#received.signal;
  }
}
