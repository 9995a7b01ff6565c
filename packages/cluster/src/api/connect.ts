/** Subresources that are more than a view of the object: logs, proxies, bindings, finalizers of namespaces. */
import type { Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { setCondition } from '@slipway/kube/conditions';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { isJsonObject } from '../schema/shape.ts';
import { conflict, unknownPath } from './api-errors.ts';
import { evict } from './eviction.ts';
import type { ResourceRequest } from './resource-requests.ts';
import type { WriteRequest } from './resource-verbs.ts';

type Connect = (request: TransportRequest, at: ResourceRequest) => Promise<TransportResponse>;

const handlers: Readonly<Record<string, Connect>> = { log: podLog, proxy, binding: bind, eviction: evict, finalize };

export async function connect(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { subresource } = at.path;
  const handler = at.definition.connect.includes(subresource) ? handlers[subresource] : undefined;
  if (handler === undefined) throw unknownPath();
  return handler(request, at);
}

function podOf(at: ResourceRequest, name: string): Pod {
  return at.resources.get({ definition: at.definition, namespace: at.path.namespace, name });
}

async function podLog(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  if (request.method !== 'GET') throw unknownPath();
  const pod = podOf(at, at.path.name);
  const container = chooseContainer(pod, request.query.get('container') ?? '');
  if ((pod.spec?.nodeName ?? '') === '')
    throw new StatusError('BadRequest', `pod ${at.path.name} does not have a host assigned`);
  const query = new URLSearchParams(request.query);
  query.delete('container');
  const path = `/containerLogs/${encodeURIComponent(at.path.namespace ?? '')}/${encodeURIComponent(at.path.name)}/${encodeURIComponent(container)}?${query.toString()}`;
  return forward(at, pod, { method: 'GET', path, signal: request.signal });
}

function chooseContainer(pod: Pod, asked: string): string {
  const name = pod.metadata.name ?? '';
  const all = [
    ...(pod.spec?.containers ?? []),
    ...(pod.spec?.initContainers ?? []),
    ...(pod.spec?.ephemeralContainers ?? []),
  ].map((each) => each.name);
  if (asked !== '') {
    if (all.includes(asked)) return asked;
    throw new StatusError('BadRequest', `container ${asked} is not valid for pod ${name}`);
  }
  const preferred = pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (preferred !== undefined && all.includes(preferred)) return preferred;
  const [first, second] = pod.spec?.containers ?? [];
  if (first === undefined || second !== undefined)
    throw new StatusError(
      'BadRequest',
      `a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`,
    );
  return first.name;
}

async function proxy(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { type } = at.definition;
  if (type.kind !== 'Pod')
    throw new StatusError(
      'ServiceUnavailable',
      `${type.plural}/proxy is not served by this cluster; use pods/proxy or the gateway`,
    );
  const [name = '', asked] = at.path.name.replace(/^https?:/, '').split(':');
  const pod = podOf(at, name);
  const port = portOf(pod, asked);
  const query = request.rawQuery ?? request.query.toString();
  const path = `/podProxy/${encodeURIComponent(at.path.namespace ?? '')}/${encodeURIComponent(name)}/${port}${at.path.rest === '' ? '/' : at.path.rest}${query === '' ? '' : `?${query}`}`;
  const body =
    request.body === undefined
      ? undefined
      : 'bytes' in request.body
        ? request.body.bytes
        : Buffer.from(JSON.stringify(request.body.json));
  return forward(at, pod, { method: request.method, path, headers: request.headers, body, signal: request.signal });
}

function portOf(pod: Pod, asked: string | undefined): number {
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  if (asked === undefined || asked === '') return ports[0]?.containerPort ?? 80;
  const port = /^\d+$/.test(asked) ? Number(asked) : ports.find((each) => each.name === asked)?.containerPort;
  if (port === undefined || port < 1 || port > 65_535)
    throw new StatusError('BadRequest', `pod ${pod.metadata.name ?? ''} has no port named "${asked}"`);
  return port;
}

async function forward(
  at: ResourceRequest,
  pod: Pod,
  request: Parameters<ResourceRequest['nodes']['request']>[1],
): Promise<TransportResponse> {
  const node = pod.spec?.nodeName ?? '';
  if (node === '')
    throw new StatusError('ServiceUnavailable', `pod ${pod.metadata.name ?? ''} has not been scheduled to a node`);
  const { status, headers, body } = await at.nodes.request(node, request);
  return { status, headers, body: { kind: 'bytes', chunks: body } };
}

async function bind(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  if (request.method !== 'POST') throw unknownPath();
  const body =
    request.body !== undefined && 'json' in request.body && isJsonObject(request.body.json) ? request.body.json : {};
  const node = isJsonObject(body['target']) ? body['target']['name'] : undefined;
  if (typeof node !== 'string' || node === '')
    throw new StatusError('BadRequest', 'a Binding must name a node in target.name');
  const now = at.clock.now();
  await at.verbs.change(systemWrite(at, 'binding', 'kube-scheduler'), (current) => bound(current, { node, now, at }));
  return created();
}

function bound(
  current: KubeObject,
  { node, now, at }: { readonly node: string; readonly now: number; readonly at: ResourceRequest },
): KubeObject {
  const pod = current as Pod;
  const assigned = pod.spec?.nodeName ?? '';
  if (assigned !== '')
    throw conflict(at.definition.type, at.path.name, `pod ${at.path.name} is already assigned to node "${assigned}"`);
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(
      at.definition.type,
      at.path.name,
      `pod ${at.path.name} is being deleted, cannot be assigned to a host`,
    );
  const conditions = setCondition(
    pod.status?.conditions ?? [],
    { type: 'PodScheduled', status: 'True', lastTransitionTime: formatTime(now) },
    now,
  );
  const next: Pod = {
    ...pod,
    spec: { ...pod.spec, containers: pod.spec?.containers ?? [], nodeName: node },
    status: { ...pod.status, conditions },
  };
  return next;
}

/** The finalizers of a namespace's spec, which only the namespace's controller takes away. */
async function finalize(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  if (request.method !== 'PUT') throw unknownPath();
  const body =
    request.body !== undefined && 'json' in request.body && isJsonObject(request.body.json) ? request.body.json : {};
  const spec = isJsonObject(body['spec']) ? body['spec'] : {};
  const object = await at.verbs.change(systemWrite(at, 'finalize', 'namespace-controller'), (current) => {
    const before = current as KubeObject & { readonly spec?: object };
    return {
      ...current,
      spec: { ...before.spec, finalizers: Array.isArray(spec['finalizers']) ? spec['finalizers'] : [] },
    };
  });
  return { status: 200, headers: {}, body: { kind: 'json', value: object } };
}

function systemWrite(at: ResourceRequest, subresource: string, fieldManager: string): WriteRequest {
  const { definition, path } = at;
  return {
    definition,
    namespace: path.namespace,
    name: path.name,
    subresource,
    dryRun: false,
    fieldManager,
    fieldValidation: 'Ignore',
    warn: () => {},
  };
}

function created(): TransportResponse {
  return {
    status: 201,
    headers: {},
    body: { kind: 'json', value: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } },
  };
}
