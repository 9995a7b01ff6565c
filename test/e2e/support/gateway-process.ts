/** A gateway as a process of its own, before any cluster. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { slipwayEntry } from './execute.ts';

export interface GatewayProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** Resolves when it serves. */
export async function startGatewayProcess(
  kubeconfig: string,
  dataPlane: 'built-in' | 'haproxy',
): Promise<GatewayProcess> {
  const name = `gateway-of-test-${process.pid}-${dataPlane}`;
  const words = ['gateway', '--kubeconfig', kubeconfig, '--data-plane', dataPlane, '--port', '0', '--name', name];
  const child = spawn(process.execPath, [slipwayEntry, ...words, '-o', 'json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const ended = once(child, 'exit').then(() => undefined);
  const text: string[] = [];
  const said = new Promise<{ readonly urls: readonly string[] }>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      text.push(line);
      if (line.trimEnd() === '}' || /^\{.*\}$/.test(line)) resolve(JSON.parse(text.join('\n')));
    });
  });
  const serving = await Promise.race([said, ended]);
  const [url] = serving?.urls ?? [];
  if (url === undefined) throw new Error(`the gateway did not start: ${log.join('\n')}`);
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
