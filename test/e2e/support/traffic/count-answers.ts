import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Asked {
  /** `http://127.0.0.1:port` of a gateway. */
  readonly target: string;
  readonly host: string;
  readonly connections: 'kept alive' | 'new';
  readonly requests: number;
}

const atATime = 16;

/** How many requests each version answered. Rejects with the first that is answered otherwise, or not at all. */
export async function countAnswers({
  target,
  host,
  connections,
  requests,
}: Asked): Promise<ReadonlyMap<string, number>> {
  const agent = connections === 'new' ? undefined : new Agent({ keepAlive: true, maxSockets: atATime });
  const counts = new Map<string, number>();
  let left = requests;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const { body } = await ask({ target, host, agent });
      counts.set(body, (counts.get(body) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  agent?.destroy();
  return counts;
}

interface Question {
  readonly target: string;
  readonly host: string;
  readonly agent?: Agent | undefined;
  readonly cookie?: string | undefined;
}

interface Answer {
  readonly body: string;
  /** As it is sent back. */
  readonly cookie: string | undefined;
}

/** Which version answers. */
export function ask({ target, host, agent, cookie }: Question): Promise<Answer> {
  const { hostname, port } = new URL(target);
  const headers = cookie === undefined ? { host } : { host, cookie };
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: '/version', headers, agent: agent ?? false }, (response) => {
      const given = response.headers['set-cookie']?.[0]?.split(';')[0];
      text(response).then((body) => {
        if (response.statusCode === 200) resolve({ body, cookie: given ?? cookie });
        else reject(new Error(`status ${response.statusCode}: ${body}`));
      }, reject);
    })
      .once('error', reject)
      .end();
  });
}
