import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { isConditionTrue } from '@slipway/kube/conditions';
import { ingresses, pods, services } from '@slipway/kube/resources';
import { podWhen } from '../../../packages/cluster/testing/node-cluster.ts';

/**
 * Answers with its pod's name, and has a child that nobody waits for. Asked for it by headers, it asks elsewhere, each time on
 * a connection of its own, and answers with what it heard.
 */
const program = `
  process.on('SIGTERM', () => process.exit(0));
  require('node:child_process').spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' }).unref();
  const http = require('node:http');
  const ask = (url) => new Promise((resolve) => {
    const failed = (error) => resolve('error: ' + error.message);
    http.get(url, { agent: false }, (response) => {
      let heard = '';
      response.on('data', (chunk) => (heard += chunk)).on('end', () => resolve(heard)).on('error', failed);
    }).on('error', failed);
  });
  http.createServer(({ headers }, response) => {
    if (headers['x-ask'] === undefined) return response.end(process.env.HOSTNAME);
    const asked = Array.from({ length: Number(headers['x-times']) }, () => ask(headers['x-ask']));
    Promise.all(asked).then((heard) => response.end(JSON.stringify(heard)));
  }).listen(8080, process.env.POD_IP);`;

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
        metadata: { name, namespace: 'default', labels: { app: 'web' } },
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

/** A Service and an Ingress over all web pods; returns the URL by which pods reach the Service. */
export async function exposeWebPods(client: KubeClient, host: string): Promise<string> {
  const metadata = { name: 'web', namespace: 'default' };
  const service = await client.create(services, {
    metadata,
    spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] },
  });
  const backend = { service: { name: 'web', port: { number: 8080 } } };
  const paths = [{ path: '/', pathType: 'Prefix', backend }];
  await client.create(ingresses, { metadata, spec: { rules: [{ host, http: { paths } }] } });
  return `http://${service.spec?.clusterIP}:8080/`;
}

/** What the pod answers to a request from this machine. */
export function ask({ status }: Pod): Promise<string> {
  return fetchFrom(`http://${status?.podIP}:8080/`);
}

/** What the pod hears when it asks elsewhere, on a new connection each time. */
export async function askFrom({ status }: Pod, url: string, times: number): Promise<readonly string[]> {
  const headers = { 'x-ask': url, 'x-times': String(times) };
  const heard: readonly string[] = JSON.parse(await fetchFrom(`http://${status?.podIP}:8080/`, headers));
  return heard;
}

/** What a gateway answers for a host, on new connections. */
export function askGateway(gateway: string, host: string, times: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: times }, () => fetchFrom(gateway, { host })));
}

function fetchFrom(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, headers }, (response) => void text(response).then(resolve, reject))
      .once('error', reject)
      .end();
  });
}
