import type { IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Condition {
  readonly version: string;
  /** Whether this build considers itself fit to serve users. */
  readonly healthy: boolean;
  readonly stopping: boolean;
}

/**
 * Three questions that must not be mixed up. `/livez`: should this process be restarted? `/readyz`: may requests come
 * now? `/health`: is this version fit to be released? A broken version can be alive and ready. Undefined for other paths.
 */
export function answerCondition(path: string, headers: IncomingHttpHeaders, condition: Condition): Answer | undefined {
  switch (path) {
    case '/version':
      return plain(200, condition.version);
    case '/livez':
      return plain(200, 'ok');
    case '/readyz':
      return condition.stopping ? plain(503, 'stopping') : plain(200, 'ok');
    case '/health':
      return answerHealth(headers, condition.healthy);
    default:
      return undefined;
  }
}

/** As JSON for who reads the body, in a word for `Accept: text/plain`; by the status alone for who reads only that. */
function answerHealth({ accept = '' }: IncomingHttpHeaders, healthy: boolean): Answer {
  const status = healthy ? 200 : 503;
  if (accept.startsWith('text/plain')) {
    return plain(status, healthy ? 'ok' : 'not healthy');
  }
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: JSON.stringify({ healthy }) };
}

function plain(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, body };
}
