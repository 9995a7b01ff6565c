import type { Stats } from 'node:fs';
import {
  appendFile,
  chmod,
  lchown,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { FileKind, Files } from '../files.ts';

/** As `stat` counts, whatever the file system's own. */
const bytesOfBlock = 512;

/** The machine's disk. */
export const diskFiles: Files = {
  discards: false,
  async makeDirectory(path, mode) {
    const created = await mkdir(path, { recursive: true });
    if (created !== undefined && mode !== undefined) await chmod(path, mode);
  },
  async writeFile(path, content, mode) {
    await writeFile(path, content);
    await chmod(path, mode);
  },
  append: (path, content) => appendFile(path, content, { mode: 0o640 }),
  read: readRange,
  size: async (path) => (await orUndefined(stat(path)))?.size,
  kindOf,
  list: async (path) => ((await orUndefined(readdir(path))) ?? []).toSorted(),
  rename,
  symlink: (target, path) => symlink(target, path),
  async readLink(path) {
    const link = await orUndefined(lstat(path));
    return link?.isSymbolicLink() === true ? orUndefined(readlink(path)) : undefined;
  },
  async changeGroup(path, group) {
    try {
      await lchown(path, -1, group);
    } catch (error) {
      // A user namespace has one group.
      if (!hasCode(error, 'EPERM', 'EINVAL')) throw error;
    }
  },
  changeMode: (path, mode) => chmod(path, mode),
  usage,
  remove: (path) => rm(path, { recursive: true, force: true }),
  realPath: (path) => orUndefined(realpath(path)),
};

async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await orUndefined(open(path, 'r'));
  if (handle === undefined) return new Uint8Array();
  try {
    const buffer = Buffer.allocUnsafe(length);
    const { bytesRead } = await handle.read(buffer, 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What disappears meanwhile counts nothing. */
async function usage(path: string): Promise<number> {
  const found = await orUndefined(lstat(path));
  let bytes = (found?.blocks ?? 0) * bytesOfBlock;
  if (found?.isDirectory() === true) {
    for (const name of (await orUndefined(readdir(path))) ?? []) bytes += await usage(join(path, name));
  }
  return bytes;
}

async function kindOf(path: string): Promise<FileKind | undefined> {
  const found = await orUndefined(stat(path));
  return found && kindOfStats(found);
}

export function kindOfStats(found: Stats): FileKind {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  if (found.isSocket()) return 'socket';
  if (found.isCharacterDevice()) return 'characterDevice';
  return found.isBlockDevice() ? 'blockDevice' : 'other';
}

export async function orUndefined<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}
