/** The verbs on objects: what happens between a request and the store. */
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { namespaces } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { withLateModules, withLateModulesAtOnce } from '../schema/late-module.ts';
import { type Manager, withManagersOf, type WrittenPart } from '../schema/managed-fields.ts';
import { storedForm, toWrittenForm } from '../schema/written-form.ts';
import { applyServerSide, trackUpdate } from '../schema/server-side-apply.ts';
import { type AdmissionPlugin, Reservations } from './admission.ts';
import { alreadyExists, applyConflict, conflict, forbidden, notFound } from './api-errors.ts';
import { AskedWrites } from './asked-writes.ts';
import { decodeApplied, decodeObject } from './decode-object.ts';
import { beginDeletion, isDeletionDone } from './deletion.ts';
import type { ExternalAdmission } from './external-admission.ts';
import { OvertakenError } from './external-writes.ts';
import { decodePatched } from './invalid-patch.ts';
import { storeKey } from './object-key.ts';
import { type Attempt, ObjectPreparation, type UpdateAttempt } from './object-preparation.ts';
import type { ResourceStore, Target } from './resource-store.ts';
import { isUnchanged, stampNew, type ServerContext } from './server-fields.ts';
import {
  checkMeant,
  checkPreconditions,
  checkUid,
  requireSameIdentity,
  requireSameName,
} from './write-preconditions.ts';
import type { DeletionRequest, WriteRequest } from './write-request.ts';

export interface VerbsOptions {
  readonly resources: ResourceStore;
  readonly admission: readonly AdmissionPlugin[];
  readonly external: ExternalAdmission;
  readonly context: () => ServerContext;
}

interface Deleted {
  readonly object: KubeObject;
  readonly hasGone: boolean;
}

export class ResourceVerbs {
  readonly #options: VerbsOptions;
  readonly #preparation: ObjectPreparation;
  readonly #asked: AskedWrites;

  constructor(options: VerbsOptions) {
    this.#options = options;
    this.#preparation = new ObjectPreparation(options.admission);
    this.#asked = new AskedWrites({ ...options, preparation: this.#preparation, now: () => options.context().now });
  }

  get resources(): ResourceStore {
    return this.#options.resources;
  }

  create(body: unknown, request: WriteRequest): Promise<KubeObject> {
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
      (attempt) => {
        const { current } = attempt;
        const asked = mutate(current);
        if (asked === current) return current;
        const decoded = asked === undefined ? current : decodeChanged(asked, current, request);
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
        return trackUpdate(current, this.#preparation.update(decoded, attempt), tracking);
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
      return toWrittenForm(object, request.definition.schema);
    };
    if (this.resources.find(request) === undefined && request.subresource === '') {
      request.requireCreate();
      const written = toWrittenForm(applied, request.definition.schema);
      const object = await this.#insert(written, request, (prepared) => withManagersOf(prepared, merge(undefined)));
      return { object, created: true };
    }
    const object = await this.#write(request, (attempt) => {
      const merged = merge(attempt.current);
      return withManagersOf(this.#preparation.update(merged, attempt), merged);
    });
    return { object, created: false };
  }

  /** Has it not gone, it waits for finalizers or for the end of its grace period. */
  async delete(request: DeletionRequest): Promise<Deleted> {
    const { definition, asks = 'others' } = request;
    const { external } = this.#options;
    if (asks === 'nobody' || !external.isAsked(definition)) return this.#delete(request);
    return this.#asked.delete(request, (seen) => this.#delete(request, seen));
  }

  /** `seen`: what others were asked about, which alone may go. */
  async #delete(request: DeletionRequest, seen?: KubeObject): Promise<Deleted> {
    const { definition } = request;
    let hasGone = false;
    const change = (current: KubeObject): KubeObject | undefined => {
      if (seen !== undefined && seen.metadata.resourceVersion !== current.metadata.resourceVersion)
        throw new OvertakenError();
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
    const reservations = new Reservations();
    try {
      const attempt: Attempt = { current: undefined, request, reservations, isTentative: false };
      const admitted = this.#preparation.admit(prepared, attempt);
      const isTold = this.#options.external.isAsked(definition);
      if (isTold || dryRun) this.#requireAbsent(target);
      const judged = isTold
        ? this.#asked.create(admitted, attempt)
        : withLateModulesAtOnce(() => {
            this.#preparation.validate(admitted, undefined, request);
            return admitted;
          });
      const object = judged instanceof Promise ? await judged : judged;
      // It may have begun to go while others were asked.
      if (judged instanceof Promise) this.#requireLivingNamespace(request, target.name);
      if (dryRun) return object;
      const created = await this.resources.create(target, object);
      reservations.keep();
      return created;
    } catch (error) {
      // Admission complains of what the object that is there holds, and to look for it first takes as long as to store one.
      this.#requireAbsent(target);
      throw error;
    } finally {
      reservations.abandon();
    }
  }

  #requireAbsent(target: Target): void {
    if (this.resources.find(target) !== undefined) throw alreadyExists(target.definition.type, target.name);
  }

  async #write(
    request: WriteRequest,
    mutate: (attempt: UpdateAttempt) => KubeObject,
    resourceVersion?: string,
  ): Promise<KubeObject> {
    const { definition } = request;
    const isTold = request.asks !== 'nobody' && this.#options.external.isAsked(definition);
    if (isTold) return this.#asked.update(request, mutate, resourceVersion);
    const reservations = new Reservations();
    const change = (current: KubeObject): KubeObject | undefined => {
      // An attempt before this one was not stored.
      reservations.abandon();
      const next = mutate({ current, request, reservations, isTentative: false });
      const isChange = next !== current && !isUnchanged(next, current);
      if (isChange && !isDeletionDone(next, definition)) return next;
      // Nothing is stored that would hold what was reserved.
      reservations.abandon();
      return isChange ? undefined : current;
    };
    try {
      if (request.dryRun) {
        const current = storedForm(this.resources.get(request), definition.schema);
        return await withLateModules(async () => change(current) ?? current);
      }
      const stored = await withLateModules(() => this.resources.update(request, change, resourceVersion));
      reservations.keep();
      return stored;
    } finally {
      reservations.abandon();
    }
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

function decodeChanged(asked: unknown, current: KubeObject, request: WriteRequest): KubeObject {
  const { patch } = request;
  if (patch === undefined) return decodeObject(asked, request, current);
  return decodePatched(patch, asked, (result) => decodeObject(result, request, current));
}

function writtenPart({ definition, subresource }: WriteRequest): WrittenPart {
  if (subresource === 'status') return 'status';
  return definition.hasStatus ? 'withoutStatus' : 'all';
}
