/** The embedded cluster by the ordinary kubectl: looking around, a Deployment, its Service, its rollout. */
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from './support/execute.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const program =
  "process.on('SIGTERM',()=>process.exit(0));console.log('started');require('http').createServer((q,s)=>s.end('hello from '+process.env.HOSTNAME)).listen(8080,process.env.POD_IP)";

const manifests = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'node:24',
              command: ['node', '-e', program],
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/', port: 'http' } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'web' },
    spec: {
      rules: [
        {
          host: 'web.localhost',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
          },
        },
      ],
    },
  },
]
  .map((object) => JSON.stringify(object))
  .join('\n');

const reason = await missing('kubectl');

describe.skipIf(reason !== undefined)(`kubectl${reason === undefined ? '' : ` (${reason})`}`, () => {
  let cluster: TestCluster;
  let file: string;

  beforeAll(async () => {
    cluster = await startCluster();
    file = join(cluster.directory, 'web.json');
    await writeFile(file, manifests);
  });

  afterAll(() => cluster.stop());

  it('sees one node, ready', async () => {
    expect(await cluster.ask('get', 'nodes', '--no-headers')).toMatch(/^\S+ +Ready +control-plane +\S+ +v1\.32\.0$/);
  });

  it('sees the namespaces of the system', async () => {
    expect(await cluster.ask('get', 'ns', '-o', 'name')).toBe(
      'namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system',
    );
    expect(await cluster.ask('get', 'namespace', 'default', '-o', 'jsonpath={.status.phase}')).toBe('Active');
    expect(await cluster.ask('describe', 'namespace', 'default')).toMatch(/Status: +Active/);
  });

  it('explains fields', async () => {
    expect(await cluster.ask('explain', 'deployment.spec.strategy')).toContain('rollingUpdate');
  });

  it('applies a Deployment that becomes available, and changes nothing the second time', async () => {
    expect(await cluster.ask('apply', '-f', file)).toContain('deployment.apps/web created');
    expect(await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=30s')).toContain(
      'successfully rolled out',
    );
    expect(await cluster.ask('apply', '-f', file)).toContain('deployment.apps/web unchanged');
    expect(await cluster.ask('get', 'deployment', 'web', '--no-headers')).toMatch(/^web +3\/3 +3 +3 /);
  });

  it('reads logs and events', async () => {
    expect(await cluster.ask('logs', 'deployment/web')).toContain('started');
    const pod = await cluster.ask('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}');
    // They are written when the pods have started.
    for (const event of ['Scheduled', 'Pulled', 'Created', 'Started'])
      await expect.poll(() => cluster.ask('describe', 'pod', pod), { timeout: 30_000 }).toContain(event);
  });

  it('reaches the pods through the Ingress', async () => {
    expect(await fetchFrom(cluster.gateway, 'web.localhost')).toContain('hello from web-');
  });

  it('replaces a pod that is deleted', async () => {
    const pod = await cluster.ask('get', 'pods', '-l', 'app=web', '-o', 'jsonpath={.items[0].metadata.name}');
    await cluster.ask('delete', 'pod', pod);
    await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=30s');
    expect(await cluster.ask('get', 'pods', '-l', 'app=web', '-o', 'name')).not.toContain(pod);
  });

  it('rolls out, shows the history and goes back', async () => {
    await cluster.ask('set', 'env', 'deployment/web', 'COLOUR=blue');
    await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=30s');
    expect(await cluster.ask('rollout', 'history', 'deployment/web')).toMatch(/1 +<none>\n2 +<none>/);
    await cluster.ask('rollout', 'undo', 'deployment/web');
    await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=30s');
    expect(
      await cluster.ask('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template.spec.containers[0].env}'),
    ).toBe('');
  });

  it('scales and patches', async () => {
    await cluster.ask('scale', 'deployment', 'web', '--replicas=5');
    await cluster.ask('wait', '--for=jsonpath={.status.readyReplicas}=5', 'deployment/web', '--timeout=30s');
    await cluster.ask('patch', 'deployment', 'web', '-p', '{"spec":{"replicas":1}}');
    await cluster.ask('patch', 'deployment', 'web', '--type=merge', '-p', '{"metadata":{"labels":{"a":"b"}}}');
    await cluster.ask(
      'patch',
      'deployment',
      'web',
      '--type=json',
      '-p',
      '[{"op":"remove","path":"/metadata/labels/a"}]',
    );
    expect(await cluster.ask('get', 'deployment', 'web', '-o', 'jsonpath={.metadata.labels.a}')).toBe('');
  });

  it('keeps the fields of another manager until it is forced', async () => {
    const config = join(cluster.directory, 'config.json');
    const apply = (value: string, ...words: readonly string[]) =>
      writeFile(
        config,
        JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: value } }),
      ).then(() => cluster.kubectl('apply', '--server-side', '-f', config, ...words));
    const value = () => cluster.ask('get', 'configmap', 'c', '-o', 'jsonpath={.data.a}');
    expect(await apply('1', '--field-manager=one')).toMatchObject({ exitCode: 0 });
    const refused = await apply('2', '--field-manager=two');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('conflict with "one": .data.a');
    expect(await value()).toBe('1');
    expect(await apply('2', '--field-manager=two', '--force-conflicts', '--dry-run=server')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('(server dry run)'),
    });
    expect(await value()).toBe('1');
    expect(await apply('2', '--field-manager=two', '--force-conflicts')).toMatchObject({ exitCode: 0 });
    expect(await value()).toBe('2');
  });

  it('waits for the contents of a namespace that it deletes', async () => {
    await cluster.ask('create', 'namespace', 'gone');
    await cluster.ask('create', 'configmap', 'inside', '-n', 'gone');
    expect(await cluster.ask('get', 'namespaces')).toMatch(/^NAME +STATUS +AGE\n(.*\n)*gone +Active +\d+s/);
    await cluster.ask('delete', 'namespace', 'gone', '--timeout=30s');
    expect((await cluster.kubectl('get', 'namespace', 'gone')).stderr).toContain('namespaces "gone" not found');
    expect(await cluster.ask('get', 'configmaps', '-A', '-o', 'name')).not.toContain('inside');
  });

  it('describes what it made', async () => {
    expect(await cluster.ask('describe', 'deployment', 'web')).toContain('StrategyType: ');
    expect(await cluster.ask('describe', 'replicasets', '-l', 'app=web')).toContain('Controlled By:  Deployment/web');
    expect(await cluster.ask('describe', 'service', 'web')).toMatch(/Endpoints: +\d+\./);
    expect(await cluster.ask('describe', 'nodes')).toContain('Allocated resources:');
  });

  it('is told of a mistyped field before anything is written', async () => {
    const outcome = await cluster.kubectl('create', 'deployment', 'x', '--image=x', '--dry-run=client', '-o', 'json');
    const wrong = join(cluster.directory, 'wrong.json');
    await writeFile(wrong, outcome.stdout.replace('"replicas"', '"replica"'));
    const applied = await cluster.kubectl('apply', '-f', wrong);
    expect(applied.exitCode).toBe(1);
    expect(applied.stderr).toContain('unknown field "spec.replica"');
    expect((await cluster.kubectl('get', 'deployment', 'x')).stderr).toContain('deployments.apps "x" not found');
  });

  it('is told by the rules of a kind what is wrong with an Application', async () => {
    const wrong = join(cluster.directory, 'application.json');
    const strategy = {
      type: 'rolling',
      rolling: { maxSurge: 0, maxUnavailable: 0 },
      blueGreen: { autoPromote: false },
    };
    await writeFile(
      wrong,
      JSON.stringify({
        apiVersion: 'slipway.dev/v1alpha1',
        kind: 'Application',
        metadata: { name: 'shop' },
        spec: { route: { hosts: ['shop.localhost'] }, strategy },
      }),
    );
    const { exitCode, stderr } = await cluster.kubectl('apply', '-f', wrong);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('The Application "shop" is invalid:');
    expect(stderr).toContain(
      '* spec: Invalid value: "object": exactly one of template and workloadRef says what should run',
    );
    expect(stderr).toContain('* spec: Invalid value: "object": a route needs a Service with a port');
    expect(stderr).toContain(
      '* spec.strategy: Invalid value: "object": blueGreen has parameters of the strategy blueGreen',
    );
    expect(stderr).toContain(
      '* spec.strategy.rolling: Invalid value: "object": maxSurge and maxUnavailable are both 0, so no pod could ever change',
    );
    expect((await cluster.kubectl('get', 'applications.slipway.dev', 'shop')).stderr).toContain('not found');
  });

  it('deletes everything, with what belongs to it', async () => {
    await cluster.ask('delete', '-f', file, '--timeout=30s');
    // A pod that is told to stop before its program listens to that gets its whole grace of 30 seconds.
    await cluster.ask('wait', '--for=delete', 'pods', '-l', 'app=web', '--timeout=60s');
    expect(await cluster.ask('get', 'replicasets', '-o', 'name')).toBe('');
  });
});

function fetchFrom(gateway: string, host: string): Promise<string> {
  const { hostname, port } = new URL(gateway);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path: '/', headers: { host } }, (incoming) => {
      let body = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => resolve(body));
    })
      .on('error', reject)
      .end();
  });
}
