/** Subresources that are more than a view of the object: logs, proxies, bindings, tokens, finalizers of namespaces. */
import type { Pod } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { setCondition } from '@slipway/kube/conditions';
import { endToEndHeaders } from '@slipway/kube/hop-by-hop';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import { conflict, staleObject, unknownPath } from './api-errors.ts';
import { chooseContainer } from './choose-container.ts';
import { isDryRun } from './dry-run.ts';
import { evict } from './eviction.ts';
import { hasStreams, upgradeRequired } from './pod-streams.ts';
import type { ResourceRequest } from './resource-request.ts';
import { askAboutSent } from './sent-objects.ts';
import { warningHeaders } from './warning-header.ts';
import type { WriteRequest } from './write-request.ts';
import type { Preconditions } from './write-preconditions.ts';
import { chooseBackend, type ServiceBackend } from './service-proxy.ts';
import { requestToken } from './tokens/token-request.ts';

type Connect = (request: TransportRequest, at: ResourceRequest) => Promise<TransportResponse>;

const handlers: Readonly<Record<string, Connect>> = {
  log: podLog,
  proxy,
  binding: bind,
  eviction: evict,
  finalize,
  token: requestToken,
};

export async function connect(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { subresource } = at.path;
  const handler = at.definition.connect.includes(subresource) ? handlers[subresource] : undefined;
  if (handler === undefined) throw hasStreams(at.path) ? upgradeRequired() : unknownPath();
  const sent = await askAboutSent(request, at);
  const answered = await handler(sent.request, sent.at);
  return { ...answered, headers: { ...answered.headers, ...warningHeaders(sent.warnings) } };
}

function podOf(at: ResourceRequest, name: string): Pod {
  return at.resources.get({ definition: at.definition, namespace: at.path.namespace, name });
}

async function podLog(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const pod = podOf(at, at.path.name);
  const container = chooseContainer(pod, request.query.get('container') ?? '');
  if ((pod.spec?.nodeName ?? '') === '')
    throw new StatusError('BadRequest', `pod ${at.path.name} does not have a host assigned`);
  const query = new URLSearchParams(request.query);
  query.delete('container');
  const path = `/containerLogs/${encodeURIComponent(at.path.namespace ?? '')}/${encodeURIComponent(at.path.name)}/${encodeURIComponent(container)}?${query.toString()}`;
  return forward(at, pod, { method: 'GET', path, signal: request.signal });
}

async function proxy(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { pod, port } = proxied(at);
  const query = request.rawQuery ?? request.query.toString();
  const path = `/podProxy/${encodeURIComponent(at.path.namespace ?? '')}/${encodeURIComponent(pod.metadata.name ?? '')}/${port}${at.path.rest === '' ? '/' : at.path.rest}${query === '' ? '' : `?${query}`}`;
  const body =
    request.body === undefined
      ? undefined
      : 'bytes' in request.body
        ? request.body.bytes
        : Buffer.from(JSON.stringify(request.body.json));
  const headers = passedOn(request.headers);
  return forward(at, pod, { method: request.method, path, headers, body, signal: request.signal });
}

/** `name`, `name:port` or `scheme:name:port`, of a pod or a Service. */
function proxied(at: ResourceRequest): ServiceBackend {
  const [name = '', port = ''] = at.path.name.replace(/^https?:/, '').split(':');
  if (at.definition.type.kind === 'Service') return chooseBackend(at, { name, port });
  const pod = podOf(at, name);
  return { pod, port: portOf(pod, port) };
}

/** The body is sent anew: its length is said by whoever sends it, or what is said of two bodies would be taken for one. */
function passedOn(headers: TransportRequest['headers']): TransportRequest['headers'] {
  const { 'content-length': _, expect: __, ...rest } = endToEndHeaders(headers);
  return rest;
}

function portOf(pod: Pod, asked: string): number {
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  if (asked === '') return ports[0]?.containerPort ?? 80;
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
  const body = bodyOf(request);
  const node = isJsonObject(body['target']) ? body['target']['name'] : undefined;
  if (typeof node !== 'string' || node === '')
    throw new StatusError('BadRequest', 'a Binding must name a node in target.name');
  const now = at.clock.now();
  // Kubernetes asks others of the Binding as it is created, and not again of the pod that it changes.
  const write = {
    ...systemWrite(at, { fieldManager: 'kube-scheduler', dryRun: isDryRun(request) }),
    asks: 'nobody',
  } as const;
  await at.verbs.change(write, (current) => {
    requirePreconditions(current, preconditionsOf(body), at);
    return bound(current, { node, now, at });
  });
  return created();
}

function bodyOf({ body }: TransportRequest): JsonObject {
  return body !== undefined && 'json' in body && isJsonObject(body.json) ? body.json : {};
}

/** Which object its sender had in mind. */
function preconditionsOf(body: JsonObject): Preconditions {
  const { uid, resourceVersion } = isJsonObject(body['metadata']) ? body['metadata'] : {};
  return { uid: givenText(uid), resourceVersion: givenText(resourceVersion) };
}

function givenText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Throws `Conflict` where another object has the name by now, or the same one has changed. */
function requirePreconditions(
  { metadata }: KubeObject,
  { uid = metadata.uid, resourceVersion = metadata.resourceVersion }: Preconditions,
  { definition, path }: ResourceRequest,
): void {
  if (uid !== metadata.uid)
    throw conflict(
      definition.type,
      path.name,
      `Precondition failed: UID in precondition: ${uid ?? ''}, UID in object meta: ${metadata.uid ?? ''}`,
    );
  if (resourceVersion !== metadata.resourceVersion) throw conflict(definition.type, path.name, staleObject);
}

function bound(
  current: KubeObject,
  { node, now, at }: { readonly node: string; readonly now: number; readonly at: ResourceRequest },
): KubeObject {
  const pod = current as Pod;
  const assigned = pod.spec?.nodeName ?? '';
  const { name } = at.path;
  const binding = { ...at.definition.type, plural: 'pods/binding' };
  if (assigned !== '') throw conflict(binding, name, `pod ${name} is already assigned to node "${assigned}"`);
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(binding, name, `pod ${name} is being deleted, cannot be assigned to a host`);
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
  const body = bodyOf(request);
  const spec = isJsonObject(body['spec']) ? body['spec'] : {};
  const write = systemWrite(at, { fieldManager: 'namespace-controller', dryRun: isDryRun(request) });
  const object = await at.verbs.change(write, (current) => {
    requirePreconditions(current, preconditionsOf(body), at);
    const before = current as KubeObject & { readonly spec?: object };
    return {
      ...current,
      spec: { ...before.spec, finalizers: Array.isArray(spec['finalizers']) ? spec['finalizers'] : [] },
    };
  });
  return { status: 200, headers: {}, body: { kind: 'json', value: object } };
}

function systemWrite(
  { definition, path, identity }: ResourceRequest,
  { fieldManager, dryRun }: Pick<WriteRequest, 'fieldManager' | 'dryRun'>,
): WriteRequest {
  return {
    identity,
    definition,
    namespace: path.namespace,
    name: path.name,
    subresource: path.subresource,
    dryRun,
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
