/** The program `git`, which is given nothing of its surroundings and can neither ask, nor run anything, nor go on for ever. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface GitCall {
  readonly words: readonly string[];
  /** Its files; nobody else's. */
  readonly directory: string;
  /** Beside what always holds. Stands in the environment, where it is this user's alone: it may be secret. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Of what it says. */
  readonly maximumBytes: number;
  readonly signal: AbortSignal;
}

export interface GitOutcome {
  /** Undefined: it was killed. */
  readonly exitCode: number | undefined;
  readonly stdout: Buffer;
  /** The end of it. */
  readonly stderr: string;
}

/** Of real time, for each call. */
const maximumMilliseconds = 90_000;
const maximumFileBytes = 256 * 1024 * 1024;
const maximumMemoryKilobytes = 2 * 1024 * 1024;
/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_27: in blocks of 512 bytes. */
const limits = `ulimit -f ${maximumFileBytes / 512}; ulimit -v ${maximumMemoryKilobytes}; exec git "$@"`;
const maximumStderr = 4_000;

/** https://git-scm.com/docs/git-config: nothing of a repository runs, and nothing but the one address is asked. */
const always: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.bigFileThreshold': '1m',
  'credential.helper': '',
  'fetch.fsckObjects': 'true',
  // What is fetched stays one file, whose size is limited.
  'fetch.unpackLimit': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'http.followRedirects': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '20',
  'http.proxy': '',
  'protocol.version': '2',
  'submodule.recurse': 'false',
};

/** Rejects where it cannot be started, and when the signal aborts. */
export async function runGit({ words, directory, settings = {}, input = '', ...call }: GitCall): Promise<GitOutcome> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(maximumMilliseconds)]);
  signal.throwIfAborted();
  const child = spawn('/bin/sh', ['-c', limits, 'sh', ...words], {
    cwd: directory,
    env: environment(directory, { ...always, ...settings }),
    // A group of its own: git has helpers, and all of them end.
    detached: true,
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  const said: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size > call.maximumBytes) kill();
    else said.push(bytes);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-maximumStderr);
  });
  // It may have ended before it has read all of it: its exit code says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    const [exitCode] = await ended;
    call.signal.throwIfAborted();
    return { exitCode: exitCode ?? undefined, stdout: Buffer.concat(said), stderr };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function environment(directory: string, settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const entries = Object.entries(settings);
  return {
    PATH: process.env['PATH'],
    HOME: directory,
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: 'https:http',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
