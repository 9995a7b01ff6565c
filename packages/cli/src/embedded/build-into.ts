import { BuildError } from '@slipway/cluster/image/build-error';
import { buildImage } from '@slipway/cluster/image/build/build-image';
import { chooseRunner } from '@slipway/cluster/image/build/choose-runner';
import { ImageStore, type StoredImage } from '@slipway/cluster/image/image-store';
import { defaultCacheBounds, pruneBuildCache } from '@slipway/cluster/image/prune-cache';
import { pruneImages } from '@slipway/cluster/image/prune-images';
import { usageFailure } from '../failure.ts';
import type { DataDirectory } from './data-directory.ts';
import { findImagesInUse } from './images-in-use.ts';
import type { ServerOptions } from './server-options.ts';

export interface BuildRequest {
  readonly contextDirectory: string;
  readonly dockerfile?: string | undefined;
  readonly tag: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  readonly target?: string | undefined;
  readonly level?: ServerOptions['level'] | undefined;
  readonly output: (line: string) => void;
}

/** Builds an image into a cluster's data directory; the cluster need not run. */
export async function buildInto(directory: DataDirectory, { level, ...request }: BuildRequest): Promise<StoredImage> {
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort(new Error('the build was interrupted'));
  process.once('SIGINT', onSignal);
  try {
    const runner = await chooseRunner({ searchPath: process.env['PATH'] ?? '', nodeProgram: process.execPath, level });
    const store = new ImageStore(directory.images);
    const image = await buildImage({ ...request, store, runner, signal: interrupted.signal });
    await prune(directory, store, request.output);
    return image;
  } catch (error) {
    if (error instanceof BuildError) throw usageFailure(error.message, error);
    throw error;
  } finally {
    process.off('SIGINT', onSignal);
  }
}

/** What it cannot find out is in use is kept: the build has succeeded, and the next one tries again. */
async function prune(directory: DataDirectory, store: ImageStore, output: (line: string) => void): Promise<void> {
  const now = Date.now();
  const { minUnusedMilliseconds } = defaultCacheBounds;
  const inUse = await findImagesInUse(directory);
  if (typeof inUse === 'string') output(`Images that have lost their names are kept: ${inUse}.`);
  else if (inUse !== undefined) await pruneImages(store, { now, inUse, minUnusedMilliseconds });
  await pruneBuildCache(store, { now, bounds: defaultCacheBounds });
}
