/** The files of the dashboard as they were built: read once, so that a build that is made anew disturbs nobody. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

export interface PageFile {
  /** `assets/main-1a2b3c.js` */
  readonly path: string;
  readonly type: string;
  /** As it stands in a header: weak, since the same file is sent plain and compressed. */
  readonly etag: string;
  readonly plain: Buffer;
  /** Absent where it would save nothing. */
  readonly compressed: Buffer | undefined;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Empty where nothing was built. */
export async function readPageFiles(directory: string): Promise<readonly PageFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map((path) => readPageFile(directory, path)));
}

async function readPageFile(directory: string, path: string): Promise<PageFile> {
  const plain = await readFile(path);
  const small = await promisify(gzip)(plain, { level: constants.Z_BEST_COMPRESSION });
  return {
    path: relative(directory, path).split(sep).join('/'),
    type: types[extname(path)] ?? 'application/octet-stream',
    etag: `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
    plain,
    compressed: small.length < plain.length ? small : undefined,
  };
}
