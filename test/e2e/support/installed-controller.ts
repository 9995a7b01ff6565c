/** A controller with the token of the installed ServiceAccount, and so with its rights and no others. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { controllerName } from '@slipway/delivery/install/names';
import type { KubeClient } from '@slipway/kube/client';
import { readKubeconfig } from '@slipway/kube/kubeconfig';
import { startControllerProcess, type ControllerProcess } from './controller-process.ts';
import type { TestCluster } from './slipway.ts';

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
): Promise<ControllerProcess> {
  const kubeconfig = await writeKubeconfig(cluster, home);
  return startControllerProcess(kubeconfig, ['--no-install-kinds', ...brief, ...words]);
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
