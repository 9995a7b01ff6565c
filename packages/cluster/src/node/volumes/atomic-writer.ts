/**
 * Replaces all files of a volume at once: they lie in a folder with a name of its own, and the link `..data`, through which
 * every visible name goes, is renamed over. A reader sees the old files or the new ones, never a mixture.
 */
import { dirname, join } from 'node:path';
import type { FileKind, Files } from '../files.ts';
import { groupDirectoryMode, groupReadBits } from './fs-group.ts';
import type { VolumeFiles } from './volume-files.ts';

const dataLink = '..data';

export interface VolumeContent {
  readonly content: VolumeFiles;
  /** Names the folder. */
  readonly version: string;
  /** Who may read all of it, whatever the modes say. */
  readonly group: number | undefined;
  /** Names of former folders of which something is still mounted by itself. */
  readonly kept?: ReadonlySet<string> | undefined;
}

/** Resolves to whether anything had to be done. */
export async function writeAtomically(
  files: Files,
  directory: string,
  { content, version, group, kept = new Set() }: VolumeContent,
): Promise<boolean> {
  const current = await readDataLink(files, directory);
  if (current !== undefined && (await isCurrent(files, join(directory, current), content))) return false;
  const folder = nameFolder(version, new Set([...kept, ...(current === undefined ? [] : [current])]));
  try {
    await writeFolder(files, join(directory, folder), { content, group });
  } catch (error) {
    // Where there is no space left, what has been written would keep others from theirs, and the next attempt has another name.
    await files.remove(join(directory, folder));
    throw error;
  }
  const temporary = join(directory, `${dataLink}_tmp`);
  await files.remove(temporary);
  await files.symlink(folder, temporary);
  await files.rename(temporary, join(directory, dataLink));
  await updateVisibleLinks(files, directory, content);
  await removeFormer(files, directory, new Set([...kept, dataLink, folder]));
  return true;
}

/** Only what a writer can have made is followed: one name, which no file of the volume can have. */
async function readDataLink(files: Files, directory: string): Promise<string | undefined> {
  const target = await files.readLink(join(directory, dataLink));
  return target !== undefined && /^\.\.[^/]+$/.test(target) ? target : undefined;
}

/** Two contents of one millisecond may come with one version: what is served must not be written over, nor removed as the former. */
function nameFolder(version: string, taken: ReadonlySet<string>): string {
  let folder = `..${version}`;
  while (taken.has(folder)) folder += '_';
  return folder;
}

/** Also what a writer left that was killed before its link. */
async function removeFormer(files: Files, directory: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await files.list(directory)) {
    if (name.startsWith('..') && !kept.has(name)) await files.remove(join(directory, name));
  }
}

async function isCurrent(files: Files, folder: string, content: VolumeFiles): Promise<boolean> {
  if ((await realKindOf(files, folder)) !== 'directory') return false;
  const paths = await listFiles(files, folder, '');
  if (paths.length !== content.size) return false;
  for (const path of paths) {
    const wanted = content.get(path);
    if (wanted === undefined || (await realKindOf(files, join(folder, path))) !== 'file') return false;
    const found = await files.read(join(folder, path), 0, wanted.content.length + 1);
    if (Buffer.compare(found, wanted.content) !== 0) return false;
  }
  return true;
}

async function listFiles(files: Files, folder: string, prefix: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await files.list(join(folder, prefix))) {
    const path = join(prefix, name);
    const isFolder = (await realKindOf(files, join(folder, path))) === 'directory';
    if (isFolder) found.push(...(await listFiles(files, folder, path)));
    else found.push(path);
  }
  return found;
}

/** Of a link none: it may lead anywhere, and back again. */
async function realKindOf(files: Files, path: string): Promise<FileKind | undefined> {
  return (await files.readLink(path)) === undefined ? files.kindOf(path) : undefined;
}

async function writeFolder(
  files: Files,
  folder: string,
  { content, group }: Pick<VolumeContent, 'content' | 'group'>,
): Promise<void> {
  await makeGroupDirectory(files, folder, group);
  for (const [path, file] of content) {
    await makeGroupDirectory(files, dirname(join(folder, path)), group);
    await files.writeFile(join(folder, path), file.content, file.mode);
    if (group === undefined) continue;
    await files.changeGroup(join(folder, path), group);
    await files.changeMode(join(folder, path), file.mode | groupReadBits);
  }
}

async function makeGroupDirectory(files: Files, path: string, group: number | undefined): Promise<void> {
  await files.makeDirectory(path, 0o755);
  if (group === undefined) return;
  await files.changeGroup(path, group);
  await files.changeMode(path, groupDirectoryMode);
}

async function updateVisibleLinks(files: Files, directory: string, content: VolumeFiles): Promise<void> {
  const wanted = new Set([...content.keys()].map((path) => path.split('/')[0] ?? path));
  for (const name of wanted) {
    const link = join(directory, name);
    if ((await files.readLink(link)) === undefined) await files.symlink(join(dataLink, name), link);
  }
  for (const name of await files.list(directory)) {
    if (!name.startsWith('..') && !wanted.has(name)) await files.remove(join(directory, name));
  }
}
