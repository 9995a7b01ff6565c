import { createHash, randomUUID } from 'node:crypto';
import { cp, lstat, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfTree } from './tree-digest.ts';
import { formatReference, type ImageReference } from './reference.ts';

/** What an image says of itself; the field names are those of the OCI image configuration, in camel case. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly user: string;
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string;
}

export interface Image {
  readonly config: ImageConfig;
  /** Digests of layers, the lowest first. */
  readonly layers: readonly string[];
  /** Whether the machine's own root lies below the layers. */
  readonly onMachineRoot: boolean;
  readonly sizeBytes: number;
}

export interface StoredImage extends Image {
  /** `sha256:...` of the rest. */
  readonly id: string;
}

/**
 * Images on disk: `configs/<id>.json`, `layers/<digest>/` with the files of a layer, `tags/<name>` with an id, `cache/<key>`
 * with the layers that a step of a build gave. Everything is written under `tmp` and renamed into place, so that a killed
 * build leaves nothing half-done; what is named by content is never changed.
 */
export class ImageStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async find(reference: ImageReference): Promise<StoredImage | undefined> {
    const id = reference.digest ?? (await readIfExists(this.tagFile(reference)));
    return id === undefined ? undefined : this.get(id);
  }

  async get(id: string): Promise<StoredImage | undefined> {
    const text = await readIfExists(this.configFile(id));
    return text === undefined ? undefined : { ...parseImage(text), id };
  }

  /** Every name that an image has. */
  async listTags(): Promise<readonly string[]> {
    const names = await readdirIfExists(join(this.directory, 'tags'));
    return names.map(decodeURIComponent).toSorted();
  }

  async save(image: Image, reference: ImageReference): Promise<StoredImage> {
    const text = JSON.stringify(image);
    const id = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const former = await readIfExists(this.tagFile(reference));
    await this.writeAtomically(this.configFile(id), text);
    await this.writeAtomically(this.tagFile(reference), id);
    // It has no name any more from now on: whoever has just found it by that may use it for a while.
    if (former !== undefined && former !== id) await touch(this.configFile(former));
    return { ...image, id };
  }

  /** The image, and not what it is made of, which others may be made of too. */
  async remove(id: string): Promise<void> {
    await rm(this.configFile(id), { force: true });
  }

  /** Ids of the images that have a name. */
  async listNamedIds(): Promise<ReadonlySet<string>> {
    const tags = join(this.directory, 'tags');
    const ids = (await readdirIfExists(tags)).map((name) => readIfExists(join(tags, name)));
    return new Set((await Promise.all(ids)).filter((id) => id !== undefined));
  }

  /** Every image, with when it was built or lost its last name, in milliseconds. */
  async listImages(): Promise<ReadonlyArray<{ readonly id: string; readonly usedAt: number }>> {
    const images = (await this.listIds()).map(async (id) => {
      const usedAt = await changedAt(this.configFile(id));
      return usedAt === undefined ? [] : [{ id, usedAt }];
    });
    return (await Promise.all(images)).flat();
  }

  /** A directory for work that `addLayer` or `rm` ends. */
  async createWorkDirectory(): Promise<string> {
    const directory = join(this.directory, 'tmp', randomUUID());
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return directory;
  }

  /** Takes the directory over and gives it its name by content. */
  async addLayer(directory: string): Promise<string> {
    const digest = await digestOfTree(directory);
    const target = this.layerDirectory(digest);
    await mkdir(join(this.directory, 'layers'), { recursive: true, mode: 0o700 });
    try {
      await rename(directory, target);
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      await rm(directory, { recursive: true, force: true });
    }
    return digest;
  }

  layerDirectory(digest: string): string {
    return join(this.directory, 'layers', digest.replace('sha256:', ''));
  }

  /** Of every image, also of those that have lost their name to another one. */
  async listIds(): Promise<readonly string[]> {
    const names = await readdirIfExists(join(this.directory, 'configs'));
    return names.map((name) => `sha256:${name.replace(/\.json$/, '')}`);
  }

  /** The layers that a build step with this key gave before, if all are still there. */
  async findCachedLayers(key: string): Promise<readonly string[] | undefined> {
    const step = join(this.directory, 'cache', key);
    const text = await readIfExists(step);
    if (text !== undefined) await touch(step);
    const layers = text?.split('\n').filter((digest) => digest !== '');
    const present = await Promise.all(layers?.map((digest) => isDirectory(this.layerDirectory(digest))) ?? []);
    return present.every(Boolean) ? layers : undefined;
  }

  cacheLayers(key: string, layers: readonly string[]): Promise<void> {
    return this.writeAtomically(join(this.directory, 'cache', key), layers.join('\n'));
  }

  /** One directory with all layers over each other, for processes that cannot mount. Made once an image. */
  async mergeLayers(layers: readonly string[]): Promise<string> {
    const target = join(this.directory, 'merged', mergedName(layers));
    if (await isDirectory(target)) {
      await touch(target);
      return target;
    }
    const work = await this.createWorkDirectory();
    for (const digest of layers) await copyOver(this.layerDirectory(digest), work);
    await mkdir(join(this.directory, 'merged'), { recursive: true, mode: 0o700 });
    try {
      await rename(work, target);
    } catch (error) {
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
      await rm(work, { recursive: true, force: true });
    }
    return target;
  }

  private async writeAtomically(path: string, text: string): Promise<void> {
    const work = await this.createWorkDirectory();
    const temporary = join(work, 'file');
    await writeFile(temporary, text, { mode: 0o600, flush: true });
    await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
    await rename(temporary, path);
    await rm(work, { recursive: true, force: true });
  }

  private configFile(id: string): string {
    return join(this.directory, 'configs', `${id.replace('sha256:', '')}.json`);
  }

  private tagFile(reference: ImageReference): string {
    return join(this.directory, 'tags', encodeURIComponent(formatReference(reference)));
  }
}

/** What the directory of all layers over each other is called. */
export function mergedName(layers: readonly string[]): string {
  return createHash('sha256').update(layers.join('\n')).digest('hex');
}

/** Files of the upper layer replace those below; a whiteout (a character device 0/0) deletes. */
export async function copyOver(layer: string, target: string): Promise<void> {
  for (const entry of await readdir(layer, { withFileTypes: true })) {
    const from = join(layer, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory()) {
      const isKept = await isDirectory(to);
      if (!isKept) await rm(to, { recursive: true, force: true });
      await mkdir(to, { recursive: true, mode: (await lstat(from)).mode });
      await copyOver(from, to);
    } else {
      await rm(to, { recursive: true, force: true });
      if (!entry.isCharacterDevice()) await cp(from, to, { verbatimSymlinks: true, preserveTimestamps: true });
    }
  }
}

function parseImage(text: string): Image {
  return JSON.parse(text) as Image;
}

/** Says that it is in use: what nobody has used for long is removed from the cache. The file system notes when. */
async function touch(path: string): Promise<void> {
  try {
    const { atime, mtime } = await lstat(path);
    await utimes(path, atime, mtime);
  } catch (error) {
    // Removed in this moment; who wants it finds out.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

/** Milliseconds; undefined where it has gone. */
async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).ctimeMs;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function readdirIfExists(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}
