import type { KubeObject } from '../src/object.ts';
import { applyMergePatch } from '../src/merge-patch.ts';
import { parseLabelSelector } from '../src/label-selector-syntax.ts';
import { matchesFields, matchesLabels, parseFieldSelector } from '../src/selector.ts';
import { StatusError } from '../src/status-error.ts';
import type { Transport, TransportRequest, TransportResponse } from '../src/transport.ts';
import { FakeWatch } from './fake-watch.ts';

interface Target {
  readonly collection: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

interface Change {
  readonly target: Target;
  readonly revision: number;
  readonly old: KubeObject | undefined;
  readonly current: KubeObject | undefined;
}

const resourcePattern =
  /^\/((?:api|apis\/[^/]+)\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/(?:status|scale))?$/;

/**
 * As much of an API server as a client needs, in memory, with the failures of real ones at a test's command. It knows no
 * schemas, and server-side apply is a merge without owners. The contract suite says what it has in common with a real one.
 */
export class FakeApi implements Transport {
  readonly #objects = new Map<string, { readonly target: Target; readonly object: KubeObject }>();
  readonly #changes: Change[] = [];
  /** As an API server does that is not in the same process. */
  tellsAll = false;
  readonly #watches = new Set<FakeWatch<Target>>();
  #compactedUpTo = 0;
  #uids = 0;
  revision = 1;
  /** Every request, in order. */
  readonly requests: TransportRequest[] = [];
  /** Answers in place of the API; undefined lets the API answer. May throw. */
  intercept: ((request: TransportRequest) => TransportResponse | Promise<TransportResponse> | undefined) | undefined;

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Forgets all changes so far: who watches from an older revision has to list again. */
  compact(): void {
    this.#compactedUpTo = this.revision;
    this.#changes.length = 0;
  }

  /** Counts from an earlier revision on, as a server does whose data were replaced by older ones. */
  goBackTo(revision: number): void {
    this.revision = revision;
    this.#changes.splice(0, this.#changes.length, ...this.#changes.filter((change) => change.revision <= revision));
  }

  /** Ends every watch as a server that shuts down does. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  /** Breaks every watch as a lost network does. */
  breakWatches(error: Error): void {
    for (const watch of this.#watches) watch.fail(error);
  }

  /** Watches stay open and nothing arrives any more: what a lost connection looks like without a reset. */
  silenceWatches(): void {
    for (const watch of this.#watches) watch.silence();
  }

  bookmark(): void {
    for (const watch of this.#watches)
      watch.push({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.revision) } } });
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.requests.push(request);
    const intercepted = await this.intercept?.(request);
    if (intercepted !== undefined) return intercepted;
    try {
      return this.#route(request);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { status: error.code, headers: {}, body: { kind: 'json', value: error.toStatus() } };
    }
  }

  #route(request: TransportRequest): TransportResponse {
    const target = parseTarget(request.path);
    if (request.query.get('watch') === 'true') return this.#watch(target, request);
    const value = this.#answer(target, request);
    return { status: request.method === 'POST' ? 201 : 200, headers: {}, body: { kind: 'json', value } };
  }

