import { dirname, join } from 'node:path';
import { isWithin } from './file-view.ts';
import { lookAt } from './visible.ts';

/** Where files of a container are on this machine, for processes that see the machine's own root. */
export interface MappedPaths {
  readonly mounts: readonly { readonly hostPath: string; readonly containerPath: string }[];
  /** The image's files; undefined when the image is the machine's own root. */
  readonly imageDirectory: string | undefined;
  /** Whether a path at the very top that nobody has is the image's: true while it is built, else it may be no file at all (`/health`). */
  readonly claimsNewPaths: boolean;
}

/** A path that begins a word, also inside a line for a shell: `/app`, `--dir=/app`, `/app/bin:/usr/bin`, `cd "/app" && ls >/app/list`. */
const embeddedPath = /(?<=^|[=:,\s"'<>(;|&])\/(?!\/)[^=:,\s"'<>();|&]*/g;

/** Rewrites every absolute path in `text` that lies inside a mount or the image, and leaves all others alone. */
export function mapPaths(text: string, paths: MappedPaths): string {
  return text.replaceAll(embeddedPath, (path) => mapPath(path, paths) ?? path);
}

/** The absolute paths that `mapPaths` would look at. */
export function pathsIn(text: string): readonly string[] {
  return text.match(embeddedPath) ?? [];
}

/** PATH: what the image adds to a directory of both comes first, and the machine's programs stay. */
export function mapSearchPath(searchPath: string, paths: MappedPaths): string {
  const directories = searchPath.split(':').flatMap((directory) => {
    const mapped = mapPath(directory, paths);
    return mapped === undefined ? [directory] : [mapped, directory];
  });
  return directories.join(':');
}

/** Undefined when the path is the machine's. */
export function mapPath(path: string, paths: MappedPaths): string | undefined {
  const mount = paths.mounts
    .filter(({ containerPath }) => isWithin(path, containerPath))
    .toSorted((one, other) => other.containerPath.length - one.containerPath.length)[0];
  if (mount !== undefined) {
    return join(mount.hostPath, path.slice(mount.containerPath.length));
  }
  if (paths.imageDirectory === undefined || path === '/') {
    return undefined;
  }
  return isImagePath(path, paths.imageDirectory, paths.claimsNewPaths) ? join(paths.imageDirectory, path) : undefined;
}

/**
 * What the image has is the image's; what only the machine has is the machine's (`/usr/bin/env` stays although the image
 * brings `/usr/bin/tool`); what neither has, such as a log file to be written, goes where its directory is.
 */
function isImagePath(path: string, imageDirectory: string, claimsNewPaths: boolean): boolean {
  if (exists(join(imageDirectory, path))) {
    return true;
  }
  if (exists(path)) {
    return false;
  }
  const parent = dirname(path);
  return parent === '/' ? claimsNewPaths : isImagePath(parent, imageDirectory, claimsNewPaths);
}

function exists(path: string): boolean {
  return lookAt(path) !== undefined;
}
