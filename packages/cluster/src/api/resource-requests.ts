/** Requests on resources: which verb they ask for, and in which form they want the answer. */
import type { TokenReview } from '@slipway/kube/api.generated';
import { isFlagSet } from '@slipway/kube/query-flag';
import type { KubeObject } from '@slipway/kube/object';
import { isStatusReason, StatusError } from '@slipway/kube/status-error';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { CreatedBelow, ResourceDefinition } from '../schema/definition.ts';
import { isJsonObject, type JsonObject } from '../schema/shape.ts';
import { requireStreamedForm } from './accepted-form.ts';
import { answerReview } from './access-reviews.ts';
import { answer, collection, formed, formOf, listHead, listOf, one, requireTellable } from './answer-forms.ts';
import { tooLargeVersion, unknownPath } from './api-errors.ts';
import { authorize, type Identity } from './authorization.ts';
import { connect } from './connect.ts';
import { handleConverted } from './converted-requests.ts';
import { decodeObject } from './decode-object.ts';
import { readDeleteOptions, type DeleteOptions } from './delete-options.ts';
import { isDryRun } from './dry-run.ts';
import { asOthersWrite, externalWrite, maximumAskedMilliseconds } from './external-writes.ts';
import { parseResourceVersion, readWatchTimeout } from './list-options.ts';
import { listPage, type ListPage } from './list-page.ts';
import { patchedObject, patchKind } from './patches.ts';
import { attributesOf } from './request-attributes.ts';
import type { ResourceRequest } from './resource-request.ts';
import type { WriteRequest } from './write-request.ts';
import { appliedScale, decodeScale, fromScale, patchedScale } from './scale.ts';
import { createMatcher } from './selection.ts';
import { methodNotAllowed, requireServed } from './served-methods.ts';
import { listOfStored } from './stored-text.ts';
import { answerTokenReview } from './tokens/token-review.ts';
import { openWatch } from './watch-stream.ts';
import { readWriteOptions, type WriteOptions } from './write-options.ts';

/** Not awaited on the way: each step of it would put the answer off. */
type Answered = TransportResponse | Promise<TransportResponse>;

export function handleResource(request: TransportRequest, at: ResourceRequest): Answered {
  requireServed(request.method, at.path, at.definition);
  const { conversion } = at.definition;
  return conversion === undefined
    ? handleStored(request, at)
    : handleConverted({ request, at, conversion }, handleStored);
}

function handleStored(request: TransportRequest, at: ResourceRequest): Answered {
  const { path, definition } = at;
  if (definition.isReview === true) return handleReview(request, at);
  if (definition.createdBelow !== undefined) return createBelow(request, at, definition.createdBelow);
  if (definition.isMeasured === true) return handleMeasured(request, at);
  if (path.subresource !== '' && !isPartOfObject(at)) return connect(request, at);
  // Before anything is written that could not be told of.
  requireTellable(request, at);
  return path.name === '' ? handleCollection(request, at) : handleObject(request, at);
}

/** Read and written as the object itself is. */
function isPartOfObject({ path: { subresource }, definition }: ResourceRequest): boolean {
  return subresource === 'status' || subresource === 'scale' || definition.parts?.[subresource] !== undefined;
}

async function handleMeasured(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { answerMetrics } = await import('./metrics/answer-metrics.ts');
  return answerMetrics(request, at);
}

async function handleReview(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const warnings: string[] = [];
  const write = writeRequest(request, at, warnings);
  const asked = await judgedByOthers(at.definition.applyDefaults(decodeObject(bodyOf(request), write)), write, at);
  const { identity, grants, path } = at;
  const object =
    asked.kind === 'TokenReview'
      ? await answerTokenReview(asked as TokenReview, at.tokens)
      : answerReview(asked, { identity, grants, namespace: path.namespace, now: at.clock.now() });
  return one({ object, request, at, status: 201, warnings });
}

function createBelow(request: TransportRequest, at: ResourceRequest, { type, subresource }: CreatedBelow): Answered {
  const { path, catalog } = at;
  const { group, version, plural, kind } = type;
  const definition = catalog.find(group, version, plural);
  if (definition === undefined) throw unknownPath();
  const { name } = metadataIn(bodyOf(request));
  if (typeof name !== 'string' || name === '')
    throw new StatusError('BadRequest', `metadata.name must be that of the ${kind} that it is for`);
  return connect(request, { ...at, definition, path: { ...path, group, version, plural, name, subresource } });
}

