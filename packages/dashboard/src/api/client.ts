import { ApiProblem, describeProblem, parseProblem, parseRetryAfter } from './problem.ts';

export interface SendOptions {
  readonly body?: unknown;
  /** Asking again under it is asking once. */
  readonly key?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** With what names the state that was read. */
export interface Tagged<Answer> {
  readonly answer: Answer;
  readonly etag: string | undefined;
}

export interface ApiClientOptions {
  readonly fetch: typeof fetch;
  /** The login is over. */
  readonly onLoginEnded: () => void;
}

/** Asks the server in the name of who has logged in: the browser adds the cookie, this adds what only a page of ours knows. */
export class ApiClient {
  readonly #options: ApiClientOptions;
  #csrf: string | undefined;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** Of the login that counts from now on. */
  useCsrf(csrf: string | undefined): void {
    this.#csrf = csrf;
  }

  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.send('GET', path, { signal });
  }

  /** Rejects with an `ApiProblem` where the answer is no success. */
  async send<Answer>(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    return (await this.#ask<Answer>(method, path, options)).answer;
  }

  getTagged<Answer>(path: string): Promise<Tagged<Answer>> {
    return this.#ask<Answer>('GET', path, {});
  }

  async #ask<Answer>(method: string, path: string, options: SendOptions): Promise<Tagged<Answer>> {
    const { status, text, headers } = await this.#exchange(method, path, options);
    if (status === 401 && path !== '/api/v1/session') this.#options.onLoginEnded();
    if (status < 200 || status > 299) throw parseProblem(status, text, parseRetryAfter(headers));
    const answer = (text === '' ? undefined : JSON.parse(text)) as Answer;
    return { answer, etag: headers.get('etag') ?? undefined };
  }

  async #exchange(
    method: string,
    path: string,
    { body, key, ifMatch, signal }: SendOptions,
  ): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
    const headers = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' || this.#csrf === undefined ? {} : { 'x-slipway-csrf': this.#csrf }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    };
    try {
      const response = await this.#options.fetch(path, {
        method,
        headers,
        credentials: 'same-origin',
        // An ETag of an Application says nothing of its releases and its route, which its answer tells of too.
        cache: 'no-store',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: response.status, text: await response.text(), headers: response.headers };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw new ApiProblem(0, `the server does not answer: ${describeProblem(error)}`);
    }
  }
}

/** `/api/v1/namespaces/NS/…`, each part as it may stand in a path. */
export function pathOf(namespace: string, ...parts: readonly string[]): string {
  return ['/api/v1/namespaces', namespace, ...parts.map(encodeURIComponent)].join('/');
}

export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}
