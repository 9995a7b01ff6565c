/** A controller with the token of the installed ServiceAccount, and so with its rights and no others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { controllerName } from '@slipway/delivery/install/names';
import type { KubeClient } from '@slipway/kube/client';
import { readKubeconfig } from '@slipway/kube/kubeconfig';
import { slipwayEntry } from './execute.ts';
import type { TestCluster } from './slipway.ts';

export interface UsedRight {
  readonly verb: string;
  /** `pods/proxy`, or `replicasets.apps`. */
  readonly resource: string;
  readonly code: string;
}

export interface InstalledController {
  /** What it has asked of the API server so far. */
  requests(): Promise<readonly UsedRight[]>;
  metrics(): Promise<string>;
  /** Status and text of `/livez` or `/readyz`. */
  probe(path: string): Promise<string>;
  /** Everything it logged, one JSON object a line. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

/** The next one waits no longer for one that could not give its lease back, because its rights were gone. */
const brief = ['--lease-seconds', '3'];

interface Where {
  /** Of the ServiceAccount. */
  readonly home: string;
  readonly words?: readonly string[];
}

export async function startInstalledController(
  cluster: TestCluster,
  { home, words = [] }: Where,
): Promise<InstalledController> {
  const kubeconfig = await writeKubeconfig(cluster, home);
  const given = [
    'controller',
    '--kubeconfig',
    kubeconfig,
    '--no-install-kinds',
    ...brief,
    '--admin-port',
    '0',
    '-o',
    'json',
  ];
  const child = spawn(process.execPath, [slipwayEntry, ...given, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const [line]: string[] = await once(createInterface({ input: child.stdout }), 'line');
  const { adminPort }: { readonly adminPort: number } = JSON.parse(line ?? '');
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${adminPort}${path}`);
  const metrics = async (): Promise<string> => (await ask('/metrics')).text();
  return {
    log,
    metrics,
    probe: async (path) => {
      const response = await ask(path);
      return `${response.status} ${await response.text()}`.trim();
    },
    requests: async () => readRequests(await metrics()),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

const requestLine = /^slipway_api_requests_total\{verb="(.+)",group="(.*)",resource="(.*)",code="(.+)"\}/gm;

function readRequests(metrics: string): readonly UsedRight[] {
  return [...metrics.matchAll(requestLine)].map(([, verb = '', group = '', resource = '', code = '']) => ({
    verb,
    resource: group === '' ? resource : `${resource}.${group}`,
    code,
  }));
}

async function writeKubeconfig({ client, directory, kubeconfig }: TestCluster, home: string): Promise<string> {
  const administrators = await readKubeconfig(kubeconfig);
  const token = await requestToken(client, home);
  const users = administrators?.users?.map((user) => ({ ...user, user: { token } }));
  const file = join(directory, `${home}.kubeconfig`);
  await writeFile(file, JSON.stringify({ ...administrators, users }), { mode: 0o600 });
  return file;
}

async function requestToken(client: KubeClient, namespace: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${controllerName}/token`;
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} };
  const headers = { 'content-type': 'application/json' };
  const { body } = await client.request({ method: 'POST', path, headers, body: JSON.stringify(asked) });
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const { status }: { readonly status: { readonly token: string } } = JSON.parse(
    Buffer.concat(chunks).toString('utf8'),
  );
  return status.token;
}
