/** Why the Job of a hook has failed, as people look for it: the pod, its container, the exit code and the last line it said. */
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { messageOf } from '@slipway/kube/message-of';
import { pods } from '@slipway/kube/resources';

const maximumLineBytes = 512;

export interface JobQuestion {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Name of the Job. */
  readonly name: string;
}

/** Never rejects: that nothing could be found out is an answer too. */
export async function explainJob(question: JobQuestion): Promise<string> {
  try {
    const { client, namespace, name } = question;
    const { items } = await client.list(pods, { namespace, labelSelector: `job-name=${name}`, limit: 100 });
    const pod = lastOf(items);
    return pod === undefined ? 'none of its pods is left' : await explainPod(question, pod);
  } catch (error) {
    return `its pods could not be asked: ${messageOf(error)}`;
  }
}

/** One that failed says more than one that was stopped. */
function lastOf(found: readonly Pod[]): Pod | undefined {
  const sorted = found.toSorted((a, b) => startOf(a).localeCompare(startOf(b)));
  return sorted.findLast((pod) => failedContainer(pod) !== undefined) ?? sorted.at(-1);
}

function startOf({ metadata }: Pod): string {
  return metadata.creationTimestamp ?? '';
}

async function explainPod(question: JobQuestion, pod: Pod): Promise<string> {
  const { name = '' } = pod.metadata;
  const container = failedContainer(pod);
  if (container === undefined) return describeWaiting(pod);
  const { exitCode, reason, signal } = terminationOf(container) ?? { exitCode: 0 };
  const how = reason === undefined || reason === 'Error' ? '' : ` (${reason})`;
  const killed = signal === undefined ? '' : `, signal ${signal}`;
  const line = await readLastLine(question, name, container.name);
  const said = line === '' ? 'it said nothing' : `it said last: ${line}`;
  return `container ${container.name} of pod ${name} ended with exit code ${exitCode}${killed}${how}; ${said}`;
}

function failedContainer({ status }: Pod): ContainerStatus | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.find((container) => (terminationOf(container)?.exitCode ?? 0) !== 0);
}

function terminationOf({ state, lastState }: ContainerStatus): NonNullable<ContainerStatus['state']>['terminated'] {
  return state?.terminated ?? lastState?.terminated;
}

function describeWaiting({ metadata, status }: Pod): string {
  const waiting = status?.containerStatuses?.find(({ state }) => state?.waiting?.reason !== undefined);
  const { reason = '', message = '' } = waiting?.state?.waiting ?? {};
  return waiting === undefined
    ? `pod ${metadata.name ?? ''} is ${status?.phase ?? 'Pending'}`
    : `container ${waiting.name} of pod ${metadata.name ?? ''} waits: ${[reason, message].filter((text) => text !== '').join(', ')}`;
}

/** A container that has been restarted says in its earlier log why. */
async function readLastLine({ client, namespace }: JobQuestion, pod: string, container: string): Promise<string> {
  const query = new URLSearchParams({ container, tailLines: '1', limitBytes: String(maximumLineBytes) });
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`;
  const { status, body } = await client.request({ method: 'GET', path });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maximumLineBytes) break;
  }
  const text = Buffer.concat(chunks).toString('utf8', 0, Math.min(size, maximumLineBytes));
  return status === 200 ? printable(text) : `(its log cannot be read: ${status})`;
}

function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
