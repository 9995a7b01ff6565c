import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatMicroTime, type Clock } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import type { HealthCheck } from '../api/application.ts';
import type { Release } from '../api/release.ts';
import type { HeardAnswer } from '../observation.ts';
import { attemptOf } from '../release-status.ts';
import { statusOf } from '../release-changes.ts';
import { dialPod } from './dial-pod.ts';
import { defaultPath, judgeAnswer, maximumAnswerBytes } from './health.ts';

const answerTimeoutMilliseconds = 5_000;

/** How pods are asked: through the API server, which reaches them even where we cannot, or at their own addresses. */
export type HealthReach = 'proxy' | 'direct';

export interface HealthQuestion {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly release: Release;
  readonly pods: readonly Pod[];
  readonly reach?: HealthReach | undefined;
  readonly onAnswer: (podUid: string, answer: HeardAnswer) => void;
}

/** Asks every pod. Never rejects: no answer is an answer too. */
export async function askHealth(question: HealthQuestion): Promise<void> {
  await Promise.all(
    question.pods.map(async (pod) => question.onAnswer(pod.metadata.uid ?? '', await ask(pod, question))),
  );
}

async function ask(pod: Pod, { client, clock, release, reach = 'proxy' }: HealthQuestion): Promise<HeardAnswer> {
  const { type } = release.spec.healthCheck ?? {};
  const { name = '', uid = '' } = pod.metadata;
  const answered = (found: Pick<HeardAnswer, 'outcome' | 'code' | 'answer'>): HeardAnswer => ({
    pod: name,
    uid,
    ...found,
    attempt: attemptOf(statusOf(release)),
    at: formatMicroTime(clock.now()),
  });
  const abort = new AbortController();
  const cancel = clock.schedule(answerTimeoutMilliseconds, () =>
    abort.abort(new Error(`no answer within ${answerTimeoutMilliseconds / 1_000} s`)),
  );
  try {
    const check = release.spec.healthCheck;
    const headers = { accept: type === 'probe' ? 'application/json' : '*/*' };
    const { signal } = abort;
    const { status, body } =
      reach === 'direct'
        ? await dialPod({ pod, check, headers, signal })
        : await client.request({ method: 'GET', path: proxyPath(pod, check), headers, signal });
    const answer = await readStart(body);
    // 503 with a Status is the API server saying that it could not reach the pod.
    const isUnreachable = reach === 'proxy' && status === 503 && answer.includes('"kind":"Status"');
    return isUnreachable
      ? answered({ outcome: 'error', answer })
      : answered({ outcome: judgeAnswer(type, status, answer), code: status, answer });
  } catch (error) {
    const cause = messageOf(error);
    return answered({ outcome: 'error', answer: cause.slice(0, maximumAnswerBytes) });
  } finally {
    cancel();
  }
}

/** Without a port the API server takes the first one of the pod; it knows ports by number only. */
function proxyPath({ metadata, spec }: Pod, check: HealthCheck = {}): string {
  const { path = defaultPath, port } = check;
  const { name = '', namespace = 'default' } = metadata;
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const number = typeof port === 'string' ? ports.find((each) => each.name === port)?.containerPort : port;
  const target = number === undefined ? (port === undefined ? name : `${name}:${port}`) : `${name}:${number}`;
  return `/api/v1/namespaces/${namespace}/pods/${target}/proxy${path.startsWith('/') ? path : `/${path}`}`;
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
