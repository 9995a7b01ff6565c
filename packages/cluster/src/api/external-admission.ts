import type { KubeObject } from '@slipway/kube/object';
import type { GroupVersionKind, ResourceDefinition } from '../schema/definition.ts';
import type { Identity } from './authorization.ts';

/** One write, as it is told to those outside of this server who may change or refuse it. */
export interface ExternalWrite {
  readonly operation: 'CONNECT' | 'CREATE' | 'UPDATE' | 'DELETE';
  readonly identity: Identity;
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string;
  /** Of what the subresource is sent, where that is not the object itself. */
  readonly sent?: GroupVersionKind | undefined;
  /** Absent on create. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** As in `CreateOptions`; of a connection there are none. */
  readonly options: object | null;
  readonly warn: (message: string) => void;
  /** When all must have answered, in milliseconds. */
  readonly deadline: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

/** What a subresource is sent that is no view of its object: an Eviction, or what is asked of a connection. */
export interface SentObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  /** The options of a connection have none. */
  readonly metadata?: KubeObject['metadata'] | undefined;
}

/** Whom the objects of the cluster say that they are to be asked, which takes a while. */
export interface ExternalAdmission {
  /** Whether there is anybody at all: every write asks this. */
  isAsked(definition: ResourceDefinition): boolean;
  /** The object as they change it, or the very same; `object` is absent where one is deleted. Rejects with why it may not be. */
  mutate(object: KubeObject | undefined, write: ExternalWrite): Promise<KubeObject | undefined>;
  /** Rejects with why it may not be written. */
  validate(object: KubeObject | undefined, write: ExternalWrite): Promise<void>;
  /** Both, of what a subresource is sent: what they make of it, or the very same. */
  ask(object: SentObject, write: ExternalWrite): Promise<SentObject>;
}
