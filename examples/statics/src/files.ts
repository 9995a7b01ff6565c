import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { extname, join, sep } from 'node:path';

export interface FileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: no body. */
  readonly body?: { readonly path: string; readonly start: number; readonly end: number } | undefined;
}

interface FoundFile {
  readonly path: string;
  readonly size: number;
  readonly modified: Date;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** Decides what a request for a file is answered with. `path` is that of the URL, still encoded. */
export async function answerFile(
  directory: string,
  request: { readonly path: string; readonly headers: IncomingHttpHeaders },
): Promise<FileAnswer> {
  const decoded = decodePath(request.path);
  if (decoded === undefined) {
    return { status: 400, headers: {} };
  }
  const file = await findFile(directory, decoded);
  if (file === undefined) {
    return { status: 404, headers: {} };
  }
  const entityTag = `"${file.size.toString(36)}-${file.modified.getTime().toString(36)}"`;
  const headers = {
    etag: entityTag,
    'last-modified': file.modified.toUTCString(),
    'accept-ranges': 'bytes',
    // To be asked for again each time, and answered with 304: a release shows at once.
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
  if (isUnchanged(request.headers, entityTag, file.modified)) {
    return { status: 304, headers };
  }
  const typed = { ...headers, 'content-type': contentTypes[extname(file.path)] ?? 'application/octet-stream' };
  return answerRange(file, typed, rangeOf(request.headers, entityTag, file));
}

export function openBody({ path, start, end }: NonNullable<FileAnswer['body']>) {
  return createReadStream(path, { start, end });
}

/** Undefined for what is no path, and for names that no file can have. */
function decodePath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

/** Nothing outside the directory is ever found: neither by `..` nor through a symbolic link. */
async function findFile(directory: string, path: string): Promise<FoundFile | undefined> {
  try {
    const top = await realpath(directory);
    const real = await realpath(join(top, path));
    if (real !== top && !real.startsWith(top + sep)) return undefined;
    const stats = await stat(real);
    if (stats.isDirectory())
      return path.includes('index.html') ? undefined : await findFile(top, join(path, 'index.html'));
    return stats.isFile() ? { path: real, size: stats.size, modified: wholeSeconds(stats.mtime) } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const codes: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES'];
  return error instanceof Error && 'code' in error && codes.includes(error.code);
}

/** HTTP dates have no finer resolution, and a comparison must not fail by it. */
function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1_000) * 1_000);
}

/** If-None-Match decides alone where both are sent: RFC 9110, section 13.2.2. */
function isUnchanged(headers: IncomingHttpHeaders, entityTag: string, modified: Date): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === entityTag);
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && modified.getTime() <= since;
}

type Range = 'whole' | 'unsatisfiable' | { readonly start: number; readonly end: number };

/** One range; several, a malformed one, or one for another version of the file are answered with the whole, as RFC 9110 allows. */
function rangeOf(headers: IncomingHttpHeaders, entityTag: string, file: FoundFile): Range {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if ((first === '' && last === '') || !isForThisVersion(headers, entityTag, file)) {
    return 'whole';
  }
  const end = file.size - 1;
  if (first === '') {
    return boundedRange(Math.max(0, file.size - Number(last)), end);
  }
  const isBackwards = last !== '' && Number(first) > Number(last);
  return isBackwards ? 'whole' : boundedRange(Number(first), last === '' ? end : Math.min(Number(last), end));
}

function isForThisVersion(headers: IncomingHttpHeaders, entityTag: string, { modified }: FoundFile): boolean {
  const condition = headers['if-range'];
  return condition === undefined || condition === entityTag || Date.parse(String(condition)) === modified.getTime();
}

function boundedRange(start: number, end: number): Range {
  return start > end ? 'unsatisfiable' : { start, end };
}

function answerRange(file: FoundFile, headers: Readonly<Record<string, string>>, range: Range): FileAnswer {
  const { path, size } = file;
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } };
  }
  const { start, end } = range === 'whole' ? { start: 0, end: size - 1 } : range;
  const length = String(end - start + 1);
  const body = size === 0 ? undefined : { path, start, end };
  return range === 'whole'
    ? { status: 200, headers: { ...headers, 'content-length': length }, body }
    : {
        status: 206,
        headers: { ...headers, 'content-length': length, 'content-range': `bytes ${start}-${end}/${size}` },
        body,
      };
}
