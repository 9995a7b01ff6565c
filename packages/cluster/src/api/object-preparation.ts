/** What a write makes of an object before it is stored: what the server keeps, what admission adds, and whether it may be so. */
import { withSharedParts } from '@slipway/kube/json-equality';
import type { KubeObject } from '@slipway/kube/object';
import type { AdmissionPlugin, Reservations } from './admission.ts';
import { invalidObject } from './api-errors.ts';
import { isJudged } from './external-writes.ts';
import { stampUpdate } from './server-fields.ts';
import type { WriteRequest } from './write-request.ts';

/** One try at a write. */
export interface Attempt {
  /** Absent on create. */
  readonly current: KubeObject | undefined;
  readonly request: WriteRequest;
  readonly reservations: Reservations;
  /** Others may still change the object before it is judged. */
  readonly isTentative: boolean;
}

export type UpdateAttempt = Attempt & { readonly current: KubeObject };

export class ObjectPreparation {
  readonly #admission: readonly AdmissionPlugin[];

  constructor(admission: readonly AdmissionPlugin[]) {
    this.#admission = admission;
  }

  /** The rest of the object stays as it is when a subresource is written, and the subresource when the object is. */
  update(decoded: KubeObject, attempt: UpdateAttempt): KubeObject {
    const { current, request, isTentative } = attempt;
    const { definition, subresource } = request;
    if (subresource === 'status') {
      const reported = withSharedParts(withStatusOf(decoded, current), current);
      if (!isTentative && isJudged(request)) this.validate(reported, current, request);
      return reported;
    }
    const part = definition.parts?.[subresource];
    const stamped = stampUpdate(part?.take(decoded, current) ?? decoded, current, definition);
    // The status is not theirs to change, so it is put back before generations are counted.
    const isOfSpec = subresource === '' || part !== undefined;
    const prepared = isOfSpec ? definition.prepare(definition.applyDefaults(stamped), current) : stamped;
    // Everything that follows compares the two, and so does whoever compares them later.
    const counted = stampUpdate(withSharedParts(prepared, current), current, definition);
    const admitted = this.admit(counted, attempt);
    if (!isTentative) this.validate(admitted, current, request);
    return admitted;
  }

  admit(object: KubeObject, { current, request, reservations }: Attempt): KubeObject {
    const { definition, dryRun, identity } = request;
    let asked = { identity, definition, object, old: current, dryRun, reservations };
    for (const plugin of this.#admission) {
      const admitted = plugin.admit(asked);
      if (admitted !== asked.object) asked = { ...asked, object: admitted };
    }
    return asked.object;
  }

  validate(object: KubeObject, old: KubeObject | undefined, request: WriteRequest): void {
    const { definition, subresource } = request;
    const ofObject = definition.validate(object, old, subresource);
    const ofPart = old === undefined ? noFaults : (definition.parts?.[subresource]?.validate(object, old) ?? noFaults);
    const ofRules = definition.validateRules?.(object, { stored: old, faults: ofObject }) ?? noFaults;
    if (ofObject.length + ofPart.length + ofRules.length > 0)
      throw invalidObject(definition.type, object.metadata.name ?? '', [...ofObject, ...ofPart, ...ofRules]);
    for (const message of definition.warnings?.(object) ?? noFaults) request.warn(message);
  }
}

const noFaults: readonly never[] = [];

function withStatusOf(decoded: KubeObject, current: KubeObject): KubeObject {
  const { status } = decoded as KubeObject & { readonly status?: unknown };
  const { status: _, ...rest } = current as KubeObject & { readonly status?: unknown };
  return status === undefined ? rest : { ...rest, ...{ status } };
}
