import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where distributions put it: it is a system's program, often outside the PATH of an ordinary user. */
const places = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy', '/usr/bin/haproxy', '/usr/local/bin/haproxy'];

const install = 'install HAProxy 2.6 or later (Debian: apt-get install haproxy)';
const lookTimeoutMilliseconds = 5_000;

/** A usable HAProxy, or why there is none and what to do. */
export type FoundHaproxy =
  | { readonly kind: 'found'; readonly program: string; readonly version: string }
  | { readonly kind: 'unusable'; readonly reason: string };

export async function findHaproxy(): Promise<FoundHaproxy> {
  const program = places.find((place) => existsSync(place));
  if (program === undefined) return { kind: 'unusable', reason: `there is none in ${places.join(', ')}; ${install}` };
  try {
    const { stdout } = await run(program, ['-v'], { env: {}, timeout: lookTimeoutMilliseconds });
    return judgeVersion(program, stdout);
  } catch (error) {
    return { kind: 'unusable', reason: `${program} does not run: ${String(error)}; ${install}` };
  }
}

/** The first version that adds and removes servers while it runs is 2.6. */
export function judgeVersion(program: string, output: string): FoundHaproxy {
  const [version, major, minor] = /(?<=version )(\d+)\.(\d+)\S*/.exec(output) ?? [];
  if (version === undefined) return { kind: 'unusable', reason: `${program} does not tell its version; ${install}` };
  const isRecent = Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 6);
  return isRecent
    ? { kind: 'found', program, version }
    : { kind: 'unusable', reason: `${program} is version ${version}; ${install}` };
}
