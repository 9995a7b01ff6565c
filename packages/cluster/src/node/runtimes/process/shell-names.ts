/**
 * Which variables pass through a shell and the machine's own programs as they are, and how the others get past them: programs
 * of the machine lead into a container, and some variables tell them what to load and what to write, with their rights.
 */
import { StartError } from '../../runtime.ts';

/** Shells give these a meaning, or do not let them be set. */
const posixNames = /^(_|ENV|IFS|LINENO|OLDPWD|OPT(IND|ARG|ERR)|PPID|PS\d|PWD)$/;
const bashNames =
  /^(BASH.*|COMP_.*|DIRSTACK|EPOCH.*|E?UID|FUNCNAME|GROUPS|HISTCMD|POSIXLY_CORRECT|S?RANDOM|SECONDS|SHELLOPTS|SHLVL)$/;

/** What the C library, and the programs that mount and enter, do as they are told by; https://man7.org/linux/man-pages/man8/ld.so.8.html */
const machineNames =
  /^(GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|HOSTALIASES|LD_.*|LIBMOUNT_.*|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZDIR)$/;

type Environment = Readonly<Record<string, string>>;

/** Whether shells and programs of the machine can give all of these to a program as they are, and do nothing of them. */
export function canExport(environment: Environment): boolean {
  return Object.keys(environment).every(isExported);
}

function isExported(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !posixNames.test(name) && !bashNames.test(name) && !machineNames.test(name);
}

export interface VariablePassage {
  /** What the programs on the way see, and give on. */
  readonly seen: Environment;
  /** Words before the programs that lead into the container. */
  readonly before: readonly string[];
  /** Words before its command, where nothing of the machine runs any more. */
  readonly inside: readonly string[];
}

/** The program `env` of the machine, and whether a container has it too. */
export interface FoundEnv {
  readonly env: string | undefined;
  readonly isInside: boolean;
}

/**
 * How all of these come to a program in a container. `findEnv` is asked where they do not come by themselves, as they do nearly
 * always. Throws a `StartError` where they cannot come without a program of the machine that does as they say.
 */
export function planVariables(environment: Environment, findEnv: () => FoundEnv): VariablePassage {
  if (canExport(environment)) return { seen: environment, before: [], inside: [] };
  const { env, isInside } = findEnv();
  const seen = Object.fromEntries(Object.entries(environment).filter(([name]) => !machineNames.test(name)));
  if (isInside) return { seen, before: [], inside: pastShells(environment, env) };
  const unseen = Object.keys(environment).find((name) => machineNames.test(name));
  if (unseen === undefined) return { seen, before: pastShells(environment, env), inside: [] };
  throw new StartError(
    'CreateContainerConfigError',
    `the variable ${unseen} cannot be given to the container: that needs the program ${env ?? 'env'} in its image, which is not there; add it, or set the variable in a script that starts the program`,
  );
}

/** Words before a command by which `env` gives it what shells and others before it must not; none where there is no such thing. */
export function pastShells(environment: Environment, env: string | undefined): readonly string[] {
  const lost = Object.entries(environment).filter(([name]) => !isExported(name));
  // Names may begin as options do.
  return env === undefined || lost.length === 0 ? [] : [env, '--', ...lost.map(([name, value]) => `${name}=${value}`)];
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
