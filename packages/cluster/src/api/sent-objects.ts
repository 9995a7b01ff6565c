/**
 * What subresources are sent that are no view of their object: Evictions, Bindings, TokenRequests, and what is asked of
 * connections. Others are told of it before anything comes of it, and may change it.
 */
import { apiVersionOf } from '@slipway/kube/object';
import { isFlagSet } from '@slipway/kube/query-flag';
import { StatusError } from '@slipway/kube/status-error';
import type { TransportRequest } from '@slipway/kube/transport';
import type { GroupVersionKind } from '../schema/definition.ts';
import { connectKind } from '../schema/discovery.ts';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import { isDryRun } from './dry-run.ts';
import type { ExternalWrite, SentObject } from './external-admission.ts';
import { externalWrite, maximumAskedMilliseconds } from './external-writes.ts';
import type { ResourceRequest } from './resource-request.ts';
import { readWriteOptions } from './write-options.ts';

export interface Sent {
  readonly request: TransportRequest;
  readonly at: ResourceRequest;
  readonly warnings: readonly string[];
}

const created: ReadonlySet<string> = new Set(['binding', 'eviction', 'token']);

type FieldForm = 'flag' | 'text' | 'list' | 'numbers';

const streamFields: Readonly<Record<string, FieldForm>> = {
  stdin: 'flag',
  stdout: 'flag',
  stderr: 'flag',
  tty: 'flag',
  container: 'text',
};

/** What connections are asked for, and what form it has in their queries. */
const connectionFields: Readonly<Record<string, Readonly<Record<string, FieldForm>>>> = {
  exec: { ...streamFields, command: 'list' },
  attach: streamFields,
  portforward: { ports: 'numbers' },
  proxy: { path: 'text' },
};

/** The request as others make of it. Rejects with why it may not be. */
export async function askAboutSent(request: TransportRequest, at: ResourceRequest): Promise<Sent> {
  const { subresource } = at.path;
  const fields = connectionFields[subresource];
  if (fields !== undefined) requireNoDryRun(request);
  const warnings: string[] = [];
  if (!at.external.isAsked(at.definition)) return { request, at, warnings };
  const warn = (message: string): void => void warnings.push(message);
  if (fields !== undefined) return { ...(await askAboutConnection({ request, at, fields }, warn)), warnings };
  return created.has(subresource) && request.method === 'POST'
    ? { request: await askAboutCreated(request, at, warn), at, warnings }
    : { request, at, warnings };
}

function requireNoDryRun({ query }: TransportRequest): void {
  if (query.getAll('dryRun').length > 0) throw new StatusError('BadRequest', 'dryRun is not supported');
}

type Warn = ExternalWrite['warn'];

async function askAboutCreated(request: TransportRequest, at: ResourceRequest, warn: Warn): Promise<TransportRequest> {
  const { body } = request;
  // Whoever it is for says what is wrong with it.
  if (body === undefined || !('json' in body) || !isJsonObject(body.json)) return request;
  const { definition, path, identity } = at;
  const sent = connectKind(definition.type, path.subresource);
  requireKind(body.json, sent);
  const asked = {
    ...readWriteOptions(request),
    identity,
    definition,
    namespace: path.namespace,
    name: path.name,
    subresource: path.subresource,
    dryRun: isDryRun(request),
    warn,
    sender: request,
  };
  const write = { ...externalWrite(asked, { operation: 'CREATE', old: undefined, deadline: deadlineOf(at) }), sent };
  return { ...request, body: { json: await at.external.ask(named(body.json, at, sent), write) } };
}

function requireKind({ kind }: JsonObject, sent: GroupVersionKind): void {
  if (kind === undefined || kind === sent.kind) return;
  throw new StatusError(
    'BadRequest',
    `${String(kind)} in version ${JSON.stringify(sent.version)} cannot be handled as a ${sent.kind}`,
  );
}

function named(body: JsonObject, { path }: ResourceRequest, { kind, ...version }: GroupVersionKind): SentObject {
  const given = isJsonObject(body['metadata']) ? body['metadata'] : {};
  const name = typeof given['name'] === 'string' && given['name'] !== '' ? given['name'] : path.name;
  return { ...body, apiVersion: apiVersionOf(version), kind, metadata: { ...given, name, namespace: path.namespace } };
}

function deadlineOf({ clock }: ResourceRequest): number {
  return clock.now() + maximumAskedMilliseconds;
}

interface Connection {
  readonly request: TransportRequest;
  readonly at: ResourceRequest;
  readonly fields: Readonly<Record<string, FieldForm>>;
}

async function askAboutConnection(connection: Connection, warn: Warn): Promise<Omit<Sent, 'warnings'>> {
  const { request, at } = connection;
  const { definition, path, identity } = at;
  const { name, namespace, subresource } = path;
  const sent = connectKind(definition.type, subresource);
  const asked = askedOf(connection, sent);
  const changed = await at.external.ask(asked, {
    operation: 'CONNECT',
    identity,
    definition,
    namespace,
    name,
    subresource,
    sent,
    old: undefined,
    dryRun: false,
    options: null,
    warn,
    deadline: deadlineOf(at),
    signal: request.signal,
  });
  return changed === asked ? { request, at } : changedConnection(connection, changed);
}

function askedOf({ request, at, fields }: Connection, { kind, ...version }: GroupVersionKind): SentObject {
  const query = subpathQuery(at) ?? request.query;
  const values = Object.entries(fields).map(([field, form]) => [field, readField(query, field, form)]);
  return { kind, apiVersion: apiVersionOf(version), ...Object.fromEntries(values) };
}

/** Of a proxy it is the path that is asked for, with its slashes; what else its query says is for whoever answers. */
function subpathQuery({ path }: ResourceRequest): URLSearchParams | undefined {
  if (path.subresource !== 'proxy') return undefined;
  return new URLSearchParams(path.rest === '' ? {} : { path: decodedPath(path.rest) });
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // What is no encoding stands for itself.
    return path;
  }
}

/** Undefined for what is not said, which JSON leaves out. */
function readField(query: URLSearchParams, field: string, form: FieldForm): unknown {
  switch (form) {
    case 'flag':
      return isFlagSet(query, field) ? true : undefined;
    case 'text':
      return query.get(field) ?? undefined;
    case 'list':
      return query.has(field) ? query.getAll(field) : undefined;
    case 'numbers':
      return query.has(field) ? query.getAll(field).flatMap((each) => each.split(',').map(Number)) : undefined;
  }
}

function changedConnection({ request, at, fields }: Connection, changed: object): Omit<Sent, 'warnings'> {
  const values: JsonObject = { ...changed };
  if (at.path.subresource === 'proxy') {
    const rest = changedRest(at.path.rest, String(values['path'] ?? ''));
    return { request, at: { ...at, path: { ...at.path, rest } } };
  }
  const query = new URLSearchParams(request.query);
  for (const field of Object.keys(fields)) {
    query.delete(field);
    const value = values[field];
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined && each !== false) query.append(field, String(each));
  }
  return { request: { ...request, query }, at };
}

/** A path that nobody has changed stays encoded as it came. */
function changedRest(rest: string, path: string): string {
  if (path === decodedPath(rest)) return rest;
  const absolute = path === '' || path.startsWith('/') ? path : `/${path}`;
  return encodeURI(absolute.toWellFormed()).replace(/[?#]/g, encodeURIComponent);
}