/** Others are told of what is never stored as of everything else that is created. */
async function judgedByOthers(object: KubeObject, write: WriteRequest, at: ResourceRequest): Promise<KubeObject> {
  const { external, definition, clock } = at;
  if (!external.isAsked(definition)) return object;
  const deadline = clock.now() + maximumAskedMilliseconds;
  const told = externalWrite(write, { operation: 'CREATE', old: undefined, deadline });
  const changed = (await external.mutate(object, told)) ?? object;
  const judged = changed === object ? object : definition.applyDefaults(decodeObject(changed, asOthersWrite(write)));
  await external.validate(judged, told);
  return judged;
}

function handleCollection(request: TransportRequest, at: ResourceRequest): Answered {
  switch (request.method) {
    case 'GET':
      return isFlagSet(request.query, 'watch') ? watch(request, at) : list(request, at);
    case 'POST':
      return create(request, at);
    case 'DELETE':
      return deleteCollection(request, at);
    default:
      throw methodNotAllowed();
  }
}

async function create(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const warnings: string[] = [];
  const object = await at.verbs.create(bodyOf(request), writeRequest(request, at, warnings));
  return one({ object, request, at, status: 201, warnings });
}

function handleObject(request: TransportRequest, at: ResourceRequest): Answered {
  switch (request.method) {
    case 'GET':
      return one({ object: read(request, at), request, at, status: 200, warnings: [] });
    case 'PUT':
      return replace(request, at);
    case 'PATCH':
      return patch(request, at);
    case 'DELETE':
      return remove(request, at);
    default:
      throw methodNotAllowed();
  }
}

/** As it is now, which is not older than what is asked for. */
function read({ query }: TransportRequest, at: ResourceRequest): KubeObject {
  const { revision } = at.resources.store;
  const oldest = parseResourceVersion(query.get('resourceVersion') ?? '') ?? 0;
  if (oldest > revision) throw tooLargeVersion(oldest, revision);
  return at.resources.get(target(at));
}

function target({ path, definition }: ResourceRequest): {
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly name: string;
} {
  return { definition, namespace: path.namespace, name: path.name };
}

function bodyOf({ body }: TransportRequest): unknown {
  if (body === undefined || !('json' in body))
    throw new StatusError('BadRequest', 'the request needs a body with an object as JSON or YAML');
  return body.json;
}

function writeRequest(
  request: TransportRequest,
  at: ResourceRequest,
  warnings: string[],
): WriteRequest & Pick<WriteOptions, 'force'> {
  const options = readWriteOptions(request);
  return {
    ...target(at),
    ...options,
    identity: at.identity,
    subresource: at.path.subresource,
    fieldManager: options.fieldManager === '' ? programOf(request, at.identity) : options.fieldManager,
    repeated: request.body !== undefined && 'json' in request.body ? request.body.repeated : undefined,
    warn: (message) => warnings.push(message),
    sender: request,
  };
}

/** Callers in this process name no program: their own name says who they are. */
function programOf({ headers }: TransportRequest, { user }: Identity): string {
  const agent = headers['user-agent'];
  const program = agent === undefined ? componentOf(user) : (agent.split('/')[0] ?? '');
  return program.slice(0, 128);
}

const ofSystem = 'system:';

function componentOf(user: string): string {
  return user.startsWith(ofSystem) ? user.slice(ofSystem.length) : user;
}

async function replace(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const warnings: string[] = [];
  try {
    return one({ object: await put(request, at, warnings), request, at, status: 200, warnings });
  } catch (error) {
    if (!isStatusReason(error, 'NotFound') || !isCreatedByUpdate(request, at)) throw error;
  }
  requireCreate(request, at);
  return create(request, at);
}

/** Only under the name that the path gives it, and where nothing says that it has been there before. */
function isCreatedByUpdate(request: TransportRequest, { definition, path, resources }: ResourceRequest): boolean {
  if (definition.createdByUpdate !== true || path.subresource !== '') return false;
  const { name, uid = '', resourceVersion = '' } = metadataIn(bodyOf(request));
  const target = { definition, namespace: path.namespace, name: path.name };
  return name === path.name && uid === '' && resourceVersion === '' && resources.find(target) === undefined;
}

function metadataIn(body: unknown): JsonObject {
  const metadata = isJsonObject(body) ? body['metadata'] : undefined;
  return isJsonObject(metadata) ? metadata : {};
}

/** Who may change an object may not always create one. */
function requireCreate(request: TransportRequest, at: ResourceRequest): void {
  authorize(at.identity, { ...attributesOf(request), verb: 'create' }, at.grants);
}

async function put(request: TransportRequest, at: ResourceRequest, warnings: string[]): Promise<KubeObject> {
  const write = writeRequest(request, at, warnings);
  const { scale } = at.definition;
  if (at.path.subresource !== 'scale' || scale === undefined) return at.verbs.update(bodyOf(request), write);
  const body = decodeScale(bodyOf(request));
  const version = metadataIn(body)['resourceVersion'];
  return at.verbs.change(
    write,
    (current) => fromScale(current, body, scale),
    typeof version === 'string' ? version : undefined,
  );
}

