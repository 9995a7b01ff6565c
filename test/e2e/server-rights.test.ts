/**
 * The deployment server with the rights that `slipway install --server` gives it and no others: everything that people ask of
 * it is done, nothing is refused to it, and no right is there for nothing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  serverClusterGrants,
  serverGrants,
  serverLeadershipGrants,
  serverNeighbourGrants,
  serverTrialGrants,
} from '@slipway/delivery/install/server-grants';
import type { Grant } from '@slipway/delivery/install/grants';
import { homeNamespace, serverName } from '@slipway/delivery/install/names';
import { silentLogger } from '@slipway/kube/logger';
import { meterTransport, RequestCounts } from '@slipway/kube/metered-transport';
import { configMaps, deployments, namespaces, secrets } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connect } from '../../packages/cli/src/connection/connection.ts';
import { runDeploymentServer } from '../../packages/cli/src/deployment-server/run-deployment-server.ts';
import { installedKubeconfig } from './support/installed-controller.ts';
import { until } from './support/server-site.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

// Tests read what they expect.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

interface Asked {
  readonly counts: RequestCounts;
  call(
    method: string,
    path: string,
    body?: unknown,
    token?: string,
  ): Promise<{ readonly status: number; readonly body: Json }>;
  /** Reads a stream until it is so. */
  listen(path: string, isSo: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster({ words: ['--runtime', 'simulated'] });
});
afterAll(() => cluster.stop());

