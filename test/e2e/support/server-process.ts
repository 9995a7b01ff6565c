/** `slipway server` as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { slipwayEntry } from './execute.ts';

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly log: readonly string[];
  /** As a machine that loses its power; resolves when it is gone. */
  kill(): Promise<void>;
  /** In order. */
  stop(): Promise<void>;
}

/** For a start, and for an end in order, on a machine that is busy. */
const patienceMilliseconds = 60_000;

/** Resolves when it answers. Rejects with its log where it ends before, or takes too long. */
export async function startServerProcess(words: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [slipwayEntry, 'server', '--port', '0', '-o', 'json', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const lines = createInterface({ input: child.stdout });
  /** It is killed where it takes too long for what it was to do. */
  const within = async <T>(doing: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMilliseconds);
    return await doing.finally(() => clearTimeout(timer));
  };
  const [line]: (string | undefined)[] = await within(Promise.race([once(lines, 'line'), once(lines, 'close')]));
  if (line === undefined) throw new Error(`the server did not start: ${log.join('\n')}`);
  const { url }: { readonly url: string } = JSON.parse(line);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await within(ended);
    if (signal === 'SIGTERM' && child.signalCode === 'SIGKILL')
      throw new Error(`the server did not stop: ${log.join('\n')}`);
  };
  return { url, pid: child.pid ?? 0, log, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
