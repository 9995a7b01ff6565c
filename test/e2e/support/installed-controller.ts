/** A controller with the token of the installed ServiceAccount, and so with its rights and no others. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { controllerName } from '@slipway/delivery/install/names';
import type { KubeClient } from '@slipway/kube/client';
import { readKubeconfig } from '@slipway/kube/kubeconfig';
import { startControllerProcess, type ControllerProcess } from './controller-process.ts';

/** The next one waits no longer for one that could not give its lease back, because its rights were gone. */
const brief = ['--lease-seconds', '3'];

interface Site {
  readonly client: KubeClient;
  /** The administrator's. */
  readonly kubeconfig: string;
  /** For files of the test. */
  readonly folder: string;
}

interface Where {
  /** Of the ServiceAccount. */
  readonly home: string;
  readonly words?: readonly string[];
}

/** As the ServiceAccount of what was installed. */
export async function installedKubeconfig(
  { client, folder, kubeconfig }: Site,
  { home, account }: { readonly home: string; readonly account: string },
): Promise<string> {
  const administrators = await readKubeconfig(kubeconfig);
  const token = await requestToken(client, home, account);
  const users = administrators?.users?.map((user) => ({ ...user, user: { token } }));
  const file = join(folder, `${home}-${account}.kubeconfig`);
  await writeFile(file, JSON.stringify({ ...administrators, users }), { mode: 0o600 });
  return file;
}

export async function startInstalledController(cluster: Site, { home, words = [] }: Where): Promise<ControllerProcess> {
  const kubeconfig = await installedKubeconfig(cluster, { home, account: controllerName });
  return startControllerProcess(kubeconfig, ['--no-install-kinds', ...brief, ...words]);
}

async function requestToken(client: KubeClient, namespace: string, account: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
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
