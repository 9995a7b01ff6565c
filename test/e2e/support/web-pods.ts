import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { pods } from '@slipway/kube/resources';
import { podWhen } from '../../../packages/cluster/testing/node-cluster.ts';

/** Answers with its pod's name, and has a child that nobody waits for. */
const program = `
  process.on('SIGTERM', () => process.exit(0));
  require('node:child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref();
  require('node:http').createServer((_, response) => response.end(process.env.HOSTNAME)).listen(8080, process.env.POD_IP);`;

/** Creates pods that serve their name, and resolves when all of them are ready. */
export async function createWebPods(client: KubeClient, names: readonly string[]): Promise<readonly Pod[]> {
  await requestWebPods(client, names);
  return Promise.all(names.map((name) => podWhen(client, name, isReady)));
}

/** Creates the objects and waits for nothing. */
export async function requestWebPods(client: KubeClient, names: readonly string[]): Promise<void> {
  await Promise.all(
    names.map((name) =>
      client.create(pods, {
        metadata: { name, namespace: 'default' },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'node:24',
              command: ['node', '-e', program],
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/', port: 8080 } },
            },
          ],
        },
      }),
    ),
  );
}

export function isReady({ status }: Pod): boolean {
  return isConditionTrue(status?.conditions, 'Ready');
}

/** What the pod answers to a request from this machine. */
export function ask({ status }: Pod): Promise<string> {
  return new Promise((resolve, reject) => {
    request(`http://${status?.podIP}:8080/`, { agent: false }, (response) => void text(response).then(resolve, reject))
      .once('error', reject)
      .end();
  });
}
