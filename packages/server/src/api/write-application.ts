import { applications, type Application } from '@slipway/delivery/api/application';
import { withRequest, type Request } from '@slipway/delivery/api/requested-by';
import type { KubeClient, WriteOptions } from '@slipway/kube/client';
import { isStatusReason } from '@slipway/kube/status-error';
import { namesEtag } from '../http/entity-tags.ts';
import { Problem } from '../http/problem.ts';
import { optional } from '../optional.ts';

export interface ApplicationKey {
  readonly namespace: string;
  readonly name: string;
}

export interface Wanted extends ApplicationKey {
  readonly spec: object;
  /** Stand with a change of what is there. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What has to be so for a write. */
export type Condition =
  | { readonly type: 'none' }
  /** Nothing is there but what was made under the same mark; otherwise the answer has this status. */
  | { readonly type: 'new'; readonly refusal: 409 | 412; readonly mark?: string }
  /** What is there has this ETag, or is there at all: `*`; and none of the others. */
  | { readonly type: 'match'; readonly etag: string; readonly otherThan?: string }
  /** What is there has none of these ETags. */
  | { readonly type: 'otherThan'; readonly etag: string };

/** Of both, If-Match is looked at first: https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2 */
export function conditionOf(headers: {
  readonly 'if-match'?: string | undefined;
  readonly 'if-none-match'?: string | undefined;
}): Condition {
  const other = headers['if-none-match'];
  const etag = headers['if-match'];
  if (etag !== undefined) return { type: 'match', etag, ...optional('otherThan', other) };
  if (other === undefined) return { type: 'none' };
  return other.trim() === '*' ? { type: 'new', refusal: 412 } : { type: 'otherThan', etag: other };
}

export interface WriteMeans {
  readonly client: KubeClient;
  readonly dryRun: boolean;
  /** Stands with the change, for the release that it begins. */
  readonly requestedBy?: string | undefined;
}

export interface Written {
  readonly application: Application;
  /** Undefined: there was none. */
  readonly generationBefore: number | undefined;
  /** By the same request, when it came before. */
  readonly wasThere: boolean;
}

/** By which a request that created one and comes again is known. */
const markAnnotation = 'slipway.dev/created-under';

/** Others write meanwhile: the controller its status, people their changes. */
const maximumAttempts = 10;

/**
 * Makes the whole spec what is wanted, whoever wrote what is there. The API server holds it against schema and rules, and
 * every fault comes back with its field.
 */
export async function writeApplication(
  wanted: Wanted,
  condition: Condition,
  { client, dryRun, requestedBy }: WriteMeans,
): Promise<Written> {
  const options = { fieldManager: 'slipway-server', fieldValidation: 'Strict', dryRun } as const;
  for (let attempt = 1; ; attempt += 1) {
    const current = await readApplication(client, wanted);
    const mark = condition.type === 'new' ? condition.mark : undefined;
    if (mark !== undefined && current?.metadata.annotations?.[markAnnotation] === mark)
      return { application: current, generationBefore: undefined, wasThere: true };
    requireCondition(condition, current, wanted);
    try {
      const asked = { ...wanted, current, mark, requestedBy: dryRun ? undefined : requestedBy };
      const application = await put(client, asked, options);
      return { application, generationBefore: current?.metadata.generation, wasThere: false };
    } catch (error) {
      if (attempt === maximumAttempts || !isOvertaken(error, current)) throw error;
    }
  }
}

interface Asked extends Wanted {
  readonly current: Application | undefined;
  readonly mark: string | undefined;
  readonly requestedBy: string | undefined;
}

async function put(client: KubeClient, asked: Asked, options: WriteOptions): Promise<Application> {
  const { namespace, name, spec, annotations, current, mark, requestedBy } = asked;
  const isNamed = requestedBy !== undefined;
  if (current !== undefined) {
    const noted = { ...current.metadata, annotations: { ...current.metadata.annotations, ...annotations } };
    const changed = { ...current, metadata: noted, spec };
    const request = isNamed ? await findRequest(client, { current, changed, by: requestedBy }, options) : undefined;
    const metadata = request === undefined ? noted : withRequest(noted, request);
    return await client.update(applications, { ...changed, metadata }, options);
  }
  const identity = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application' };
  const own = {
    namespace,
    name,
    ...optional('annotations', mark === undefined ? undefined : { [markAnnotation]: mark }),
  };
  const metadata = isNamed ? withRequest(own, { by: requestedBy, generation: 1 }) : own;
  return await client.create(applications, { ...identity, metadata, spec }, options);
}

interface Attributed {
  readonly current: Application;
  readonly changed: Application;
  readonly by: string;
}

/** Undefined where nothing changes: whoever asked for what is there stays who asked. The version that is replaced is the same. */
async function findRequest(
  client: KubeClient,
  { current, changed, by }: Attributed,
  options: WriteOptions,
): Promise<Request | undefined> {
  const { generation = 0 } = (await client.update(applications, changed, { ...options, dryRun: true })).metadata;
  return generation === current.metadata.generation ? undefined : { by, generation };
}

/** It is not any more as it was read. */
function isOvertaken(error: unknown, current: Application | undefined): boolean {
  if (current === undefined) return isStatusReason(error, 'AlreadyExists');
  return isStatusReason(error, 'Conflict') || isStatusReason(error, 'NotFound');
}

/** Removes it, where it is as the condition says. */
export async function removeApplication(key: ApplicationKey, condition: Condition, client: KubeClient): Promise<void> {
  if (condition.type === 'none') return await client.delete(applications, key);
  const current = await readApplication(client, key);
  requireCondition(condition, current, key);
  const { uid, resourceVersion } = current?.metadata ?? {};
  try {
    await client.delete(applications, key, { preconditions: { uid, resourceVersion } });
  } catch (error) {
    throw isStatusReason(error, 'Conflict') ? outdated(error) : error;
  }
}

async function readApplication(client: KubeClient, key: ApplicationKey): Promise<Application | undefined> {
  try {
    return await client.get(applications, { namespace: key.namespace, name: key.name });
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return undefined;
    throw error;
  }
}

function requireCondition(condition: Condition, current: Application | undefined, key: ApplicationKey): void {
  if (condition.type === 'none') return;
  if (condition.type === 'new') {
    if (current === undefined) return;
    const detail = `there is an application ${key.name} in ${key.namespace} already: change it with PUT`;
    throw new Problem(condition.refusal, detail);
  }
  const etag = current && etagOf(current);
  if (condition.type === 'otherThan') return requireOther(condition.etag, etag);
  if (current === undefined) throw notFound(key);
  if (!namesEtag(condition.etag, etag, 'strong')) throw outdated(undefined);
  if (condition.otherThan !== undefined) requireOther(condition.otherThan, etag);
}

function requireOther(header: string, etag: string | undefined): void {
  if (namesEtag(header, etag, 'weak')) throw new Problem(412, 'the application is as If-None-Match says');
}

export function notFound({ namespace, name }: ApplicationKey): Problem {
  return new Problem(404, `there is no application ${name} in namespace ${namespace}`);
}

function outdated(cause: unknown): Problem {
  return new Problem(412, 'the application has changed since: read it again, and send its new ETag as If-Match', {
    cause,
  });
}

export function etagOf({ metadata }: Application): string {
  return `"${metadata.uid ?? ''}-${metadata.resourceVersion ?? ''}"`;
}
