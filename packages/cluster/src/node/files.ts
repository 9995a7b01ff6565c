/**
 * The disk, as volumes and logs need it. Implementations: the machine's (`platform/disk-files.ts`) and one that keeps
 * nothing (`runtimes/simulated/discarding-files.ts`). Paths are absolute. What is missing is an empty answer, not an error.
 */
export interface Files {
  /** Nothing that is written can be read again: there is no use in keeping it up to date. */
  readonly discards: boolean;
  /** With its parents. An existing one keeps its mode. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** Creates or replaces; `mode` holds whatever the umask. */
  writeFile(path: string, content: Uint8Array, mode: number): Promise<void>;
  append(path: string, content: Uint8Array): Promise<void>;
  /** At most `length` bytes from `offset`; fewer at the end of the file. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Undefined if there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** Follows links. */
  kindOf(path: string): Promise<FileKind | undefined>;
  /** Names in a directory, sorted. */
  list(path: string): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string | undefined>;
  /** A file or directory itself. Without the rights for it the group stays: then all containers are the same user anyway. */
  changeGroup(path: string, group: number): Promise<void>;
  changeMode(path: string, mode: number): Promise<void>;
  /** Bytes on the disk of a directory with all that is in it. */
  usage(path: string): Promise<number>;
  /** A file, or a directory with all that is in it. Links are removed, not followed. */
  remove(path: string): Promise<void>;
  /** The path with every link resolved. */
  realPath(path: string): Promise<string | undefined>;
}

/** A directory, and how to work in it. */
export interface FilePlace {
  readonly files: Files;
  readonly directory: string;
}

export type FileKind = 'file' | 'directory' | 'socket' | 'characterDevice' | 'blockDevice' | 'other';
