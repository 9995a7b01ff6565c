import type { Identity } from './authorization.ts';
import type { Decoding } from './decode-object.ts';
import type { SentPatch } from './invalid-patch.ts';

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
