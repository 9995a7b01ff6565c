/** The verbs on objects: what happens between a request and the store. */
import { withSharedParts } from '@slipway/kube/json-equality';
import { namespaces } from '@slipway/kube/resources';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { apiVersionOf } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';
import { invalid } from '../schema/faults.ts';
import { withLateModules } from '../schema/late-module.ts';
import type { Manager, WrittenPart } from '../schema/managed-fields.ts';
import { applyServerSide, trackUpdate } from '../schema/server-side-apply.ts';
import { type AdmissionPlugin, Reservations } from './admission.ts';
import {
  alreadyExists,
  applyConflict,
  conflict,
  forbidden,
  invalidObject,
  notFound,
  staleObject,
} from './api-errors.ts';
import type { Identity } from './authorization.ts';
import { decodeApplied, decodeObject, type Decoding } from './decode-object.ts';
import { beginDeletion, isDeletionDone, type DeleteRequest } from './deletion.ts';
import { storeKey } from './object-key.ts';
import type { ResourceStore, Target } from './resource-store.ts';
import { isUnchanged, stampNew, stampUpdate, type ServerContext } from './server-fields.ts';

export interface WriteRequest extends Decoding {
  /** Who asks. */
  readonly identity: Identity;
  readonly namespace: string | undefined;
  /** Empty for a create. */
  readonly name: string;
  readonly subresource: string;
  readonly dryRun: boolean;
  readonly fieldManager: string;
}

export interface VerbsOptions {
  readonly resources: ResourceStore;
  readonly admission: readonly AdmissionPlugin[];
  readonly context: () => ServerContext;
}

export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** One try at a write. */
interface Attempt {
  /** Absent on create. */
  readonly current: KubeObject | undefined;
  readonly request: WriteRequest;
  readonly reservations: Reservations;
}

export class ResourceVerbs {
  readonly #options: VerbsOptions;

  constructor(options: VerbsOptions) {
    this.#options = options;
  }

  get resources(): ResourceStore {
    return this.#options.resources;
  }

  async create(body: unknown, request: WriteRequest): Promise<KubeObject> {
    const decoded = decodeObject(body, request);
    this.#checkNamespace(decoded, request);
    if ((decoded.metadata.resourceVersion ?? '') !== '')
      throw new StatusError('BadRequest', 'resourceVersion should not be set on objects to be created');
    return this.#insert(decoded, request, (object) =>
      trackUpdate(undefined, object, this.#tracking(request, 'Update')),
    );
  }

  /** A full replacement. `metadata.resourceVersion`, where given, must be the current one. */
  async update(body: unknown, request: WriteRequest): Promise<KubeObject> {
    const decoded = decodeObject(body, request);
    const { resourceVersion, uid } = decoded.metadata;
    requireSameName(decoded, request);
    return this.change(
      request,
      (current) => {
        checkUid(current, uid, request);
        return decoded;
      },
      resourceVersion,
    );
  }

