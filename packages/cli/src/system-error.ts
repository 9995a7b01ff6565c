/** An error of a system call, as Node reports it. */
export interface SystemError extends Error {
  readonly code: string;
  readonly path?: string;
}

export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

const sentences: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is a file and not a directory',
  EEXIST: 'it exists already',
  EISDIR: 'it is a directory',
  ENOENT: 'there is no such file or directory',
  EMFILE: 'this process has too many files open',
};

/** Why the call failed, for people. */
export function describeSystemError({ code, message }: SystemError): string {
  return sentences[code] ?? message;
}
