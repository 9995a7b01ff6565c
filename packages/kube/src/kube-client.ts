import type {
  CallOptions,
  DeleteOptions,
  KubeClient,
  Patch,
  RawRequest,
  RawResponse,
  Reading,
  Selection,
  WatchEvent,
  WriteOptions,
} from './client.ts';
import {
  apiVersionOf,
  resourcePath,
  type KubeList,
  type KubeObject,
  type ObjectKey,
  type ResourceType,
} from './object.ts';
import { StatusError, statusErrorFrom } from './status-error.ts';
import type { Transport, TransportBody, TransportRequest, TransportResponse } from './transport.ts';

const patchContentTypes: Readonly<Record<Patch['type'], string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** An error answer longer than this is cut: it is for people. */
const maximumErrorBytes = 64 * 1024;

/** The verbs of the Kubernetes API over any transport. */
export function createClient(transport: Transport): KubeClient {
  return new TransportClient(transport);
}

type Parameters = Readonly<Record<string, string | number | boolean | undefined>>;

interface Call extends CallOptions {
  readonly accept?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly query?: Parameters | undefined;
  readonly contentType?: string | undefined;
  readonly json?: unknown;
  readonly ignores?: TransportRequest['ignores'];
}

class TransportClient implements KubeClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async get<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    options: CallOptions & { readonly subresource?: string | undefined } = {},
  ): Promise<T> {
    const path = objectPath(type, { ...key, subresource: options.subresource });
    return this.#object<T>({ method: 'GET', path, signal: options.signal });
  }

  async list<T extends KubeObject>(
    type: ResourceType<T>,
    options: ListOptions & CallOptions = {},
  ): Promise<KubeList<T>> {
    const query = {
      ...selectionQuery(options),
      limit: options.limit,
      continue: options.continue,
      resourceVersion: options.resourceVersion,
    };
    return this.#object<KubeList<T>>({
      method: 'GET',
      path: resourcePath(type, { namespace: options.namespace }),
      query,
      accept: options.metadataOnly === true ? metadataForm('PartialObjectMetadataList') : undefined,
      signal: options.signal,
    });
  }

  async *watch<T extends KubeObject>(
    type: ResourceType<T>,
    options: Reading & {
      readonly resourceVersion?: string | undefined;
      readonly allowWatchBookmarks?: boolean | undefined;
      readonly timeoutSeconds?: number | undefined;
      readonly signal: AbortSignal;
      readonly ignores?: ((event: WatchEvent<T>) => boolean) | undefined;
    },
  ): AsyncIterable<WatchEvent<T>> {
    const { signal, ignores } = options;
    const query = {
      ...selectionQuery(options),
      watch: true,
      resourceVersion: options.resourceVersion,
      allowWatchBookmarks: options.allowWatchBookmarks,
      timeoutSeconds: options.timeoutSeconds,
    };
    const path = resourcePath(type, { namespace: options.namespace });
    const accept = options.metadataOnly === true ? metadataForm('PartialObjectMetadata') : undefined;
    try {
      const { body } = await this.#send({
        method: 'GET',
        path,
        query,
        accept,
        signal,
        ignores: ignores === undefined ? undefined : (event) => ignores(parseWatchEvent<T>(event)),
      });
      if (body.kind !== 'watch')
        throw new StatusError('Unknown', `the API server answered a watch of ${type.plural} without a stream`);
      for await (const event of body.events) {
        if (signal.aborted) return;
        yield parseWatchEvent<T>(event);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async create<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    // A subresource such as pods/binding is created under the name of its object.
    const { subresource } = options;
    const path =
      subresource === undefined
        ? resourcePath(type, { namespace: requireNamespace(type, namespace) })
        : objectPath(type, { namespace, name, subresource });
    return this.#object<T>({
      method: 'POST',
      path,
      ...writeCall(options),
      json: typed(type, object),
    });
  }

  async update<T extends KubeObject>(type: ResourceType<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    const path = objectPath(type, { namespace, name, subresource: options.subresource });
    return this.#object<T>({
      method: 'PUT',
      path,
      ...writeCall(options),
      json: options.subresource === 'scale' ? object : typed(type, object),
    });
  }

  async patch<T extends KubeObject>(
    type: ResourceType<T>,
    key: ObjectKey,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const call = writeCall(options);
    const { subresource } = options;
    // What is applied must say what it is, and is an object of the kind, except of one that stands for its replicas.
    const isTyped = patch.type === 'apply' && subresource !== 'scale';
    return this.#object<T>({
      method: 'PATCH',
      path: objectPath(type, { ...key, subresource }),
      ...call,
      query: patch.type === 'apply' ? { ...call.query, force: patch.force } : call.query,
      contentType: patchContentTypes[patch.type],
      json: isTyped ? { apiVersion: apiVersionOf(type), kind: type.kind, ...patch.body } : patch.body,
    });
  }

  async delete(type: ResourceType, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    await this.#object({ method: 'DELETE', path: objectPath(type, key), ...deleteCall(options) });
  }

  async deleteCollection(type: ResourceType, selection: Selection, options: DeleteOptions = {}): Promise<void> {
    const call = deleteCall(options);
    await this.#object({
      method: 'DELETE',
      path: resourcePath(type, { namespace: selection.namespace }),
      ...call,
      query: { ...call.query, ...selectionQuery(selection) },
    });
  }

  async request(request: RawRequest): Promise<RawResponse> {
    const [path = '', query = ''] = request.path.split(/\?(.*)/s, 2);
    const response = await this.#transport.send({
      method: request.method,
      path,
      query: new URLSearchParams(query),
      rawQuery: query,
      headers: lowerCaseNames(request.headers ?? {}),
      body:
        request.body === undefined
          ? undefined
          : { bytes: typeof request.body === 'string' ? Buffer.from(request.body) : request.body },
      signal: request.signal,
    });
    return { status: response.status, headers: response.headers, body: bytesOf(response.body) };
  }

  async #object<T>(call: Call): Promise<T> {
    const { body } = await this.#send(call);
    if (body.kind !== 'json')
      throw new StatusError(
        'Unknown',
        `the API server answered ${call.method} ${call.path} with something other than JSON`,
      );
    return body.value as T;
  }

  async #send(call: Call): Promise<TransportResponse> {
    const response = await this.#transport.send(transportRequest(call));
    if (response.status < 400) return response;
    throw statusErrorFrom(response.status, await errorBody(response.body));
  }
}

