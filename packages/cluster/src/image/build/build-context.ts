import { readdir, readFile, stat } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { BuildError } from '../build-error.ts';
import { globToPattern, parseIgnoreRules, type IgnoreRules } from './ignore.ts';

/** The directory that is built from, as COPY sees it. */
export interface BuildContext {
  readonly directory: string;
  readonly ignore: IgnoreRules;
}

export async function openContext(directory: string): Promise<BuildContext> {
  const stats = await stat(directory).catch((error: unknown) => {
    throw new BuildError(`the build context "${directory}" cannot be read: expected a directory`, { cause: error });
  });
  if (!stats.isDirectory()) {
    throw new BuildError(
      `the build context "${directory}" is a file: expected the directory that holds the Dockerfile`,
    );
  }
  const rules = await readFile(join(directory, '.dockerignore'), 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  return { directory, ignore: parseIgnoreRules(rules) };
}

/** Paths that a source of COPY names, from the top of the tree. One without a pattern may not exist. */
export async function expandSource(
  top: string,
  source: string,
  ignore: IgnoreRules | undefined,
): Promise<readonly string[]> {
  const path = posix.normalize(source.replace(/^\/+/, '')).replace(/\/$/, '');
  const isIgnored = (candidate: string): boolean => ignore?.isIgnored(candidate) ?? false;
  if (!/[*?[]/.test(path)) return isIgnored(path) ? [] : [path];
  const pattern = new RegExp(globToPattern(path).source.replace('(?:/.*)?$', '$'));
  const all = await readdir(top, { recursive: true, withFileTypes: true });
  return all
    .map((entry) => relative(top, join(entry.parentPath, entry.name)))
    .filter((candidate) => pattern.test(candidate) && !isIgnored(candidate))
    .toSorted();
}
