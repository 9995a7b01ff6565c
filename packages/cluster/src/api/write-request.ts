import type { Identity } from './authorization.ts';
import type { Decoding } from './decode-object.ts';
import type { DeleteRequest } from './deletion.ts';
import type { SentPatch } from './invalid-patch.ts';
import type { Target } from './resource-store.ts';
import type { Preconditions } from './write-preconditions.ts';

export interface WriteRequest extends Decoding {
  /** Who asks. */
  readonly identity: Identity;
  readonly namespace: string | undefined;
  /** Empty for a create. */
  readonly name: string;
  readonly subresource: string;
  readonly dryRun: boolean;
  readonly fieldManager: string;
  /** What was sent in place of an object. */
  readonly patch?: SentPatch | undefined;
  /** Whether webhooks are asked; absent: they are. */
  readonly asks?: 'others' | 'nobody';
  /** Its signal is aborted when nobody waits for the answer any more; it is made for who asks for it, which costs. */
  readonly sender?: { readonly signal?: AbortSignal | undefined } | undefined;
}

export interface DeletionRequest extends Target, DeleteRequest {
  readonly identity: Identity;
  readonly preconditions?: Preconditions | undefined;
  readonly dryRun: boolean;
  readonly warn: (message: string) => void;
  readonly sender?: WriteRequest['sender'];
  /** Whether those outside of this server are asked; they are unless it is said. */
  readonly asks?: 'others' | 'nobody';
}