  /** A change that follows from the current object: patches, bindings, scale. `mutate` may run several times. */
  async change(
    request: WriteRequest,
    mutate: (current: KubeObject) => unknown,
    resourceVersion?: string,
  ): Promise<KubeObject> {
    const tracking = this.#tracking(request, 'Update');
    return this.#write(
      request,
      (current, reservations) => {
        const asked = mutate(current);
        if (asked === current) return current;
        const decoded = asked === undefined ? current : decodeObject(asked, request);
        const precondition = decoded.metadata.resourceVersion;
        if (precondition !== undefined && precondition !== '' && precondition !== current.metadata.resourceVersion) {
          throw conflict(
            request.definition.type,
            request.name,
            'the object has been modified; please apply your changes to the latest version and try again',
          );
        }
        requireSameName(decoded, request);
        requireSameIdentity(decoded, current, request.definition);
        const next = this.#prepareUpdate(decoded, { current, request, reservations });
        return trackUpdate(current, next, tracking);
      },
      resourceVersion,
    );
  }

  /** Server-side apply: creates the object where it does not exist. */
  async apply(
    body: unknown,
    request: WriteRequest & {
      readonly force: boolean;
      /** Throws unless the caller may create as well as patch. */
      readonly requireCreate: () => void;
    },
  ): Promise<{ readonly object: KubeObject; readonly created: boolean }> {
    const decoded = decodeApplied(body, request);
    requireSameName(decoded, request);
    // Who owns what follows from who applies.
    if (decoded.metadata.managedFields !== undefined)
      throw new StatusError('BadRequest', 'metadata.managedFields must be nil');
    this.#checkNamespace(decoded, request);
    const tracking = this.#tracking(request, 'Apply');
    // Which object and which version of it is meant: conditions, and nothing that anybody would own.
    const { uid, resourceVersion, ...metadata } = decoded.metadata;
    const applied: KubeObject = {
      ...decoded,
      metadata: {
        ...metadata,
        name: request.name,
        ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
      },
    };
    const merge = (live: KubeObject | undefined): KubeObject => {
      checkMeant(live, { uid, resourceVersion }, request);
      const { object, conflicts } = applyServerSide({ ...tracking, live, applied, force: request.force });
      if (conflicts.length > 0) throw applyConflict(conflicts);
      return object;
    };
    if (this.resources.find(request) === undefined && request.subresource === '') {
      request.requireCreate();
      const object = await this.#insert(applied, request, (prepared) => withManagers(prepared, merge(undefined)));
      return { object, created: true };
    }
    const object = await this.#write(request, (current, reservations) => {
      const merged = merge(current);
      return withManagers(this.#prepareUpdate(merged, { current, request, reservations }), merged);
    });
    return { object, created: false };
  }

  /** Has it not gone, it waits for finalizers or for the end of its grace period. */
  async delete(
    request: Target & DeleteRequest & { readonly preconditions?: Preconditions | undefined; readonly dryRun: boolean },
  ): Promise<{ readonly object: KubeObject; readonly hasGone: boolean }> {
    const { definition } = request;
    let hasGone = false;
    const change = (current: KubeObject): KubeObject | undefined => {
      checkPreconditions(current, request);
      for (const plugin of this.#options.admission) plugin.admitDeletion?.({ definition, object: current });
      const next = beginDeletion(current, definition, { ...request, now: this.#options.context().now });
      hasGone = next === undefined;
      return next;
    };
    if (request.dryRun) {
      const current = this.resources.get(request);
      return { object: change(current) ?? current, hasGone };
    }
    const object = await this.resources.update(request, change);
    return { object, hasGone };
  }

  #tracking(request: WriteRequest, operation: Manager['operation']) {
    const { definition, fieldManager, subresource } = request;
    const manager: Manager = { name: fieldManager, operation, apiVersion: apiVersionOf(definition.type), subresource };
    return { manager, part: writtenPart(request), node: definition.schema, now: this.#options.context().now };
  }

  async #insert(
    decoded: KubeObject,
    request: WriteRequest,
    track: (object: KubeObject) => KubeObject,
  ): Promise<KubeObject> {
    const { definition, namespace, dryRun } = request;
    const context = this.#options.context();
    const stamped = stampNew(decoded, namespace, { ...context, definition });
    // What admission adds belongs to nobody, so the bookkeeping comes before it.
    const prepared = definition.prepare(track(definition.applyDefaults(stamped)), undefined);
    const target: Target = { definition, namespace, name: stamped.metadata.name ?? '' };
    this.#requireLivingNamespace(request, target.name);
    // Said before admission, which would complain of what the existing object holds.
    if (this.resources.find(target) !== undefined) throw alreadyExists(definition.type, target.name);
    const reservations = new Reservations();
    try {
      const admitted = this.#admit(prepared, { current: undefined, request, reservations });
      await withLateModules(async () => this.#validate(admitted, undefined, request));
      if (dryRun) return admitted;
      const created = await this.resources.create(target, admitted);
      reservations.keep();
      return created;
    } finally {
      reservations.abandon();
    }
  }

  async #write(
    request: WriteRequest,
    mutate: (current: KubeObject, reservations: Reservations) => KubeObject,
    resourceVersion?: string,
  ): Promise<KubeObject> {
    const { definition } = request;
    const reservations = new Reservations();
    const change = (current: KubeObject): KubeObject | undefined => {
      // An attempt before this one was not stored.
      reservations.abandon();
      const next = mutate(current, reservations);
      const isChange = next !== current && !isUnchanged(next, current);
      if (isChange && !isDeletionDone(next, definition)) return next;
      // Nothing is stored that would hold what was reserved.
      reservations.abandon();
      return isChange ? undefined : current;
    };
    try {
      if (request.dryRun) {
        const current = this.resources.get(request);
        return await withLateModules(async () => change(current) ?? current);
      }
      const stored = await withLateModules(() => this.resources.update(request, change, resourceVersion));
      reservations.keep();
      return stored;
    } finally {
      reservations.abandon();
    }
  }

  /** The rest of the object stays as it is when a subresource is written, and the subresource when the object is. */
  #prepareUpdate(decoded: KubeObject, attempt: Attempt & { readonly current: KubeObject }): KubeObject {
    const { current, request } = attempt;
    const { definition, subresource } = request;
    if (subresource === 'status') {
      const reported = withSharedParts(withStatusOf(decoded, current), current);
      if (definition.validatesStatus === true) this.#validate(reported, current, request);
      return reported;
    }
    const part = definition.parts?.[subresource];
    const stamped = stampUpdate(part?.take(decoded, current) ?? decoded, current, definition);
    // The status is not theirs to change, so it is put back before generations are counted.
    const isOfSpec = subresource === '' || part !== undefined;
    const prepared = isOfSpec ? definition.prepare(definition.applyDefaults(stamped), current) : stamped;
    // Everything that follows compares the two, and so does whoever compares them later.
    const counted = stampUpdate(withSharedParts(prepared, current), current, definition);
    const admitted = this.#admit(counted, attempt);
    this.#validate(admitted, current, request);
    return admitted;
  }

  #admit(object: KubeObject, { current, request, reservations }: Attempt): KubeObject {
    const { definition, dryRun, identity } = request;
    return this.#options.admission.reduce(
      (admitted, plugin) =>
        plugin.admit({ identity, definition, object: admitted, old: current, dryRun, reservations }),
      object,
    );
  }

  #validate(object: KubeObject, old: KubeObject | undefined, request: WriteRequest): void {
    const { definition, subresource } = request;
    // A node may be bound and finalizers may go through subresources although updates may not touch them.
    const ofObject = definition.validate(object, subresource === '' ? old : undefined);
    const ofPart = old === undefined ? [] : (definition.parts?.[subresource]?.validate(object, old) ?? []);
    const ofRules = definition.validateRules?.(object, { stored: old, faults: ofObject }) ?? [];
    const faults = [...ofObject, ...ofPart, ...ofRules];
    if (faults.length > 0) throw invalidObject(definition.type, object.metadata.name ?? '', faults);
    for (const message of definition.warnings?.(object) ?? []) request.warn(message);
  }

  #checkNamespace({ metadata }: KubeObject, { definition, namespace }: WriteRequest): void {
    if (
      !definition.type.namespaced ||
      metadata.namespace === undefined ||
      metadata.namespace === '' ||
      metadata.namespace === namespace
    )
      return;
    throw new StatusError(
      'BadRequest',
      `the namespace of the provided object does not match the namespace sent on the request`,
    );
  }

  #requireLivingNamespace({ definition, namespace }: WriteRequest, name: string): void {
    if (!definition.type.namespaced) return;
    const stored = this.resources.store.get(storeKey(namespaces, undefined, namespace ?? ''));
    if (stored === undefined) throw notFound(namespaces, namespace ?? '');
    if (this.resources.cache.parse(stored).metadata.deletionTimestamp === undefined) return;
    throw forbidden(
      definition.type,
      name,
      `unable to create new content in namespace ${namespace ?? ''} because it is being terminated`,
    );
  }
}

