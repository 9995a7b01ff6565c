import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import type { FileKind, Files } from '../files.ts';
import { diskFiles, kindOfStats, orUndefined } from './disk-files.ts';

const { O_CREAT, O_NONBLOCK, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/**
 * For directories in memory: there a call is over before another thread would have heard of it. None waits, not even for a
 * pipe that a container has put in the place of a file.
 */
export const memoryFiles: Files = {
  ...diskFiles,
  async makeDirectory(path, mode) {
    const created = mkdirSync(path, { recursive: true });
    if (created !== undefined && mode !== undefined) chmodSync(path, mode);
  },
  async writeFile(path, content, mode) {
    const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK);
    try {
      for (let at = 0; at < content.length;) at += writeSync(file, content, at);
      fchmodSync(file, mode);
    } finally {
      closeSync(file);
    }
  },
  read: async (path, offset, length) => (await orUndefined(readRange(path, offset, length))) ?? new Uint8Array(),
  kindOf: (path) => orUndefined(fetchKind(path)),
  list: async (path) => (await orUndefined(fetchNames(path))) ?? [],
  rename: async (from, to) => renameSync(from, to),
  symlink: async (target, path) => symlinkSync(target, path),
  readLink: (path) => orUndefined(fetchLink(path)),
  changeMode: async (path, mode) => chmodSync(path, mode),
  remove: async (path) => rmSync(path, { recursive: true, force: true }),
};

async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(file, buffer, 0, length, offset));
  } finally {
    closeSync(file);
  }
}

async function fetchKind(path: string): Promise<FileKind> {
  return kindOfStats(statSync(path));
}

async function fetchNames(path: string): Promise<readonly string[]> {
  return readdirSync(path).toSorted();
}

async function fetchLink(path: string): Promise<string | undefined> {
  return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
}
