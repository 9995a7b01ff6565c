/** Writes about which others outside of this server are asked: each decides, asks, judges, and begins anew where it was overtaken. */
import type { KubeObject } from '@slipway/kube/object';
import { withLateModules } from '../schema/late-module.ts';
import { withManagersOf } from '../schema/managed-fields.ts';
import { storedForm } from '../schema/written-form.ts';
import { Reservations } from './admission.ts';
import { conflict, staleObject } from './api-errors.ts';
import { decodeObject } from './decode-object.ts';
import { isDeletionDone } from './deletion.ts';
import type { ExternalAdmission, ExternalWrite } from './external-admission.ts';
import {
  asOthersWrite,
  externalWrite,
  isJudged,
  maximumAskedMilliseconds,
  OvertakenError,
  withGivenMetadata,
} from './external-writes.ts';
import type { Attempt, ObjectPreparation, UpdateAttempt } from './object-preparation.ts';
import type { ResourceStore } from './resource-store.ts';
import { isUnchanged } from './server-fields.ts';
import { checkPreconditions } from './write-preconditions.ts';
import type { DeletionRequest, WriteRequest } from './write-request.ts';

interface AskedWritesOptions {
  readonly resources: ResourceStore;
  readonly external: ExternalAdmission;
  readonly preparation: ObjectPreparation;
  readonly now: () => number;
}

/** How often a write that others were asked about starts again when the object was changed meanwhile. */
const maximumAskedAttempts = 8;

export class AskedWrites {
  readonly #options: AskedWritesOptions;

  constructor(options: AskedWritesOptions) {
    this.#options = options;
  }

  /** Judges what is to be created, with what others make of it. */
  async create(admitted: KubeObject, attempt: Attempt): Promise<KubeObject> {
    const { request, reservations } = attempt;
    const { definition } = request;
    const { external, preparation } = this.#options;
    const judged = (object: KubeObject): Promise<KubeObject> =>
      withLateModules(async () => {
        preparation.validate(object, undefined, request);
        return object;
      });
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
    const object = await judged(preparation.admit(prepared, attempt));
    await external.validate(object, write);
    return object;
  }

  /** The same for an update: what others were asked about is stored unless the object has changed meanwhile. */
  async update(
    request: WriteRequest,
    mutate: (attempt: UpdateAttempt) => KubeObject,
    resourceVersion = '',
  ): Promise<KubeObject> {
    const { resources } = this.#options;
    const { definition, dryRun } = request;
    const deadline = this.#deadline();
    for (let round = 1; ; round += 1) {
      const reservations = new Reservations();
      try {
        const current = storedForm(resources.get(request), definition.schema);
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
        const stored = await resources.update(request, (live) => {
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
    const { external, preparation } = this.#options;
    const tentative = await withLateModules(async () => {
      reservations.abandon();
      return mutate(attempt);
    });
    if (tentative === current || isUnchanged(tentative, current)) return current;
    const write = externalWrite(request, { operation: 'UPDATE', old: current, deadline });
    const changed = (await external.mutate(tentative, write)) ?? tentative;
    const object = await withLateModules(async () => {
      if (changed === tentative) {
        if (isJudged(request)) preparation.validate(tentative, current, request);
        return tentative;
      }
      reservations.abandon();
      const decoded = decodeObject(changed, asOthersWrite(request));
      return withManagersOf(preparation.update(decoded, { ...attempt, isTentative: false }), tentative);
    });
    await external.validate(object, write);
    return object;
  }

  /** `remove` deletes what others were asked about, and nothing else: it throws an `OvertakenError` where that has changed. */
  async delete<T>(request: DeletionRequest, remove: (seen: KubeObject) => Promise<T>): Promise<T> {
    const { resources, external } = this.#options;
    const deadline = this.#deadline();
    for (let round = 1; ; round += 1) {
      const old = resources.get(request);
      checkPreconditions(old, request);
      const asked = { ...request, subresource: '', fieldManager: '' };
      const write = externalWrite(asked, { operation: 'DELETE', old, deadline });
      await external.mutate(undefined, write);
      await external.validate(undefined, write);
      try {
        return await remove(old);
      } catch (error) {
        if (!(error instanceof OvertakenError)) throw error;
        if (round === maximumAskedAttempts) throw conflict(request.definition.type, request.name, staleObject);
      }
    }
  }

  /** When all who are asked about a write that begins now must have answered. */
  #deadline(): number {
    return this.#options.now() + maximumAskedMilliseconds;
  }
}
