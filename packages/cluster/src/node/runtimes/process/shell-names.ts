/** Which variables pass through a shell as they are, and how the others get past it. */

/** Shells give these a meaning, or do not let them be set. */
const posixNames = /^(_|ENV|IFS|LINENO|OLDPWD|OPT(IND|ARG|ERR)|PPID|PS\d|PWD)$/;
const bashNames =
  /^(BASH.*|COMP_.*|DIRSTACK|EPOCH.*|E?UID|FUNCNAME|GROUPS|HISTCMD|POSIXLY_CORRECT|S?RANDOM|SECONDS|SHELLOPTS|SHLVL)$/;

type Environment = Readonly<Record<string, string>>;

/** Whether a shell can give all of these to a program as they are. */
export function canExport(environment: Environment): boolean {
  return Object.keys(environment).every(isExported);
}

function isExported(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !posixNames.test(name) && !bashNames.test(name);
}

/** Words before a command by which `env` gives it what the shells before it lose, such as `a.b`; none where they lose nothing. */
export function pastShells(environment: Environment, env: string | undefined): readonly string[] {
  const lost = Object.entries(environment).filter(([name]) => !isExported(name));
  return env === undefined || lost.length === 0 ? [] : [env, ...lost.map(([name, value]) => `${name}=${value}`)];
}

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