interface ObjectPlace {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** The path of one object. Refuses what would address something else: with an empty name a delete takes the collection. */
function objectPath(type: ResourceType, { namespace, name = '', subresource }: ObjectPlace): string {
  if (name === '' || name === '.' || name === '..')
    throw new StatusError(
      'BadRequest',
      `resource name may not be ${name === '' ? 'empty' : `"${name}"`} (${type.plural})`,
    );
  return resourcePath(type, { namespace: requireNamespace(type, namespace), name, subresource });
}

function requireNamespace(type: ResourceType, namespace: string | undefined): string | undefined {
  if (!type.namespaced || (namespace !== undefined && namespace !== '')) return namespace;
  throw new StatusError('BadRequest', `an object of ${type.plural} needs a namespace: set metadata.namespace`);
}

type ListOptions = Reading & {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
};

/** Without another form to fall back on: a server that cannot give it must say so, and not send everything. */
function metadataForm(kind: string): string {
  return `application/json;as=${kind};g=meta.k8s.io;v=v1`;
}

function transportRequest(call: Call): TransportRequest {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const hasBody = call.json !== undefined;
  return {
    method: call.method,
    path: call.path,
    query,
    headers: {
      accept: call.accept ?? 'application/json',
      ...(hasBody ? { 'content-type': call.contentType ?? 'application/json' } : {}),
    },
    body: hasBody ? { json: withoutUndefined(call.json) } : undefined,
    signal: call.signal,
    ignores: call.ignores,
  };
}

/**
 * What JSON drops in writing must not arrive by the way within the process either: an absent field and one that is
 * undefined are the same to every caller. The same value when there is nothing to drop.
 */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? cleanItems(value) : cleanFields(value);
}

function cleanItems(items: readonly unknown[]): readonly unknown[] {
  const cleaned = items.map(withoutUndefined);
  return cleaned.every((item, index) => item === items[index]) ? items : cleaned;
}

function cleanFields(value: object): object {
  let copy: Record<string, unknown> | undefined;
  for (const [name, child] of Object.entries(value)) {
    const cleaned = withoutUndefined(child);
    if (cleaned === child && child !== undefined) continue;
    copy ??= { ...value };
    if (cleaned === undefined) delete copy[name];
    else copy[name] = cleaned;
  }
  return copy ?? value;
}

function selectionQuery(selection: Selection): Parameters {
  return { labelSelector: selection.labelSelector, fieldSelector: selection.fieldSelector };
}

function writeCall(options: WriteOptions): Pick<Call, 'query' | 'signal'> {
  const query = {
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  };
  return { query, signal: options.signal };
}

function deleteCall(options: DeleteOptions): Pick<Call, 'query' | 'signal' | 'json'> {
  const { propagationPolicy, gracePeriodSeconds, preconditions } = options;
  return {
    query: { dryRun: options.dryRun === true ? 'All' : undefined },
    signal: options.signal,
    json: { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy, gracePeriodSeconds, preconditions },
  };
}

/** Objects that a program builds need not repeat what the resource says already. */
function typed<T extends KubeObject>(type: ResourceType<T>, object: T): T {
  return object.apiVersion === undefined || object.kind === undefined
    ? { ...object, apiVersion: object.apiVersion ?? apiVersionOf(type), kind: object.kind ?? type.kind }
    : object;
}

function parseWatchEvent<T extends KubeObject>(event: unknown): WatchEvent<T> {
  const { type, object } = event as { readonly type: string; readonly object: unknown };
  if (type === 'ERROR') {
    const code = (object as { readonly code?: number }).code ?? 500;
    throw statusErrorFrom(code, object);
  }
  return event as WatchEvent<T>;
}

async function errorBody(body: TransportBody): Promise<unknown> {
  if (body.kind === 'json') return body.value;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytesOf(body)) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maximumErrorBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, maximumErrorBytes);
}

async function* bytesOf(body: TransportBody): AsyncIterable<Uint8Array> {
  switch (body.kind) {
    case 'json':
      yield Buffer.from(JSON.stringify(body.value));
      return;
    case 'watch':
      for await (const event of body.events) yield Buffer.from(`${JSON.stringify(event)}\n`);
      return;
    case 'bytes':
      yield* body.chunks;
  }
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
