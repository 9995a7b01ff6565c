import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** `sha256:...` of a tree: names, kinds, permissions and contents, but not times, which differ between two equal builds. */
export async function digestOfTree(path: string): Promise<string> {
  const hash = createHash('sha256');
  await addEntry(hash, path, '');
  return `sha256:${hash.digest('hex')}`;
}

async function addEntry(hash: Hash, path: string, name: string): Promise<void> {
  const stats = await lstat(path);
  const permissions = (stats.mode & 0o7777).toString(8);
  if (stats.isDirectory()) {
    addLine(hash, ['directory', name, permissions]);
    for (const child of (await readdir(path)).toSorted()) await addEntry(hash, join(path, child), `${name}/${child}`);
  } else if (stats.isSymbolicLink()) {
    addLine(hash, ['link', name, await readlink(path)]);
  } else if (stats.isFile()) {
    addLine(hash, ['file', name, permissions, String(stats.size)]);
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } else {
    addLine(hash, ['other', name, String(stats.mode), String(stats.rdev)]);
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