async function patch(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const warnings: string[] = [];
  const write = writeRequest(request, at, warnings);
  const kind = patchKind(request.headers['content-type'] ?? '');
  const body = bodyOf(request);
  if (kind === 'apply') {
    const applied = at.path.subresource === 'scale' ? appliedScale(body, at.definition) : body;
    const { object, created } = await at.verbs.apply(applied, {
      ...write,
      requireCreate: () => requireCreate(request, at),
    });
    return one({ object, request, at, status: created ? 201 : 200, warnings });
  }
  const { scale } = at.definition;
  const object = await at.verbs.change({ ...write, patch: { kind, body } }, (current) => {
    if (at.path.subresource === 'scale' && scale !== undefined)
      return patchedScale(current, { kind, body }, { definition: at.definition, paths: scale });
    return patchedObject(current, { kind, body, definition: at.definition });
  });
  return one({ object, request, at, status: 200, warnings });
}

function deleteOptions({ query, body }: TransportRequest): DeleteOptions {
  return readDeleteOptions(body !== undefined && 'json' in body ? body.json : undefined, query);
}

/** Kinds whose last state is the answer to their deletion; of others only the name and the uid are told. */
const shownWhenGone: ReadonlySet<string> = new Set(['Pod', 'Service', 'ServiceAccount']);

async function remove(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { type } = at.definition;
  const { identity } = at;
  const warnings: string[] = [];
  const told = { warn: (message: string) => warnings.push(message), sender: request };
  const deletion = { ...target(at), ...deleteOptions(request), identity, dryRun: isDryRun(request), ...told };
  const { object, hasGone } = await at.verbs.delete(deletion);
  if (!hasGone || (type.group === '' && shownWhenGone.has(type.kind)))
    return one({ object, request, at, status: 200, warnings });
  const { name, uid } = object.metadata;
  const details = { name, group: type.group === '' ? undefined : type.group, kind: type.plural, uid };
  return answer({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }, warnings);
}

async function deleteCollection(request: TransportRequest, at: ResourceRequest): Promise<TransportResponse> {
  const { objects, metadata } = pageOf(request, at);
  const { preconditions: _, ...options } = deleteOptions(request);
  const dryRun = isDryRun(request);
  const warnings: string[] = [];
  const told = { warn: (message: string) => warnings.push(message), sender: request };
  for (const object of objects) await removeListed(object, at, { ...options, dryRun, ...told });
  return answer(listOf(objects, at.definition, metadata), warnings);
}

/** What has gone meanwhile is as it was wanted; what has come in its place was not asked for and stays. */
async function removeListed(
  { metadata: { namespace, name = '', uid } }: KubeObject,
  { definition, resources, verbs, identity }: ResourceRequest,
  options: DeleteOptions & Pick<WriteRequest, 'dryRun' | 'warn' | 'sender'>,
): Promise<void> {
  const listed = { definition, namespace, name };
  try {
    await verbs.delete({ ...listed, ...options, identity, preconditions: { uid } });
  } catch (error) {
    const hasGone = resources.find(listed)?.metadata.uid !== uid;
    if (!hasGone || !isStatusReason(error, 'NotFound', 'Conflict')) throw error;
  }
}

function pageOf({ query }: TransportRequest, { path, definition, resources }: ResourceRequest): ListPage {
  return listPage(resources, { definition, namespace: path.namespace, query });
}

function list(request: TransportRequest, at: ResourceRequest): TransportResponse {
  const page = pageOf(request, at);
  if (formOf(request) !== 'object') return collection(page.objects, request, at, page.metadata);
  const head = listHead(at.definition, page.metadata);
  return answer(listOfStored({ head, stored: page.stored }, () => page.objects));
}

function watch(request: TransportRequest, at: ResourceRequest): TransportResponse {
  const { query } = request;
  requireStreamedForm(request.headers['accept']);
  const timeoutMilliseconds = readWatchTimeout(query);
  const events = openWatch(at.resources, at.clock, {
    definition: at.definition,
    namespace: at.path.namespace,
    matcher: createMatcher(at.definition, query),
    afterRevision: parseResourceVersion(query.get('resourceVersion') ?? ''),
    sendInitialEvents: query.has('sendInitialEvents') ? isFlagSet(query, 'sendInitialEvents') : undefined,
    bookmarks: isFlagSet(query, 'allowWatchBookmarks'),
    timeoutMilliseconds,
    signal: request.signal,
    ignores: request.ignores,
  });
  const body: TransportResponse['body'] =
    formOf(request) === 'object'
      ? { kind: 'watch', events, follow: (send) => events.follow(send) }
      : { kind: 'watch', events: formed(events, request, at) };
  return { status: 200, headers: {}, body };
}
