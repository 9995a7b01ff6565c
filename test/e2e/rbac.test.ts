/** Who may do what, by the ordinary kubectl: questions, refusals, roles, tokens, and requests in the name of others. */
import { applications } from '@slipway/delivery/api/application';
import { releases } from '@slipway/delivery/api/release';
import type { Container } from '@slipway/kube/api.generated';
import { pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkoutMount, checkoutVolume } from './support/checkout-volume.ts';
import { missing, slipwayEntry } from './support/execute.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const reason = await missing('kubectl');
/** What the clients of every language do in a cluster: the address from the environment, the rest from files. */
const askFromPod = `
  const { readFileSync } = require('fs');
  const file = (name) => readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/' + name, 'utf8');
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const path = '/api/v1/namespaces/' + file('namespace') + '/pods';
  const options = { host, port, path, ca: file('ca.crt'), headers: { authorization: 'Bearer ' + file('token') } };
  require('https').get(options, async (response) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    console.log(response.statusCode, JSON.parse(body).message);
  });`;

const robot = 'system:serviceaccount:default:robot';

describe.skipIf(reason !== undefined)(`access by roles${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.ask('create', 'serviceaccount', 'robot');
  });

  afterAll(() => cluster.stop());

  /** Answers with no are failures of the command, but say so. */
  async function canI(...words: readonly string[]): Promise<string> {
    const { stdout } = await cluster.kubectl('auth', 'can-i', ...words);
    return stdout.trim();
  }

  it('begins with the default roles', async () => {
    // They are written when everything else is ready.
    await expect
      .poll(() => cluster.kubectl('get', 'clusterrolebinding', 'system:node'), { timeout: 20_000 })
      .toMatchObject({ exitCode: 0 });
    const roles = await cluster.ask('get', 'clusterroles', '-o', 'name');
    for (const name of ['admin', 'cluster-admin', 'edit', 'view'])
      expect(roles.split('\n')).toContain(`clusterrole.rbac.authorization.k8s.io/${name}`);
    expect(await cluster.ask('get', 'clusterrolebinding', 'cluster-admin', '-o', 'wide', '--no-headers')).toMatch(
      /^cluster-admin +ClusterRole\/cluster-admin +\S+ +system:masters/,
    );
  });

  it('lets administrators do everything and others nothing', async () => {
    expect(await canI('delete', 'nodes')).toBe('yes');
    expect(await canI('list', 'pods', '--as', robot)).toBe('no');
    const { exitCode, stderr } = await cluster.kubectl('get', 'pods', '--as', robot);
    expect({ exitCode, stderr: stderr.trim() }).toEqual({
      exitCode: 1,
      stderr: `Error from server (Forbidden): pods is forbidden: User "${robot}" cannot list resource "pods" in API group "" in the namespace "default"`,
    });
  });

  it('knows everybody', async () => {
    const who = await cluster.ask('auth', 'whoami', '--as', 'jane', '--as-group', 'team', '-o', 'json');
    expect(JSON.parse(who)).toMatchObject({
      status: { userInfo: { username: 'jane', groups: ['team', 'system:authenticated'] } },
    });
  });

  it('lets in whom a binding names, there and no further', async () => {
    await cluster.ask('create', 'rolebinding', 'robot', '--clusterrole=view', '--serviceaccount=default:robot');
    expect(await canI('list', 'pods', '--as', robot)).toBe('yes');
    expect(await canI('get', 'pods', '--subresource=log', '--as', robot)).toBe('yes');
    expect(await canI('list', 'secrets', '--as', robot)).toBe('no');
    expect(await canI('list', 'pods', '--namespace', 'kube-system', '--as', robot)).toBe('no');
    expect(await cluster.ask('auth', 'can-i', '--list', '--as', robot)).toMatch(/^pods\/log .*\[get list watch\]$/m);
    expect(await cluster.ask('get', 'rolebinding', 'robot', '-o', 'wide', '--no-headers')).toMatch(
      /ClusterRole\/view +\S+ +default\/robot$/,
    );
  });

  it('gives tokens that do what their account may', async () => {
    const token = await cluster.ask('create', 'token', 'robot', '--duration=10m');
    const server = await cluster.ask('config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}');
    const asBearer = (...words: readonly string[]) =>
      cluster.kubectl(
        '--kubeconfig=/dev/null',
        '--server',
        server,
        '--insecure-skip-tls-verify',
        '--token',
        token,
        ...words,
      );
    expect(await asBearer('get', 'pods')).toMatchObject({ exitCode: 0 });
    const { stderr } = await asBearer('get', 'secrets');
    expect(stderr).toContain(`User "${robot}" cannot list resource "secrets"`);
    await cluster.ask('delete', 'serviceaccount', 'robot');
    expect((await asBearer('get', 'pods')).stderr).toContain('Unauthorized');
  });

  it('keeps people from giving away what they do not hold', async () => {
    await cluster.ask('create', 'rolebinding', 'boss', '--clusterrole=admin', '--user=boss');
    expect(await cluster.ask('create', 'role', 'own', '--verb=get', '--resource=pods', '--as=boss')).toContain(
      'created',
    );
    const { stderr } = await cluster.kubectl('create', 'role', 'more', '--verb=get', '--resource=nodes', '--as=boss');
    expect(stderr).toContain(
      'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}',
    );
  });

  // Without rights of its own a node runs pods that see the machine's files, and no token among them.
  it.skipIf(process.getuid?.() !== 0)('lets programs in pods ask as their account, by what is mounted', async () => {
    await cluster.ask('run', 'asks', '--image=node:24', '--restart=Never', '--command', '--', 'node', '-e', askFromPod);
    await cluster.ask('wait', 'pod/asks', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s');
    expect(await cluster.ask('logs', 'asks')).toBe(
      '403 pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
    );
  });

  it.skipIf(process.getuid?.() !== 0)('lets slipway in a pod find the cluster by its account', async () => {
    const shop = { name: 'shop', namespace: 'default' };
    const containers = [{ name: 'web', image: 'web', command: ['sleep', '3600'] }];
    await cluster.client.create(applications, {
      apiVersion: 'slipway.dev/v1alpha1',
      kind: 'Application',
      metadata: shop,
      spec: { version: '1.0', template: { spec: { containers } } },
    });
    await cluster.ask('create', 'serviceaccount', 'pipeline');
    await cluster.ask('create', 'rolebinding', 'pipeline', '--clusterrole=view', '--serviceaccount=default:pipeline');
    await expect
      .poll(async () => (await cluster.client.list(releases, { namespace: 'default' })).items, { timeout: 20_000 })
      .toHaveLength(1);
    const asks = (name: string, ...words: readonly string[]): Container => ({
      name,
      image: 'node:24',
      command: ['node', slipwayEntry, ...words],
      // Where no kubeconfig of a person is.
      env: [{ name: 'HOME', value: '/tmp' }],
      volumeMounts: [checkoutMount],
    });
    await cluster.client.create(pods, {
      metadata: { name: 'pipeline', namespace: 'default' },
      spec: {
        serviceAccountName: 'pipeline',
        restartPolicy: 'Never',
        volumes: [checkoutVolume],
        containers: [asks('reads', 'releases', 'shop'), asks('writes', 'promote', 'shop')],
      },
    });
    await cluster.ask('wait', 'pod/pipeline', '--for=jsonpath={.status.phase}=Failed', '--timeout=60s');
    expect(await cluster.ask('logs', 'pipeline', '-c', 'reads')).toMatch(/^1\.0 /m);
    expect(await cluster.ask('logs', 'pipeline', '-c', 'writes')).toContain(
      'User "system:serviceaccount:default:pipeline" cannot create resource "releasecommands"',
    );
  });

  it('does not change what a binding gives', async () => {
    const patch = JSON.stringify({ roleRef: { name: 'view' } });
    const { stderr } = await cluster.kubectl('patch', 'rolebinding', 'boss', '--type=merge', '--patch', patch);
    expect(stderr).toContain('cannot change roleRef');
  });
});