function writtenPart({ definition, subresource }: WriteRequest): WrittenPart {
  if (subresource === 'status') return 'status';
  return definition.hasStatus ? 'withoutStatus' : 'all';
}

function withStatusOf(decoded: KubeObject, current: KubeObject): KubeObject {
  const { status } = decoded as KubeObject & { readonly status?: unknown };
  const { status: _, ...rest } = current as KubeObject & { readonly status?: unknown };
  return status === undefined ? rest : { ...rest, ...{ status } };
}

function withManagers(object: KubeObject, from: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const { managedFields } = from.metadata;
  return { ...object, metadata: managedFields === undefined ? metadata : { ...metadata, managedFields } };
}

function checkUid(
  current: KubeObject,
  uid: string | undefined,
  { definition, name }: { readonly definition: ResourceDefinition; readonly name: string },
): void {
  if (uid === undefined || uid === '' || uid === current.metadata.uid) return;
  throw conflict(
    definition.type,
    name,
    `StorageError: invalid object, Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid ?? ''}`,
  );
}

/** What is written is what the path names. */
function requireSameName({ metadata }: KubeObject, { name, namespace = '' }: WriteRequest): void {
  const given = metadata.name ?? '';
  if (given !== '' && given !== name)
    throw new StatusError(
      'BadRequest',
      `the name of the object (${given}) does not match the name on the URL (${name})`,
    );
  const within = metadata.namespace ?? '';
  if (namespace !== '' && within !== '' && within !== namespace)
    throw new StatusError(
      'BadRequest',
      `the namespace of the object (${within}) does not match the namespace on the request (${namespace})`,
    );
}

/** Which one an object is never changes. */
function requireSameIdentity({ metadata }: KubeObject, current: KubeObject, { type }: ResourceDefinition): void {
  const uid = metadata.uid ?? '';
  if (uid === '' || uid === current.metadata.uid) return;
  throw invalidObject(type, current.metadata.name ?? '', [invalid('metadata.uid', uid, 'field is immutable')]);
}

/** What is applied to another object, or to another version of it, than its author has seen changes nothing. */
function checkMeant(
  live: KubeObject | undefined,
  { uid = '', resourceVersion = '' }: Pick<KubeObject['metadata'], 'uid' | 'resourceVersion'>,
  request: WriteRequest,
): void {
  const { name, definition } = request;
  const { type } = definition;
  if (live !== undefined) checkUid(live, uid, request);
  else if (uid !== '')
    throw conflict(
      type,
      name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  if (resourceVersion !== '' && resourceVersion !== live?.metadata.resourceVersion)
    throw conflict(type, name, staleObject);
}

/** Kubernetes names the kind here, where other conflicts name the resource. */
function checkPreconditions(
  { metadata }: KubeObject,
  { definition, name, preconditions = {} }: Target & { readonly preconditions?: Preconditions | undefined },
): void {
  const resource = { ...definition.type, plural: definition.type.kind };
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(
      resource,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid ?? ''}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      resource,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion ?? ''}). The object might have been modified`,
    );
}
