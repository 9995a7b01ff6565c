import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatMicroTime, type Clock } from '@slipway/kube/clock';
import type { HealthAnswer, Release } from '../api/release.ts';
import { judgeAnswer, maximumAnswerBytes } from './health.ts';

const answerTimeoutMilliseconds = 5_000;

export interface HealthQuestion {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly release: Release;
  readonly pods: readonly Pod[];
  readonly onAnswer: (podUid: string, answer: HealthAnswer) => void;
}

/** Asks every pod through the API server, which reaches pods even where we cannot. Never rejects: no answer is an answer too. */
export async function askHealth(question: HealthQuestion): Promise<void> {
  await Promise.all(
    question.pods.map(async (pod) => question.onAnswer(pod.metadata.uid ?? '', await ask(pod, question))),
  );
}

async function ask(pod: Pod, { client, clock, release }: HealthQuestion): Promise<HealthAnswer> {
  const { path = '/', port, type } = release.spec.healthCheck ?? {};
  const { name = '', namespace = 'default', uid = '' } = pod.metadata;
  const own = { pod: name, uid };
  const abort = new AbortController();
  const cancel = clock.schedule(answerTimeoutMilliseconds, () =>
    abort.abort(new Error(`no answer within ${answerTimeoutMilliseconds / 1_000} s`)),
  );
  try {
    const target = port === undefined ? name : `${name}:${port}`;
    const accept = type === 'probe' ? 'application/json' : '*/*';
    const { status, body } = await client.request({
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/pods/${target}/proxy${path.startsWith('/') ? path : `/${path}`}`,
      headers: { accept },
      signal: abort.signal,
    });
    const answer = await readStart(body);
    // 503 with a Status is the API server saying that it could not reach the pod.
    const isUnreachable = status === 503 && answer.includes('"kind":"Status"');
    return {
      ...own,
      outcome: isUnreachable ? 'error' : judgeAnswer(type, status, answer),
      ...(isUnreachable ? {} : { code: status }),
      answer,
      at: formatMicroTime(clock.now()),
    };
  } catch (error) {
    return {
      ...own,
      outcome: 'error',
      answer: (error instanceof Error ? error.message : String(error)).slice(0, maximumAnswerBytes),
      at: formatMicroTime(clock.now()),
    };
  } finally {
    cancel();
  }
}

async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maximumAnswerBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, Math.min(size, maximumAnswerBytes));
}
