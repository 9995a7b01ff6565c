import type { KubeObject } from '@slipway/kube/object';
import type { ResourceDefinition } from '../schema/definition.ts';
import type { Identity } from './authorization.ts';

/** One write, as it is told to those outside of this server who may change or refuse it. */
export interface ExternalWrite {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly identity: Identity;
  readonly definition: ResourceDefinition;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly subresource: string;
  /** Absent on create. */
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
  /** As in `CreateOptions`. */
  readonly options: object;
  readonly warn: (message: string) => void;
  /** When all must have answered, in milliseconds. */
  readonly deadline: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

/** Whom the objects of the cluster say that they are to be asked, which takes a while. */
export interface ExternalAdmission {
  /** Whether there is anybody at all: every write asks this. */
  isAsked(definition: ResourceDefinition): boolean;
  /** The object as they change it, or the very same; `object` is absent where one is deleted. Rejects with why it may not be. */
  mutate(object: KubeObject | undefined, write: ExternalWrite): Promise<KubeObject | undefined>;
  /** Rejects with why it may not be written. */
  validate(object: KubeObject | undefined, write: ExternalWrite): Promise<void>;
}
