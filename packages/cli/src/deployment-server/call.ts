import { request } from '@slipway/kube/platform/http';

export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

const timeoutMilliseconds = 5_000;
/** What a command asks for is small. */
const maximumCharacters = 100_000;

/** One request to a deployment server. Rejects where none answers in time. */
export function callServer({ url, method, path, token }: Call): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const options = { method, headers, agent: false, signal: AbortSignal.timeout(timeoutMilliseconds) };
  const asked = request(new URL(path, url), options, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      body += text;
      if (body.length > maximumCharacters) response.destroy(new Error('the answer is too long'));
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    response.on('error', reject);
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

/** Whether a deployment server is there and can do its work. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await callServer({ url, method: 'GET', path: '/healthz' })).status === 200;
  } catch {
    // Whatever it is that answers so, or does not: it is not a server that works.
    return false;
  }
}