  #answer(target: Target, request: TransportRequest): unknown {
    switch (request.method) {
      case 'GET':
        return target.name === undefined ? this.#list(target, request) : this.#get(target);
      case 'POST':
        return this.#create(target, request);
      case 'PUT':
        return this.#change(target, request, () => jsonBody(request));
      case 'PATCH':
        return this.#patch(target, request);
      case 'DELETE':
        return target.name === undefined ? this.#deleteCollection(target, request) : this.#delete(target, request);
      default:
        throw new StatusError('MethodNotAllowed', `the server does not allow this method on the requested resource`);
    }
  }

  #list(target: Target, request: TransportRequest): unknown {
    const items = this.#selected(target, request).map(({ object }) => inForm(object, request));
    return { metadata: { resourceVersion: String(this.revision) }, items };
  }

  #selected(target: Target, request: TransportRequest) {
    const isSelected = selection(request);
    return [...this.#objects.values()].filter((each) => isWithin(each.target, target) && isSelected(each.object));
  }

  #get(target: Target): KubeObject {
    const found = this.#objects.get(pathOf(target));
    if (found !== undefined) return found.object;
    throw new StatusError('NotFound', `${target.kind} "${target.name}" not found`, { details: detailsOf(target) });
  }

  #create(collection: Target, request: TransportRequest): KubeObject {
    const object = jsonBody(request);
    const target = { ...collection, name: object.metadata.name };
    if (this.#objects.has(pathOf(target)))
      throw new StatusError('AlreadyExists', `${target.kind} "${target.name}" already exists`, {
        details: detailsOf(target),
      });
    this.#uids += 1;
    const uid = `00000000-0000-4000-8000-${String(this.#uids).padStart(12, '0')}`;
    return this.#store(target, { ...object, metadata: { ...object.metadata, uid } }, request);
  }

  #patch(target: Target, request: TransportRequest): KubeObject {
    const { body } = request;
    if (body === undefined || !('json' in body)) throw new StatusError('BadRequest', 'a patch has a body');
    const isApply = request.headers['content-type'] === 'application/apply-patch+yaml';
    if (isApply && request.query.get('fieldManager') === null)
      throw new StatusError('BadRequest', 'fieldManager is required for apply patch');
    if (isApply && !this.#objects.has(pathOf(target))) return this.#create({ ...target, name: undefined }, request);
    return this.#change(target, request, (old) => applyMergePatch(old, body.json) as KubeObject);
  }

  #change(target: Target, request: TransportRequest, change: (old: KubeObject) => KubeObject): KubeObject {
    const old = this.#get(target);
    const next = change(old);
    const seen = next.metadata.resourceVersion;
    if (seen !== undefined && seen !== old.metadata.resourceVersion) throw conflict(target);
    return this.#store(target, { ...next, metadata: { ...next.metadata, uid: old.metadata.uid } }, request);
  }

  #store(target: Target, object: KubeObject, request: TransportRequest): KubeObject {
    const resourceVersion = String(this.revision + 1);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion } };
    if (request.query.get('dryRun') === 'All') return stored;
    const path = pathOf(target);
    const old = this.#objects.get(path)?.object;
    this.#objects.set(path, { target, object: stored });
    this.#publish({ target, old, current: stored });
    return stored;
  }

  #deleteCollection(target: Target, request: TransportRequest): unknown {
    for (const each of this.#selected(target, request)) this.#delete(each.target, request);
    return { kind: 'Status', apiVersion: 'v1', status: 'Success' };
  }

  #delete(target: Target, request: TransportRequest): KubeObject {
    const object = this.#get(target);
    const { uid, resourceVersion } = preconditionsOf(request);
    if (uid !== undefined && uid !== object.metadata.uid) throw conflict(target);
    if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion) throw conflict(target);
    if (request.query.get('dryRun') === 'All') return object;
    this.#objects.delete(pathOf(target));
    this.#publish({ target, old: object, current: undefined });
    return object;
  }

  #publish(change: Omit<Change, 'revision'>): void {
    this.revision += 1;
    const published = { ...change, revision: this.revision };
    this.#changes.push(published);
    for (const watch of this.#watches) watch.accept(published);
  }

  #watch(target: Target, request: TransportRequest): TransportResponse {
    const from = Number(request.query.get('resourceVersion') ?? 0);
    if (from < this.#compactedUpTo)
      throw new StatusError('Expired', `too old resource version: ${from} (${this.#compactedUpTo})`);
    const isSelected = selection(request);
    const watch: FakeWatch<Target> = new FakeWatch<Target>({
      signal: request.signal,
      isSelected,
      isWithin: (each) => isWithin(each, target),
      form: (object) => inForm(object, request),
      onEnd: () => this.#watches.delete(watch),
      ignores: this.tellsAll ? undefined : request.ignores,
    });
    this.#watches.add(watch);
    if (request.signal?.aborted === true) watch.end();
    for (const change of this.#changes) if (change.revision > from) watch.accept(change);
    return { status: 200, headers: {}, body: { kind: 'watch', events: watch } };
  }
}

function parseTarget(path: string): Target {
  const match = resourcePattern.exec(path);
  if (match === null) throw new StatusError('NotFound', 'the server could not find the requested resource');
  const [, root = '', namespace, plural = '', name] = match;
  return {
    collection: `${root}/${plural}`,
    kind: plural,
    namespace,
    name: name === undefined ? undefined : decodeURIComponent(name),
  };
}

function pathOf({ collection, namespace = '', name = '' }: Target): string {
  return `${collection}|${namespace}|${name}`;
}

function isWithin(target: Target, wanted: Target): boolean {
  return (
    target.collection === wanted.collection && (wanted.namespace === undefined || wanted.namespace === target.namespace)
  );
}

function selection({ query }: TransportRequest): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(query.get('labelSelector') ?? '');
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
  return ({ metadata }) =>
    matchesLabels(labels, metadata.labels) &&
    matchesFields(fields, (field) => (field === 'metadata.name' ? metadata.name : metadata.namespace));
}

function inForm(object: KubeObject, { headers }: TransportRequest): KubeObject {
  return /as=PartialObjectMetadata/.test(headers['accept'] ?? '')
    ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
    : object;
}

function jsonBody({ body }: TransportRequest): KubeObject {
  if (body === undefined || !('json' in body)) throw new StatusError('BadRequest', 'the request has no JSON body');
  return body.json as KubeObject;
}

function preconditionsOf({ body }: TransportRequest): { readonly uid?: string; readonly resourceVersion?: string } {
  const options = body !== undefined && 'json' in body ? (body.json as { readonly preconditions?: object }) : {};
  return options.preconditions ?? {};
}

function detailsOf({ kind, name }: Target): { readonly kind: string; readonly name: string | undefined } {
  return { kind, name };
}

function conflict(target: Target): StatusError {
  return new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${target.kind} "${target.name}": the object has been modified`,
    { details: detailsOf(target) },
  );
}
