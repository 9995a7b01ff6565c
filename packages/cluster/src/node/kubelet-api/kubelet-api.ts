/**
 * What the API server asks of a node: `GET /containerLogs/{namespace}/{pod}/{container}`, any method on
 * `/podProxy/{namespace}/{pod}/{port}/{path}`, `GET /healthz`, `GET /stats/summary`; and, as connections of streams,
 * `/exec/{namespace}/{pod}/{container}`, `/attach/{namespace}/{pod}/{container}` and `/portForward/{namespace}/{pod}`.
 */
import { isFlagSet } from '@slipway/kube/query-flag';
import type { Clock } from '@slipway/kube/clock';
import type { RawResponse } from '@slipway/kube/client';
import type { ObjectKey } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { containerSpecs, sandboxOf, type PodRecord } from '../agent/pod-record.ts';
import type { PodLogs } from '../logs/pod-logs.ts';
import type { Runtime } from '../runtime.ts';
import type { Upgrade } from '../streams/protocol-upgrade.ts';
import { errorAnswer, jsonAnswer, textAnswer } from './answers.ts';
import type { KubeletRequest } from './kubelet-request.ts';
import { parseLogOptions, selectInstance } from './log-request.ts';
import { forwardToPod } from './pod-proxy.ts';
import { summarise } from './stats-summary.ts';
import { UsageMeter } from './usage-meter.ts';

export interface KubeletApiOptions {
  readonly pods: { find(key: ObjectKey): PodRecord | undefined; records(): readonly PodRecord[] };
  readonly logs: PodLogs;
  readonly runtime: Runtime;
  readonly nodeName: string;
  readonly clock: Clock;
}

export class KubeletApi {
  readonly #options: KubeletApiOptions;
  readonly #meter: UsageMeter | undefined;

  constructor(options: KubeletApiOptions) {
    this.#options = options;
    const { runtime, clock } = options;
    const read = runtime.usage?.bind(runtime);
    if (read !== undefined) this.#meter = new UsageMeter({ read, clock });
  }

  /** Never rejects: a fault is an answer with a `Status`. */
  async handle(request: KubeletRequest): Promise<RawResponse> {
    try {
      return await this.#route(request);
    } catch (error) {
      return errorAnswer(error);
    }
  }

  /** Rejects for what is refused before the connection has become one of streams; resolves when it has ended. */
  async upgrade(upgrade: Upgrade): Promise<void> {
    const [path = '', query = ''] = split(upgrade.request.url ?? '/', '?');
    const [area, namespace, name, container = ''] = path.split('/').slice(1).map(decode);
    const record = this.#find(namespace, name);
    const { runtime, clock } = this.#options;
    const { serveStreams } = await import('../streams/serve-streams.ts');
    await serveStreams(upgrade, { area, record, container, query: new URLSearchParams(query), runtime, clock });
  }

  #route(request: KubeletRequest): RawResponse | Promise<RawResponse> {
    const [path = '', query = ''] = split(request.path, '?');
    const [area, ...rest] = path.split('/').slice(1);
    switch (area) {
      case 'healthz':
        return textAnswer(200, 'ok');
      case 'stats':
        return this.#summarise();
      case 'containerLogs':
        return this.#readLog(request, rest.map(decode), new URLSearchParams(query));
      case 'podProxy':
        return this.#proxy(request, rest, query);
      default:
        throw new StatusError(
          'NotFound',
          `${path} is not served by the node${isForStreams(area) ? ' without an upgrade of the connection' : ''}; expected containerLogs, podProxy, healthz or stats/summary`,
        );
    }
  }

  #readLog(
    request: KubeletRequest,
    [namespace, name, container = '']: readonly string[],
    query: URLSearchParams,
  ): RawResponse {
    if (request.method !== 'GET')
      throw new StatusError('MethodNotAllowed', `${request.method} is not allowed on logs; use GET`);
    const record = this.#find(namespace, name);
    const options = parseLogOptions(query, {
      pod: record.pod.metadata.name ?? '',
      signal: request.signal,
      now: this.#options.clock.now(),
    });
    const instance = selectInstance(record, container, { previous: isFlagSet(query, 'previous') });
    return {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: this.#options.logs.read(instance, options),
    };
  }

  #proxy(request: KubeletRequest, parts: readonly string[], query: string): Promise<RawResponse> {
    const [namespace, name, portText = ''] = parts.slice(0, 3).map(decode);
    const record = this.#find(namespace, name);
    const port = resolvePodPort(record, portText);
    // The rest is passed on as it came: decoding and encoding it again might change it.
    const path = `/${parts.slice(3).join('/')}${query === '' ? '' : `?${query}`}`;
    const { runtime } = this.#options;
    if (runtime.podProxy !== undefined)
      return runtime.podProxy({ pod: record.pod, port, method: request.method, path });
    const host = sandboxOf(record)?.podIP ?? '';
    if (host === '')
      throw new StatusError('ServiceUnavailable', `pod ${name ?? ''} has no address yet; wait until it runs`);
    return forwardToPod(request, { host, port, path });
  }

  #find(namespace: string | undefined, name: string | undefined): PodRecord {
    const record = this.#options.pods.find({ namespace, name: name ?? '' });
    if (record !== undefined) return record;
    throw new StatusError('NotFound', `pod ${namespace ?? ''}/${name ?? ''} is not on node ${this.#options.nodeName}`);
  }

  async #summarise(): Promise<RawResponse> {
    const { nodeName, pods } = this.#options;
    const measurement = await this.#meter?.measure();
    return jsonAnswer(200, summarise({ nodeName, records: pods.records(), measurement }));
  }
}

function isForStreams(area: string | undefined): boolean {
  return area === 'exec' || area === 'attach' || area === 'portForward';
}

function split(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new StatusError('BadRequest', `"${part}" is not a valid part of a path: its percent-encoding is broken`, {
      cause: error,
    });
  }
}

/** A number, or the name of a port of any container. */
function resolvePodPort({ pod }: PodRecord, text: string): number {
  const ports = containerSpecs(pod).flatMap(({ spec }) => spec.ports ?? []);
  const port = ports.find(({ name }) => name === text)?.containerPort ?? Number(text);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new StatusError(
    'BadRequest',
    `"${text}" is no port of pod ${pod.metadata.name ?? ''}; expected a number or the name of one of its ports`,
  );
}