async function install(...words: readonly string[]): Promise<string> {
  const all = ['install', '--server-secret', 'database', ...words, '--kubeconfig', cluster.kubeconfig];
  const { exitCode, stdout, stderr } = await cluster.slipway(...all);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

async function startInstalledServer(home: string, namespace?: string): Promise<Asked> {
  const kubeconfig = await installedKubeconfig(
    { ...cluster, folder: cluster.directory },
    { home, account: serverName },
  );
  const counts = new RequestCounts();
  const { client } = await connect({ kubeconfig }, (transport) => meterTransport(transport, counts));
  const stopping = new AbortController();
  const tokenFile = join(cluster.directory, `${home}-token`);
  const ready = Promise.withResolvers<string>();
  const running = runDeploymentServer(
    {
      client,
      logger: silentLogger,
      host: '127.0.0.1',
      port: 0,
      database: ':memory:',
      tokenFile,
      namespace,
      installKinds: false,
      leaseSeconds: 2,
      signal: stopping.signal,
    },
    ({ url }) => ready.resolve(url),
  );
  const url = await Promise.race([ready.promise, running.then(() => '')]);
  const first = (await readFile(tokenFile, 'utf8')).trim();
  const headersOf = (token: string) => ({ authorization: `Bearer ${token}` });
  return {
    counts,
    call: async (method, path, body, token = first) => {
      const json = body === undefined ? {} : { 'content-type': 'application/json' };
      const response = await fetch(new URL(path, url), {
        method,
        headers: { ...headersOf(token), ...json },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      return { status: response.status, body: isJson ? JSON.parse(text) : text };
    },
    listen: async (path, isSo) => {
      const socket = new WebSocket(new URL(path, url.replace('http', 'ws')), { headers: headersOf(first) });
      await until(async () => isSo());
      socket.terminate();
    },
    stop: async () => {
      stopping.abort(new Error('the test has ended'));
      await running;
    },
  };
}

const specOf = (version: string) => ({
  version,
  template: { spec: { containers: [{ name: 'web', image: `shop:${version}` }] } },
  environmentFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
  hooks: { beforePromotion: [{ name: 'sign-off', approval: {} }] },
  strategy: { type: 'canary', canary: { steps: [{ setWeight: 50 }, { pause: {} }], approximate: true } },
  guardSeconds: 1,
  drainSeconds: 0,
});

/** Of every kind that is tried in a dry run. */
const triedSpec = {
  ...specOf('2'),
  service: { ports: [{ port: 80 }] },
  hooks: { beforeRelease: [{ name: 'migrate', job: { template: specOf('2').template } }] },
};

/** Everything that people ask of a server. Resolves with what it could not try. */
async function ask(server: Asked, namespace: string): Promise<readonly string[]> {
  const { call } = server;
  const { client } = cluster;
  const base = `/api/v1/namespaces/${namespace}`;
  const value = (text: string) => ({ COLOUR: text });
  const encoded = (text: string) => value(Buffer.from(text).toString('base64'));
  const settings = await client.create(configMaps, { metadata: { namespace, name: 'settings' }, data: value('blue') });
  const keys = await client.create(secrets, { metadata: { namespace, name: 'keys' }, data: encoded('blue') });
  const reaches = (version: string, phase: string) =>
    until(async () => (await call('GET', `${base}/releases/shop-${version}`)).body.phase === phase);
  const approve = async (version: string): Promise<void> => {
    await until(async () => {
      const { body } = await call('GET', `${base}/releases/shop-${version}`);
      return body.status?.gates?.some(({ name }: { name: string }) => name === 'sign-off') === true;
    });
    const approval = { hook: 'sign-off', reason: 'read' };
    expect((await call('POST', `${base}/releases/shop-${version}/approvals`, approval)).status).toBe(202);
  };
  expect((await call('POST', `${base}/applications`, { name: 'shop', spec: specOf('1') })).status).toBe(202);
  await approve('1');
  await reaches('1', 'Succeeded');
  await client.update(configMaps, { ...settings, data: value('green') });
  await client.update(secrets, { ...keys, data: encoded('green') });
  const tried = await call('PUT', `${base}/applications/shop?dryRun=true`, { spec: triedSpec });
  expect(tried).toMatchObject({ status: 200 });
  expect((await call('PUT', `${base}/applications/shop`, { spec: specOf('2') })).status).toBe(202);
  await reaches('2', 'Paused');
  expect((await call('POST', `${base}/applications/shop/commands`, { verb: 'resume' })).status).toBe(202);
  await approve('2');
  await reaches('2', 'Succeeded');
  const difference = await call('GET', `${base}/applications/shop/difference?from=1&to=2`);
  expect(difference.body.unknown).toEqual([]);
  for (const path of [
    `${base}/applications/shop/pods`,
    `${base}/applications/shop/events`,
    `${base}/applications/shop/traffic`,
    '/api/v1/environments',
    '/healthz',
    '/livez',
  ])
    expect({ path, status: (await call('GET', path)).status }).toEqual({ path, status: 200 });
  await server.listen(`${base}/applications/shop/logs/stream?tail=5`, () => used(server).includes('get pods/log 200'));
  const descriptor = {
    appName: 'bank',
    newVersion: '#',
    environment: { COLOUR: 'red' },
    podspec: { containers: [{ name: 'bank', image: 'bank:1' }] },
  };
  const compat = `/compat/amdatu`;
  const query = `namespace=${namespace}`;
  expect((await call('POST', `${compat}/descriptors/?${query}`, descriptor)).status).toBe(201);
  const [{ id }] = (await call('GET', `${compat}/descriptors/?${query}`)).body;
  expect((await call('POST', `${compat}/deployments/?${query}&descriptorId=${id}`)).status).toBe(202);
  await until(async () => (await call('GET', `${compat}/deployments/?${query}`)).body[0]?.status === 'DEPLOYED');
  expect(
    (await call('PUT', `${compat}/descriptors/${id}/?${query}`, { ...descriptor, environment: { COLOUR: '(hidden)' } }))
      .status,
  ).toBe(204);
  for (const name of ['shop', 'bank']) expect((await call('DELETE', `${base}/applications/${name}`)).status).toBe(202);
  return tried.body.untried ?? [];
}

function used({ counts }: Asked): readonly string[] {
  return counts
    .all()
    .filter(({ resource }) => resource !== '')
    .map(({ verb, resource, group, code }) => `${verb} ${group === '' ? resource : `${resource}.${group}`} ${code}`);
}

function refusals(server: Asked): readonly string[] {
  return used(server).filter((each) => /40[13]$/.test(each));
}

function rightsOf(grants: readonly Grant[]) {
  return grants.flatMap(({ verbs, resource, apiGroup, rare }) =>
    verbs.map((verb) => ({
      right: `${verb} ${apiGroup === '' ? resource : `${resource}.${apiGroup}`}`,
      isRare: rare?.[verb] !== undefined,
    })),
  );
}

const withoutCode = (each: string): string => each.replace(/ \w+$/, '');

describe('the rights of the installed server', { timeout: 200_000 }, () => {
  it('are as many as it needs, and no more', async () => {
    expect(await install('--dry-run')).toContain(`Deployment ${homeNamespace}/${serverName} would be created`);
    await install('--try-objects');
    const server = await startInstalledServer(homeNamespace);
    expect(await ask(server, 'default')).toEqual([]);
    // Of somebody whom the cluster knows.
    await cluster.ask('create', 'serviceaccount', 'ann');
    await cluster.ask('create', 'rolebinding', 'ann', '--clusterrole=view', '--serviceaccount=default:ann');
    const token = await cluster.ask('create', 'token', 'ann');
    expect((await server.call('GET', '/api/v1/applications', undefined, token)).status).toBe(200);
    expect((await server.call('DELETE', '/api/v1/namespaces/default/applications/shop', undefined, token)).status).toBe(
      403,
    );
    await server.stop();
    const all = [...serverGrants, ...serverTrialGrants, ...serverClusterGrants, ...serverLeadershipGrants];
    const rights = rightsOf(all);
    const asked = new Set(used(server).map(withoutCode));
    expect(refusals(server)).toEqual([]);
    expect([...asked].filter((each) => !rights.some(({ right }) => right === each))).toEqual([]);
    expect(rights.filter(({ right, isRare }) => !isRare && !asked.has(right)).map(({ right }) => right)).toEqual([]);
  });

  it('are taken out with it, and what it keeps stays', async () => {
    const { stdout } = await cluster.slipway('uninstall', '--kubeconfig', cluster.kubeconfig);
    expect(stdout).toContain(`Deployment ${homeNamespace}/${serverName} removed`);
    expect(stdout).toContain('ClusterRole slipway:server removed');
    expect(stdout).not.toContain('PersistentVolumeClaim');
    await expect(cluster.client.get(deployments, { namespace: homeNamespace, name: serverName })).rejects.toThrow(
      'not found',
    );
  });

  it('suffice for one namespace by Roles alone', async () => {
    const namespace = 'shop';
    await cluster.client.create(namespaces, { metadata: { name: namespace } });
    // As an administrator does: the controller that is here serves every namespace.
    const manifests = await install('--namespace', namespace, '-o', 'yaml');
    const file = join(cluster.directory, 'install.yaml');
    await writeFile(file, manifests);
    expect(await cluster.ask('apply', '--server-side', '--force-conflicts', '-f', file)).not.toContain('clusterrole');
    const server = await startInstalledServer(namespace, namespace);
    expect(await ask(server, namespace)).toEqual(['ReplicaSet', 'Job', 'Service']);
    await server.stop();
    // Which cluster it is it knows by its own namespace; what it may not try it says.
    const untried = ['create replicasets.apps', 'create jobs.batch', 'get services'];
    expect(refusals(server).toSorted()).toEqual(['get namespaces', ...untried].map((each) => `${each} 403`).toSorted());
    const rights = rightsOf([...serverGrants, ...serverLeadershipGrants, ...serverNeighbourGrants]).map(
      ({ right }) => right,
    );
    const asked = new Set(used(server).map(withoutCode));
    const reviews = 'create selfsubjectaccessreviews.authorization.k8s.io';
    expect([...asked].filter((each) => !rights.includes(each)).toSorted()).toEqual(
      ['get namespaces', reviews, ...untried].toSorted(),
    );
  });
});
