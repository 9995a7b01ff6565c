/**
 * A disk that remembers what was done to it and what of that was flushed, to see what a machine may find after it has ended at
 * any moment: what was flushed, and of everything else whatever the disk had come to. The files are there all the same.
 */
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';

const builtin = process.getBuiltinModule('node:fs');
/** As they are when nothing is recorded. */
const { openSync, closeSync, write, constants, rmSync, mkdirSync, writeFileSync } = builtin;
const { open, rename, rm } = builtin.promises;

interface Change {
  readonly at: number;
  readonly bytes: Buffer;
}

/** What is on the disk of a file, whatever its name is. */
interface Inode {
  durable: Buffer;
  pending: Change[];
}

type NameChange = (names: Map<string, Inode>) => void;

export class RecordedDisk {
  readonly #folder: string;
  /** As programs see it, and as it is on the disk at least. */
  readonly #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #pendingNames: NameChange[] = [];
  readonly #open = new Map<number, { readonly inode: Inode; readonly flushes: boolean }>();
  #listener: () => void = () => undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Called after each change: the machine may end there. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  holds(path: unknown): path is string {
    return typeof path === 'string' && dirname(path) === this.#folder;
  }

  isOpen(fd: number): boolean {
    return this.#open.has(fd);
  }

  opened(fd: number, path: string, { isNew, flushes }: { readonly isNew: boolean; readonly flushes: boolean }): void {
    const name = basename(path);
    let inode = this.#names.get(name);
    if (inode === undefined) {
      const made: Inode = { durable: Buffer.alloc(0), pending: [] };
      inode = made;
      this.#change((names) => names.set(name, made));
    } else if (isNew) throw new Error(`${path} is cut to nothing, which this disk does not know`);
    this.#open.set(fd, { inode, flushes });
  }

  closed(fd: number): void {
    this.#open.delete(fd);
  }

  written(fd: number, at: number, bytes: Buffer): void {
    const file = this.#open.get(fd);
    if (file === undefined) return;
    file.inode.pending.push({ at, bytes: Buffer.from(bytes) });
    this.#listener();
    if (file.flushes) this.flushed(fd);
  }

  flushed(fd: number): void {
    const inode = this.#open.get(fd)?.inode;
    if (inode === undefined) return;
    for (const change of inode.pending) inode.durable = withChange(inode.durable, change);
    inode.pending = [];
    this.#listener();
  }

  renamed(from: string, to: string): void {
    this.#change((names) => {
      const inode = names.get(basename(from));
      names.delete(basename(from));
      if (inode !== undefined) names.set(basename(to), inode);
    });
  }

  removed(path: string): void {
    this.#change((names) => names.delete(basename(path)));
  }

  folderFlushed(): void {
    this.#durableNames = new Map(this.#names);
    this.#pendingNames = [];
    this.#listener();
  }

  #change(change: NameChange): void {
    change(this.#names);
    this.#pendingNames.push(change);
    this.#listener();
  }

  /** Files as a machine may find them that ended now. `random` gives numbers from 0 to below 1. */
  afterEnd(random: () => number): ReadonlyMap<string, Buffer> {
    const names = new Map(this.#durableNames);
    // Names change in their order.
    for (const change of this.#pendingNames.slice(0, Math.floor(random() * (this.#pendingNames.length + 1))))
      change(names);
    const files = new Map<string, Buffer>();
    for (const [name, { durable, pending }] of names) {
      let bytes = durable;
      for (const { at, bytes: written } of pending) {
        const part = random() < 0.4 ? written.length : Math.floor(random() * written.length);
        if (random() < 0.7) bytes = withChange(bytes, { at, bytes: written.subarray(0, part) });
      }
      files.set(name, bytes);
    }
    return files;
  }
}

function withChange(before: Buffer, { at, bytes }: Change): Buffer {
  const after = Buffer.alloc(Math.max(before.length, at + bytes.length));
  before.copy(after);
  bytes.copy(after, at);
  return after;
}

let disk: RecordedDisk | undefined;

/** From now on all of this process is recorded, until it is undefined. */
export function recordOn(recorded: RecordedDisk | undefined): void {
  disk = recorded;
  Object.assign(builtin, recorded === undefined ? { openSync, closeSync, write } : recordedFs);
  Object.assign(builtin.promises, recorded === undefined ? { open, rename, rm } : recordedPromises);
  syncBuiltinESMExports();
}

function opensNew(flags: unknown): boolean {
  return flags === 'w' || (typeof flags === 'number' && (flags & constants.O_TRUNC) !== 0);
}

function flushesEachWrite(flags: unknown): boolean {
  return typeof flags === 'number' && (flags & constants.O_DSYNC) !== 0;
}

/** What `writev` writes is not recorded: zeros at the end of a file, which read the same if they are lost. */
const recordedFs = {
  openSync: (path: string, flags: string | number, mode?: number): number => {
    const fd = openSync(path, flags, mode);
    if (flags !== 'r' && disk?.holds(path) === true)
      disk.opened(fd, path, { isNew: opensNew(flags), flushes: flushesEachWrite(flags) });
    return fd;
  },
  closeSync: (fd: number): void => {
    disk?.closed(fd);
    closeSync(fd);
  },
  write: (...[fd, bytes, from, length, at, done]: WriteArguments): void =>
    write(fd, bytes, from, length, at, (error, written) => {
      if (error === null) disk?.written(fd, at, bytes.subarray(from, from + written));
      done(error, written);
    }),
};

type WriteArguments = [
  fd: number,
  bytes: Buffer,
  from: number,
  length: number,
  at: number,
  done: (error: Error | null, written: number) => void,
];

const recordedPromises: Partial<typeof builtin.promises> = {
  open: async (path, flags, mode) => {
    const file = await open(path, flags, mode);
    const { fd } = file;
    const recorded = disk;
    if (recorded === undefined) return file;
    if (recorded.holds(path) && flags !== 'r') recorded.opened(fd, path, { isNew: opensNew(flags), flushes: false });
    let end = 0;
    return new Proxy(file, {
      get: (_, name) => {
        if (name === 'write')
          return async (bytes: Buffer, from: number) => {
            const written = await file.write(bytes, from);
            recorded.written(fd, end, bytes.subarray(from, from + written.bytesWritten));
            end += written.bytesWritten;
            return written;
          };
        if (name === 'sync' || name === 'datasync')
          return async () => {
            await file.datasync();
            if (recorded.isOpen(fd)) recorded.flushed(fd);
            else recorded.folderFlushed();
          };
        if (name === 'close')
          return async () => {
            recorded.closed(fd);
            await file.close();
          };
        if (name === 'then') return undefined;
        throw new Error(`this disk knows nothing of ${String(name)}`);
      },
    });
  },
  rename: async (from, to) => {
    await rename(from, to);
    if (disk?.holds(from) === true) disk.renamed(from, String(to));
  },
  rm: async (path, options) => {
    await rm(path, options);
    if (disk?.holds(path) === true) disk.removed(path);
  },
};

/** Writes the files of a machine that has ended into a folder. */
export function writeFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}
