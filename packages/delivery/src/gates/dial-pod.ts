import type { IncomingMessage } from 'node:http';
import type { Pod } from '@slipway/kube/api.generated';
import { request } from '@slipway/kube/platform/http';
import type { HealthCheck } from '../api/application.ts';
import { defaultPath } from './health.ts';

export interface PodAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface PodQuestion {
  readonly pod: Pod;
  readonly check: HealthCheck | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Asks a pod at its own address, on a connection of its own: for a controller that stands in the network of the pods. */
export async function dialPod({ pod, check = {}, headers, signal }: PodQuestion): Promise<PodAnswer> {
  const host = pod.status?.podIP ?? '';
  const port = portOf(pod, check);
  if (host === '') throw new Error('the pod has no address yet');
  if (typeof port !== 'number')
    throw new Error(`the pod names no port "${port ?? ''}": give healthCheck.port one that a container has`);
  const { path = defaultPath } = check;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request({ host, port, path: path.startsWith('/') ? path : `/${path}`, headers, agent: false, signal }, resolve)
    .on('error', reject)
    .end();
  const incoming = await promise;
  return { status: incoming.statusCode ?? 0, body: incoming };
}

/** The number of the port that a check means: by default the first one of the pod. A name that no container has stays one. */
export function portOf({ spec }: Pod, { port }: HealthCheck): number | string | undefined {
  if (typeof port === 'number') return port;
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const found = port === undefined ? ports[0] : ports.find(({ name }) => name === port);
  return found?.containerPort ?? port;
}
