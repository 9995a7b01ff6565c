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

/** Resolves when it answers. */
export async function startServerProcess(words: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [slipwayEntry, 'server', '--port', '0', '-o', 'json', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const lines = createInterface({ input: child.stdout });
  const [line]: (string | undefined)[] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (line === undefined) throw new Error(`the server did not start: ${log.join('\n')}`);
  const { url }: { readonly url: string } = JSON.parse(line);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return { url, pid: child.pid ?? 0, log, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
