/** A Deployment that serves is adopted, released and given back, by real commands, while every request is counted. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Deployment, Ingress, Service } from '@slipway/kube/api.generated';
import { deployments, ingresses, services } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterTitle, startDeliveryCluster, type DeliveryCluster } from './support/delivery-cluster.ts';
import type { Outcome } from './support/execute.ts';
import { self } from './support/person.ts';
import { ask } from './support/traffic/count-answers.ts';
import { bringProgram } from './support/traffic/program.ts';
import { startTraffics, type Traffic } from './support/traffic/traffic.ts';

const host = 'shop.localhost';
const selector = { app: 'shop' };
/** At each gateway. */
const requestsPerSecond = 50;

interface Named {
  readonly namespace: string;
  readonly name: string;
}

function deploymentOf(metadata: Named, { spec }: Awaited<ReturnType<typeof bringProgram>>): Deployment {
  const containers = spec.containers.map((container) => ({
    ...container,
    env: [{ name: 'APP_VERSION', value: 'v1' }, ...(container.env ?? [])],
  }));
  const template = { metadata: { labels: selector }, spec: { ...spec, containers } };
  return { metadata, spec: { replicas: 3, selector: { matchLabels: selector }, template } };
}

function serviceOf(metadata: Named): Service {
  return { metadata, spec: { selector, ports: [{ name: 'http', port: 80, targetPort: 'http' }] } };
}

function ingressOf(metadata: Named): Ingress {
  const backend = { service: { name: metadata.name, port: { name: 'http' } } };
  return { metadata, spec: { rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] } };
}

describe(`a Deployment under load, ${clusterTitle}`, () => {
  let cluster: DeliveryCluster;
  let traffics: readonly Traffic[] = [];
  let metadata: Named;
  let first: string;

  beforeAll(async () => {
    cluster = await startDeliveryCluster({ leaseSeconds: 5 });
    const { client, namespace, gateways } = cluster;
    metadata = { namespace, name: 'shop' };
    await client.create(deployments, deploymentOf(metadata, await bringProgram(cluster, 'shop')));
    await client.create(services, serviceOf(metadata));
    await client.create(ingresses, ingressOf(metadata));
    await cluster.ask('rollout', 'status', 'deployment/shop', '--timeout=120s');
    first = await podUids();
    const targets = [...gateways.values()];
    for (const target of targets) while ((await versionAt(target)) !== 'v1') await pause(100);
    const common = { host, rate: requestsPerSecond, versions: ['v1'] };
    traffics = await startTraffics(targets.map((target) => ({ ...common, target })));
  });

  afterAll(async () => {
    await Promise.all(traffics.map((traffic) => traffic.stop()));
    await cluster?.stop();
  });

  function versionAt(target: string): Promise<string> {
    return ask({ target, host }).then(({ body }) => body, String);
  }

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

  function run(...words: readonly string[]): Promise<Outcome> {
    return self.slipway(...words, '--kubeconfig', cluster.kubeconfig, '--namespace', cluster.namespace);
  }

  async function slipway(...words: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await run(...words);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    return stdout;
  }

  async function allow(...versions: readonly string[]): Promise<void> {
    await Promise.all(traffics.map(({ load }) => load.allow(versions)));
  }

  /** Of each gateway, once more. */
  async function hearEverybody(): Promise<void> {
    await Promise.all(traffics.map((traffic) => traffic.until(() => true)));
  }

  function expectNothingLost(): void {
    for (const { load, clients } of traffics)
      expect({ short: load.report.failures, others: clients.failures }).toEqual({ short: [], others: [] });
  }

  it('shows first what will change, and changes nothing by that', async () => {
    const before = await cluster.client.get(deployments, metadata);
    const preview = await slipway('adopt', 'shop', '--dry-run');
    expect(preview).toMatch(/create +Application +shop/);
    expect(preview).toMatch(/change +Deployment +shop +pause it/);
    expect(preview).toMatch(/change +Service +shop +select the pods that serve/);
    const data: unknown = JSON.parse(await slipway('adopt', 'shop', '--dry-run', '-o', 'json'));
    const pausing = { change: 'change', kind: 'Deployment', ...metadata };
    expect(data).toMatchObject({ done: false, changes: expect.arrayContaining([expect.objectContaining(pausing)]) });
    expect(await cluster.client.get(deployments, metadata)).toEqual(before);
    const unasked = await run('adopt', 'shop');
    expect(unasked).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('add --yes') });
  });

  it('is adopted without a pod restarted or a request lost', async () => {
    await slipway('adopt', 'shop', '--yes', '--strategy', 'blueGreen');
    expect(await podUids()).toBe(first);
    expect(await cluster.ask('get', 'application', 'shop', '-o', 'jsonpath={.status.serving.version}')).toBe('1');
    await hearEverybody();
    expectNothingLost();
  });

  it('releases a change of its template, and loses no request', async () => {
    const terms = { guardSeconds: 0, drainSeconds: 1 };
    await cluster.ask('patch', 'application', 'shop', '--type=merge', '-p', JSON.stringify({ spec: terms }));
    await allow('v1', 'v2');
    await cluster.ask('set', 'env', 'deployment/shop', 'APP_VERSION=v2');
    await cluster.ask('wait', 'application/shop', '--for=jsonpath={.status.serving.version}=2', '--timeout=120s');
    await allow('v2');
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
    await hearEverybody();
    const reports = await Promise.all(traffics.map((traffic) => traffic.stop()));
    expectNothingLost();
    for (const { load } of reports) expect(load.succeeded).toBe(load.sent);
  });
});
