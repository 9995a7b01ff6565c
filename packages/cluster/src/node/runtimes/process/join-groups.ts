const script = `
while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done
shift; exec "$@"
`;

/** The same command, in control groups. */
export function joinGroups(groupEntries: readonly string[], command: readonly string[]): readonly string[] {
  return groupEntries.length === 0 ? command : ['/bin/sh', '-c', script, 'sh', ...groupEntries, '--', ...command];
}
