import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';
import type { Identity } from './authorization.ts';

export interface AdmissionRequest {
  /** Who asks. */
  readonly identity: Identity;
  readonly definition: ResourceDefinition;
  readonly object: KubeObject;
  /** Absent on create. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  readonly reservations: Reservations;
}

/** What admission has taken for one write, such as ports: given back unless that write was stored. */
export class Reservations {
  #undo: (() => void)[] = [];
  #ends: (() => void)[] = [];

  onAbandon(undo: () => void): void {
    this.#undo.push(undo);
  }

  /** Whether it was stored or not. */
  onEnd(end: () => void): void {
    this.#ends.push(end);
  }

  abandon(): void {
    const undo = this.#undo;
    this.#undo = [];
    for (const each of undo) each();
    this.#end();
  }

  /** The write was stored: what follows from it is now for the store to say. */
  keep(): void {
    this.#undo = [];
    this.#end();
  }

  #end(): void {
    const ends = this.#ends;
    this.#ends = [];
    for (const each of ends) each();
  }
}

/** A step between defaulting and validation, as the admission plugins of Kubernetes: it may change the object or refuse it by throwing. */
export interface AdmissionPlugin {
  admit(request: AdmissionRequest): KubeObject;
  /** Before an object is deleted or marked for it: refuses by throwing. */
  admitDeletion?(request: Pick<AdmissionRequest, 'definition' | 'object'>): void;
}
