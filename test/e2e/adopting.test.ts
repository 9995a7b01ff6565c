/** A Deployment that serves is adopted, released and given back, by real commands, while every request is counted. */
import { fileURLToPath } from 'node:url';
import type { Deployment, Ingress, Service } from '@slipway/kube/api.generated';
import { deployments, ingresses, services } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkoutMount, checkoutVolume } from './support/checkout-volume.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';
import { startTraffic, type Traffic } from './support/traffic/traffic.ts';

const namespace = 'default';
const host = 'shop.localhost';
const program = fileURLToPath(new URL('support/traffic/application.ts', import.meta.url));
const selector = { app: 'shop' };
const metadata = { namespace, name: 'shop' };

const deployment: Deployment = {
  metadata,
  spec: {
    replicas: 3,
    selector: { matchLabels: selector },
    template: {
      metadata: { labels: selector },
      spec: {
        volumes: [checkoutVolume],
        containers: [
          {
            name: 'application',
            image: 'node:24',
            command: ['node', program],
            env: [
              { name: 'APP_VERSION', value: 'v1' },
              { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            ],
            volumeMounts: [checkoutMount],
            ports: [{ name: 'http', containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/health', port: 'http' } },
          },
        ],
      },
    },
  },
};
const service: Service = { metadata, spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } };
const ingress: Ingress = {
  metadata,
  spec: {
    rules: [
      {
        host,
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'shop', port: { name: 'http' } } } }],
        },
      },
    ],
  },
};

describe('a Deployment under load', () => {
  let cluster: TestCluster;
  let traffic: Traffic;
  let first: string;

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.client.create(deployments, deployment);
    await cluster.client.create(services, service);
    await cluster.client.create(ingresses, ingress);
    await cluster.ask('rollout', 'status', 'deployment/shop', '--timeout=120s');
    first = await podUids();
    traffic = await startTraffic({ target: cluster.gateway, host, rate: 100, versions: ['v1'] });
  });

  afterAll(async () => {
    await traffic.stop();
    await cluster.stop();
  });

  function podUids(): Promise<string> {
    return cluster.ask(
      'get',
      'pods',
      '-l',
      'app=shop',
      '--sort-by=.metadata.uid',
      '-o',
      'jsonpath={.items[*].metadata.uid}',
    );
  }

  async function slipway(...words: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await cluster.slipway(...words, '--kubeconfig', cluster.kubeconfig);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return stdout;
  }

  function expectNothingLost(): void {
    const { load, clients } = traffic;
    expect({ short: load.report.failures, others: clients.failures }).toEqual({ short: [], others: [] });
  }

  it('shows first what will change, and changes nothing by that', async () => {
    const before = await cluster.client.get(deployments, metadata);
    const preview = await slipway('adopt', 'shop', '--dry-run');
    expect(preview).toMatch(/create +Application +shop/);
    expect(preview).toMatch(/change +Deployment +shop +pause it/);
    expect(preview).toMatch(/change +Service +shop +select the pods that serve/);
    const data: unknown = JSON.parse(await slipway('adopt', 'shop', '--dry-run', '-o', 'json'));
    const pausing = { change: 'change', kind: 'Deployment', namespace, name: 'shop' };
    expect(data).toMatchObject({ done: false, changes: expect.arrayContaining([expect.objectContaining(pausing)]) });
    expect(await cluster.client.get(deployments, metadata)).toEqual(before);
    const unasked = await cluster.slipway('adopt', 'shop', '--kubeconfig', cluster.kubeconfig);
    expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('add --yes') });
  });

  it('is adopted without a pod restarted or a request lost', async () => {
    await slipway('adopt', 'shop', '--yes', '--strategy', 'blueGreen');
    expect(await podUids()).toBe(first);
    expect(await cluster.ask('get', 'application', 'shop', '-o', 'jsonpath={.status.serving.version}')).toBe('1');
    await traffic.until(() => true);
    expectNothingLost();
  });

  it('releases a change of its template, and loses no request', async () => {
    const terms = { guardSeconds: 0, drainSeconds: 1 };
    await cluster.ask('patch', 'application', 'shop', '--type=merge', '-p', JSON.stringify({ spec: terms }));
    await traffic.load.allow(['v1', 'v2']);
    await cluster.ask('set', 'env', 'deployment/shop', 'APP_VERSION=v2');
    await cluster.ask('wait', 'application/shop', '--for=jsonpath={.status.serving.version}=2', '--timeout=120s');
    await traffic.load.allow(['v2']);
    // The pods of the first version go when they have drained.
    await cluster.ask('wait', 'pods', '-l', 'slipway.dev/release=shop-1', '--for=delete', '--timeout=120s');
    expectNothingLost();
  });

  it('gets the pods that serve back, without a pod restarted or a request lost, and rolls out again', async () => {
    const before = await podUids();
    expect(before).not.toBe(first);
    await slipway('eject', 'shop', '--yes');
    expect(await cluster.ask('rollout', 'status', 'deployment/shop', '--timeout=120s')).toContain(
      'successfully rolled out',
    );
    expect(await podUids()).toBe(before);
    expect(await cluster.ask('get', 'applications,releases,poddisruptionbudgets', '-o', 'name')).toBe('');
    expect((await cluster.client.get(services, metadata)).spec?.selector).toEqual(selector);
    await traffic.until(() => true);
    const { load } = await traffic.stop();
    expectNothingLost();
    expect(load.succeeded).toBe(load.sent);
  });
});
