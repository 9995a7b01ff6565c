/** Removes images that nobody can ask for any more: without a name, and in use by nobody. */
import type { ImageStore } from './image-store.ts';

export interface ImagePruning {
  readonly now: number;
  /** `sha256:...` of the images that what there is in the cluster refers to. */
  readonly inUse: ReadonlySet<string>;
  /** Who has just asked for it by a name that it has lost since may not show yet. */
  readonly minUnusedMilliseconds: number;
}

/** What only they were made of goes with the cache of builds. Gives the ids of those that have gone. */
export async function pruneImages(store: ImageStore, pruning: ImagePruning): Promise<readonly string[]> {
  const { now, inUse, minUnusedMilliseconds } = pruning;
  const before = now - minUnusedMilliseconds;
  const named = await store.listNamedIds();
  const idle = (await store.listImages()).filter(
    ({ id, usedAt }) => !named.has(id) && !inUse.has(id) && usedAt < before,
  );
  for (const { id } of idle) await store.remove(id);
  return idle.map(({ id }) => id);
}
