/** Bounds what builds leave for the next ones. Images are no part of it (see `prune-images.ts`), and neither is what they are made of. */
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ImageStore, mergedName } from './image-store.ts';

export interface CacheBounds {
  /** Steps of builds whose layers are kept, the most recently used ones. */
  readonly maxSteps: number;
  /** What is used by a build that runs beside this is not older. */
  readonly minUnusedMilliseconds: number;
}

export const defaultCacheBounds: CacheBounds = { maxSteps: 500, minUnusedMilliseconds: 24 * 60 * 60_000 };

interface Pruning {
  readonly now: number;
  readonly bounds: CacheBounds;
}

export async function pruneBuildCache(store: ImageStore, pruning: Pruning): Promise<void> {
  const { directory } = store;
  const { now, bounds } = pruning;
  const before = now - bounds.minUnusedMilliseconds;
  const images = await Promise.all((await store.listIds()).map((id) => store.get(id)));
  const ofImages = images.flatMap((image) => (image === undefined ? [] : [image.layers]));
  const steps = (await listUses(join(directory, 'cache'))).toSorted((a, b) => b.usedAt - a.usedAt);
  const kept = steps.filter(({ usedAt }, index) => index < bounds.maxSteps || usedAt > before);
  // Before their layers, so that no step is left that refers to what has gone.
  await removeAll(steps.slice(kept.length));
  const ofSteps = await Promise.all(kept.map(({ path }) => layersOfStep(path)));
  const layers = new Set([...ofImages, ...ofSteps].flat().map((digest) => digest.replace('sha256:', '')));
  const merged = new Set(ofImages.map(mergedName));
  await removeAll(unused(await listUses(join(directory, 'layers')), { names: layers, before }));
  await removeAll(unused(await listUses(join(directory, 'merged')), { names: merged, before }));
  // Of builds that were killed.
  await removeAll(unused(await listUses(join(directory, 'tmp')), { names: new Set(), before }));
}

interface Use {
  readonly name: string;
  readonly path: string;
  /** When it was made, renamed into place or touched. */
  readonly usedAt: number;
}

async function listUses(directory: string): Promise<readonly Use[]> {
  const names = await readdir(directory).catch(ignoreMissing);
  const uses = await Promise.all((names ?? []).map((name) => useOf(directory, name)));
  return uses.filter((use) => use !== undefined);
}

/** Undefined: it has gone since it was listed. */
async function useOf(directory: string, name: string): Promise<Use | undefined> {
  const path = join(directory, name);
  const stats = await lstat(path).catch(ignoreMissing);
  return stats && { name, path, usedAt: stats.ctimeMs };
}

async function layersOfStep(path: string): Promise<readonly string[]> {
  return (await readFile(path, 'utf8').catch(ignoreMissing))?.split('\n') ?? [];
}

function unused(
  uses: readonly Use[],
  { names, before }: { readonly names: ReadonlySet<string>; readonly before: number },
): readonly Use[] {
  return uses.filter(({ name, usedAt }) => !names.has(name) && usedAt < before);
}

async function removeAll(uses: readonly Use[]): Promise<void> {
  for (const { path } of uses) await rm(path, { recursive: true, force: true });
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
