import { mapPath, pathsIn, type MappedPaths } from './path-mapping.ts';

/** Whether a line for a shell, or a word of a command, names the program. */
const namesTar = /(^|[\s;|&(/])tar(\s|$)/;

/**
 * What tells GNU tar to write names into an archive as the container has them, where paths of the command are rewritten:
 * `kubectl cp` asks for `tar cf - /data/x` and takes only what begins with `data/x`. Empty where nothing is to be told.
 * https://www.gnu.org/software/tar/manual/html_section/transform.html
 */
export function tarOptionsOf(
  command: readonly string[],
  paths: MappedPaths,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (!command.some((word) => namesTar.test(word))) return {};
  const renamed = command.flatMap(pathsIn).flatMap((path) => {
    const mapped = mapPath(path, paths);
    return mapped === undefined ? [] : [renaming(mapped, path)];
  });
  const options = [environment['TAR_OPTIONS'] ?? '', ...new Set(renamed)].filter((option) => option !== '');
  return renamed.length === 0 ? {} : { TAR_OPTIONS: options.join(' ') };
}

/** Of names of files and of hard links, from which tar has taken the first slash; symbolic links stay as they are. */
function renaming(from: string, to: string): string {
  return `'--transform=flags=rhS;s,^/?${pattern(from.slice(1))},${replacement(to.slice(1))},x'`;
}

/** What would end the quotes or the pattern is any character. */
function pattern(path: string): string {
  return path.replaceAll(/[$*+?.(){}|[\]]/g, '[$&]').replaceAll(/['\\^,]/g, '.');
}

function replacement(path: string): string {
  return path.replaceAll(/[&,]/g, String.raw`\$&`);
}
