/** The verbs on objects: what happens between a request and the store. */
import { withSharedParts } from '@slipway/kube/json-equality';
import { namespaces } from '@slipway/kube/resources';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { apiVersionOf } from '@slipway/kube/object';
import { withLateModules, withLateModulesAtOnce } from '../schema/late-module.ts';
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
import type { ExternalAdmission, ExternalWrite } from './external-admission.ts';
import {
  asOthersWrite,
  externalWrite,
  isJudged,
  maximumAskedMilliseconds,
  OvertakenError,
  withGivenMetadata,
} from './external-writes.ts';
import { decodeApplied, decodeObject } from './decode-object.ts';
import { decodePatched } from './invalid-patch.ts';
import { beginDeletion, isDeletionDone, type DeleteRequest } from './deletion.ts';
import { storeKey } from './object-key.ts';
import type { ResourceStore, Target } from './resource-store.ts';
import { isUnchanged, stampNew, stampUpdate, type ServerContext } from './server-fields.ts';
import type { WriteRequest } from './write-request.ts';
import {
  checkMeant,
  checkPreconditions,
  checkUid,
  requireSameIdentity,
  requireSameName,
  type Preconditions,
} from './write-preconditions.ts';

export interface VerbsOptions {
  readonly resources: ResourceStore;
  readonly admission: readonly AdmissionPlugin[];
  readonly external: ExternalAdmission;
  readonly context: () => ServerContext;
}

/** One try at a write. */
interface Attempt {
  /** Absent on create. */
  readonly current: KubeObject | undefined;
  readonly request: WriteRequest;
  readonly reservations: Reservations;
  /** Others may still change the object before it is judged. */
  readonly isTentative: boolean;
}

type UpdateAttempt = Attempt & { readonly current: KubeObject };

interface DeletionRequest extends Target, DeleteRequest {
  readonly identity: Identity;
  readonly preconditions?: Preconditions | undefined;
  readonly dryRun: boolean;
  readonly warn: (message: string) => void;
  readonly sender?: WriteRequest['sender'];
  /** Whether those outside of this server are asked; they are unless it is said. */
  readonly asks?: 'others' | 'nobody';
}

interface Deleted {
  readonly object: KubeObject;
  readonly hasGone: boolean;
}

/** How often a write that others were asked about starts again when the object was changed meanwhile. */
const maximumAskedAttempts = 8;

export class ResourceVerbs {
  readonly #options: VerbsOptions;

  constructor(options: VerbsOptions) {
    this.#options = options;
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
        const decoded = asked === undefined ? current : decodeChanged(asked, request);
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
        return trackUpdate(current, this.#prepareUpdate(decoded, attempt), tracking);
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
    const object = await this.#write(request, (attempt) => {
      const merged = merge(attempt.current);
      return withManagers(this.#prepareUpdate(merged, attempt), merged);
    });
    return { object, created: false };
  }

