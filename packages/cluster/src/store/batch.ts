import { type Mutation, RevisionConflict, type StoredObject, type StoreEvent } from './store.ts';

export interface PlannedWrite<W> {
  readonly write: W;
  readonly event: StoreEvent;
  /** What the event leaves behind; absent for a deletion. */
  readonly object: StoredObject | undefined;
}

/** What becomes of the writes of one batch. */
export interface BatchPlan<W> {
  /** In the order of their revisions. */
  readonly accepted: readonly PlannedWrite<W>[];
  /** Refused whatever becomes of the batch. */
  readonly refused: ReadonlyArray<{ readonly write: W; readonly error: unknown }>;
  /** In conflict with an accepted write of the same batch, which nobody may hear of before it is durable. */
  readonly conflicting: readonly W[];
}

/**
 * Decides a batch: each write is checked against the newest state that it follows, durable or accepted before it in the
 * same batch, and gets the next revision. `durable` is the state before the batch, `revision` its revision.
 */
export function planBatch<W extends { readonly mutation: Mutation }>(
  writes: readonly W[],
  durable: { readonly revision: number; get(key: string): StoredObject | undefined },
): BatchPlan<W> {
  const accepted: PlannedWrite<W>[] = [];
  const refused: { write: W; error: unknown }[] = [];
  const conflicting: W[] = [];
  const pending = new Map<string, StoredObject | undefined>();
  for (const write of writes) {
    const { key, expected } = write.mutation;
    const isPending = pending.has(key);
    const current = isPending ? pending.get(key) : durable.get(key);
    if ((current?.revision ?? 0) !== expected) {
      if (isPending) conflicting.push(write);
      else refused.push({ write, error: new RevisionConflict(key, current) });
      continue;
    }
    const outcome = tryEncode(write.mutation, current, durable.revision + accepted.length + 1);
    if ('error' in outcome) {
      refused.push({ write, error: outcome.error });
      continue;
    }
    const { event, object } = outcome;
    accepted.push({ write, event, object });
    pending.set(key, object);
  }
  return { accepted, refused, conflicting };
}

/** The fault of one writer's `encode` is that writer's alone. */
function tryEncode(
  mutation: Mutation,
  current: StoredObject | undefined,
  revision: number,
): Omit<PlannedWrite<unknown>, 'write'> | { readonly error: unknown } {
  const { key, encode } = mutation;
  if (encode === undefined) {
    if (current === undefined) return { error: new RangeError(`nothing to delete at ${key}: name its revision`) };
    return { event: { type: 'delete', key, revision, value: current.value, previous: current }, object: undefined };
  }
  try {
    const value = encode(revision);
    return {
      event: { type: 'put', key, revision, value, previous: current },
      object: { key, value, revision, bytes: Buffer.byteLength(value) },
    };
  } catch (error) {
    return { error };
  }
}
