/** A delivery controller as a process of its own, and what it says of itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { slipwayEntry } from './execute.ts';

export interface UsedRight {
  readonly verb: string;
  /** `pods/proxy`, or `replicasets.apps`. */
  readonly resource: string;
  readonly code: string;
  /** How often, with the same outcome. */
  readonly count: number;
}

export interface ControllerProcess {
  /** By which it holds the Lease. */
  readonly identity: string;
  /** Everything it logged, one JSON object a line. */
  readonly log: readonly string[];
  /** What it has asked of the API server so far. */
  requests(): Promise<readonly UsedRight[]>;
  metrics(): Promise<string>;
  /** Status and text of `/livez` or `/readyz`. */
  probe(path: string): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** In order: it gives its Lease back. */
  stop(): Promise<void>;
}

/** Resolves when it contends for the Lease. */
export async function startControllerProcess(kubeconfig: string, words: readonly string[]): Promise<ControllerProcess> {
  const given = ['controller', '--kubeconfig', kubeconfig, '--admin-port', '0', '-o', 'json', ...words];
  const child = spawn(process.execPath, [slipwayEntry, ...given], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const lines = createInterface({ input: child.stdout });
  const [line]: (string | undefined)[] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (line === undefined) throw new Error(`the controller did not start: ${log.join('\n')}`);
  const { adminPort, identity }: { readonly adminPort: number; readonly identity: string } = JSON.parse(line);
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${adminPort}${path}`);
  const metrics = async (): Promise<string> => (await ask('/metrics')).text();
  return {
    identity,
    log,
    metrics,
    probe: async (path) => {
      const response = await ask(path);
      return `${response.status} ${await response.text()}`.trim();
    },
    requests: async () => readRequests(await metrics()),
    signal: (name) => child.kill(name),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const requestLine = /^slipway_api_requests_total\{verb="(.+)",group="(.*)",resource="(.*)",code="(.+)"\} (\d+)/gm;

function readRequests(metrics: string): readonly UsedRight[] {
  return [...metrics.matchAll(requestLine)].map(([, verb = '', group = '', resource = '', code = '', count = '']) => ({
    verb,
    resource: group === '' ? resource : `${resource}.${group}`,
    code,
    count: Number(count),
  }));
}