  /** Has it not gone, it waits for finalizers or for the end of its grace period. */
  async delete(request: DeletionRequest): Promise<Deleted> {
    const { definition, asks = 'others' } = request;
    const { external } = this.#options;
    if (asks === 'nobody' || !external.isAsked(definition)) return this.#delete(request);
    const deadline = this.#deadline();
    for (let round = 1; ; round += 1) {
      const old = this.resources.get(request);
      checkPreconditions(old, request);
      const asked = { ...request, subresource: '', fieldManager: '' };
      const write = externalWrite(asked, { operation: 'DELETE', old, deadline });
      await external.mutate(undefined, write);
      await external.validate(undefined, write);
      try {
        return await this.#delete(request, old);
      } catch (error) {
        if (!(error instanceof OvertakenError)) throw error;
        if (round === maximumAskedAttempts) throw conflict(definition.type, request.name, staleObject);
      }
    }
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

  /** When all who are asked about a write that begins now must have answered. */
  #deadline(): number {
    return this.#options.context().now + maximumAskedMilliseconds;
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
      const admitted = this.#admit(prepared, attempt);
      const isTold = this.#options.external.isAsked(definition);
      if (isTold || dryRun) this.#requireAbsent(target);
      const judged = isTold
        ? this.#askOnCreate(admitted, attempt)
        : withLateModulesAtOnce(() => this.#judged(admitted, request));
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

  #judged(object: KubeObject, request: WriteRequest): KubeObject {
    this.#validate(object, undefined, request);
    return object;
  }

  /** Judges what is to be created, with what others make of it. */
  async #askOnCreate(admitted: KubeObject, attempt: Attempt): Promise<KubeObject> {
    const { request, reservations } = attempt;
    const { definition } = request;
    const { external } = this.#options;
    const judged = (object: KubeObject): Promise<KubeObject> =>
      withLateModules(async () => this.#judged(object, request));
    const write = externalWrite(request, { operation: 'CREATE', old: undefined, deadline: this.#deadline() });
    const changed = (await external.mutate(admitted, write)) ?? admitted;
    if (changed === admitted) {
      await external.validate(await judged(admitted), write);
      return admitted;
    }
    const decoded = definition.applyDefaults(decodeObject(changed, asOthersWrite(request)));
    const metadata = withGivenMetadata(admitted.metadata, decoded.metadata);
    reservations.abandon();
    const prepared = definition.prepare({ ...decoded, metadata }, undefined);
    const object = await judged(this.#admit(prepared, attempt));
    await external.validate(object, write);
    return object;
  }

  /** The same for an update: what others were asked about is stored unless the object has changed meanwhile. */
  async #writeAsking(
    request: WriteRequest,
    mutate: (attempt: UpdateAttempt) => KubeObject,
    resourceVersion = '',
  ): Promise<KubeObject> {
    const { definition, dryRun } = request;
    const deadline = this.#deadline();
    for (let round = 1; ; round += 1) {
      const reservations = new Reservations();
      try {
        const current = this.resources.get(request);
        const seen = current.metadata.resourceVersion;
        if (resourceVersion !== '' && resourceVersion !== seen)
          throw conflict(definition.type, request.name, staleObject);
        const attempt = { current, request, reservations, isTentative: true, deadline };
        const object = await this.#askOnUpdate(attempt, mutate);
        // Others may have taken back what was to be changed.
        if (object === current || isUnchanged(object, current)) return current;
        if (dryRun) return object;
        const isDone = isDeletionDone(object, definition);
        if (isDone) reservations.abandon();
        const stored = await this.resources.update(request, (live) => {
          if (live.metadata.resourceVersion !== seen) throw new OvertakenError();
          return isDone ? undefined : object;
        });
        reservations.keep();
        return stored;
      } catch (error) {
        if (!(error instanceof OvertakenError)) throw error;
        if (round === maximumAskedAttempts) throw conflict(definition.type, request.name, staleObject);
      } finally {
        reservations.abandon();
      }
    }
  }

  async #askOnUpdate(
    attempt: UpdateAttempt & Pick<ExternalWrite, 'deadline'>,
    mutate: (attempt: UpdateAttempt) => KubeObject,
  ): Promise<KubeObject> {
    const { current, request, reservations, deadline } = attempt;
    const { external } = this.#options;
    const tentative = await withLateModules(async () => {
      reservations.abandon();
      return mutate(attempt);
    });
    if (tentative === current || isUnchanged(tentative, current)) return current;
    const write = externalWrite(request, { operation: 'UPDATE', old: current, deadline });
    const changed = (await external.mutate(tentative, write)) ?? tentative;
    const object = await withLateModules(async () => {
      if (changed === tentative) {
        if (isJudged(request)) this.#validate(tentative, current, request);
        return tentative;
      }
      reservations.abandon();
      const decoded = decodeObject(changed, asOthersWrite(request));
      return withManagers(this.#prepareUpdate(decoded, { ...attempt, isTentative: false }), tentative);
    });
    await external.validate(object, write);
    return object;
  }

  async #write(
    request: WriteRequest,
    mutate: (attempt: UpdateAttempt) => KubeObject,
    resourceVersion?: string,
  ): Promise<KubeObject> {
    const { definition } = request;
    const isTold = request.asks !== 'nobody' && this.#options.external.isAsked(definition);
    if (isTold) return this.#writeAsking(request, mutate, resourceVersion);
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
  #prepareUpdate(decoded: KubeObject, attempt: UpdateAttempt): KubeObject {
    const { current, request, isTentative } = attempt;
    const { definition, subresource } = request;
    if (subresource === 'status') {
      const reported = withSharedParts(withStatusOf(decoded, current), current);
      if (!isTentative && isJudged(request)) this.#validate(reported, current, request);
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
    if (!isTentative) this.#validate(admitted, current, request);
    return admitted;
  }

  #admit(object: KubeObject, { current, request, reservations }: Attempt): KubeObject {
    const { definition, dryRun, identity } = request;
    let asked = { identity, definition, object, old: current, dryRun, reservations };
    for (const plugin of this.#options.admission) {
      const admitted = plugin.admit(asked);
      if (admitted !== asked.object) asked = { ...asked, object: admitted };
    }
    return asked.object;
  }

  #validate(object: KubeObject, old: KubeObject | undefined, request: WriteRequest): void {
    const { definition, subresource } = request;
    const ofObject = definition.validate(object, old, subresource);
    const ofPart = old === undefined ? noFaults : (definition.parts?.[subresource]?.validate(object, old) ?? noFaults);
    const ofRules = definition.validateRules?.(object, { stored: old, faults: ofObject }) ?? noFaults;
    if (ofObject.length + ofPart.length + ofRules.length > 0)
      throw invalidObject(definition.type, object.metadata.name ?? '', [...ofObject, ...ofPart, ...ofRules]);
    for (const message of definition.warnings?.(object) ?? noFaults) request.warn(message);
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

const noFaults: readonly never[] = [];

function decodeChanged(asked: unknown, request: WriteRequest): KubeObject {
  const { patch } = request;
  if (patch === undefined) return decodeObject(asked, request);
  return decodePatched(patch, asked, (result) => decodeObject(result, request));
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
