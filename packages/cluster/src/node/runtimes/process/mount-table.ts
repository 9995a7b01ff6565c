/** One line of the fstab with which a container's root is mounted: all of it by a single `mount -a`. */
export interface MountEntry {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
}

export function formatMountTable(entries: readonly MountEntry[]): string {
  return entries
    .map(
      ({ source, target, type, options }) => `${[source, target, type, options.join(',')].map(escape).join(' ')} 0 0\n`,
    )
    .join('');
}

function escape(field: string): string {
  return field.replaceAll(
    /[\s\\#]/g,
    (character) => `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`,
  );
}
