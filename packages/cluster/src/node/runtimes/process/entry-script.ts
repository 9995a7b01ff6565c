/** The shell through which the first process of a container comes, and the variables that it could not pass on. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from './shell-names.ts';

/**
 * Runs in the container's new namespaces. The parent stays outside and waits, for only the parent of the first process
 * learns its exit code (`unshare --fork` loses that of a killed one). The first child is process 1: when it ends, the
 * kernel ends all others. It is no background job: shells let those ignore SIGINT and SIGQUIT, for good. Its pid is what
 * the /proc of this machine says before the container gets its own. It joins its control groups while their files are
 * still to be seen, and after the mounts, which are ours. Variables that it could not pass on are in a file, as words for
 * `env`: those of its own command line are there for everybody to see as long as the container. Whatever goes wrong before
 * the command itself is said on descriptor 3.
 */
export const entryScript = `
exec 4>&1 5>&2 >/dev/null 2>&1
( read -r pid rest </proc/self/stat && echo "pid $pid" >&3 || exit 125
  if [ -n "$2" ]; then "$2" "$1"; elif [ -n "$1" ]; then echo "$1" >/proc/sys/kernel/hostname; fi
  cd "$3" && "$4" -n -T fstab -a 2>&3 || exit 125
  mount=$4; shift 4
  while [ "$1" != -- ]; do { echo 0 >"$1"; } 2>&3 || exit 125; shift; done; shift
  [ ! -e variables ] || . ./variables
  cd root && "$mount" -n --move . / 2>&3 && echo ready >&3 || exit 125
  unset PWD OLDPWD
  exec "$@" >&4 2>&5 3>&- 4>&- 5>&- )
exit "$?"
`;

/** For the entry script: values of variables may be secret, and everybody on the machine reads the words of a process. */
export function writeVariables(
  directory: string,
  { before, command }: { readonly before: readonly string[]; readonly command: readonly string[] },
): void {
  const words = [...before.map(quote), '"$@"', ...command.map(quote)];
  writeFileSync(join(directory, 'variables'), `set -- ${words.join(' ')}\n`, { mode: 0o600 });
}
