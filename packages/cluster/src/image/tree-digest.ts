import { createHash, type Hash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** `sha256:...` of a tree: names, kinds, permissions, owners and contents, but not times, which differ between two equal builds. */
export function digestOfTree(path: string): Promise<string> {
  return digest(path, ({ uid, gid }) => [String(uid), String(gid)]);
}

/** The same of what is to be copied and belongs to somebody else afterwards: whose it is makes no difference. */
export function digestOfSource(path: string): Promise<string> {
  return digest(path, () => []);
}

type OwnerOf = (stats: Stats) => readonly string[];

async function digest(path: string, ownerOf: OwnerOf): Promise<string> {
  const hash = createHash('sha256');
  await addEntry(hash, { path, name: '', ownerOf });
  return `sha256:${hash.digest('hex')}`;
}

interface Entry {
  readonly path: string;
  /** Within the tree. */
  readonly name: string;
  readonly ownerOf: OwnerOf;
}

async function addEntry(hash: Hash, { path, name, ownerOf }: Entry): Promise<void> {
  const stats = await lstat(path);
  const permissions = (stats.mode & 0o7777).toString(8);
  const owner = ownerOf(stats);
  if (stats.isDirectory()) {
    addLine(hash, ['directory', name, permissions, ...owner]);
    for (const child of (await readdir(path)).toSorted())
      await addEntry(hash, { path: join(path, child), name: `${name}/${child}`, ownerOf });
  } else if (stats.isSymbolicLink()) {
    addLine(hash, ['link', name, await readlink(path), ...owner]);
  } else if (stats.isFile()) {
    addLine(hash, ['file', name, permissions, String(stats.size), ...owner]);
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } else {
    addLine(hash, ['other', name, String(stats.mode), String(stats.rdev), ...owner]);
  }
}

/** JSON, so that no name can be mistaken for the end of one. */
function addLine(hash: Hash, fields: readonly string[]): void {
  hash.update(`${JSON.stringify(fields)}\n`);
}

export async function sizeOfTree(path: string): Promise<number> {
  const stats = await lstat(path);
  if (!stats.isDirectory()) {
    return stats.size;
  }
  let size = 0;
  for (const child of await readdir(path)) size += await sizeOfTree(join(path, child));
  return size;
}
