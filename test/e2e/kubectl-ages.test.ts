/** The API by every kubectl that the machine has: they ask for discovery, schemas and patches in different ways. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, missing, type Outcome } from './support/execute.ts';
import { findKubectls } from './support/kubectls.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const reason = await missing('kubectl');
const kubectls = await findKubectls();

const labels = { app: 'web' };
const ports = [{ containerPort: 80 }, { containerPort: 81 }];
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 0,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'node:24', ports }] } },
  },
};

/** Makes one object of each kind that it can make. */
const generators: readonly (readonly string[])[] = [
  ['configmap', 'c', '--from-literal=a=b'],
  ['secret', 'generic', 's', '--from-literal=a=b'],
  ['serviceaccount', 'robot'],
  ['role', 'reader', '--verb=get', '--resource=pods'],
  ['rolebinding', 'reader', '--role=reader', '--user=ann'],
  ['service', 'clusterip', 'web', '--tcp=80:80'],
  ['quota', 'few', '--hard=configmaps=9'],
  ['job', 'once', '--image=node:24', '--dry-run=server', '--', 'true'],
  ['deployment', 'tried', '--image=node:24', '--dry-run=server'],
];

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

describe.skipIf(reason !== undefined).each(kubectls)('kubectl $version', ({ program, version }) => {
  const namespace = `kubectl-${version.replaceAll('.', '-')}`;
  let file: string;

  function run(...words: readonly string[]): Promise<Outcome> {
    return execute(program, ['--kubeconfig', join(cluster.directory, 'kubeconfig'), '-n', namespace, ...words]);
  }

  async function ask(...words: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await run(...words);
    expect({ words, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ words, exitCode: 0, stderr: '' });
    return stdout;
  }

  async function write(object: object): Promise<void> {
    await writeFile(file, JSON.stringify(object));
  }

  beforeAll(async () => {
    file = join(cluster.directory, `${namespace}.json`);
    await ask('create', 'namespace', namespace);
  });

  it('creates what it can make by itself', async () => {
    for (const words of generators) expect(await ask('create', ...words)).toContain('created');
  });

  it('tries, applies, and finds nothing left to do', async () => {
    await write(deployment);
    expect(await ask('apply', '-f', file, '--dry-run=server')).toContain('created (server dry run)');
    expect(await ask('apply', '-f', file)).toContain('created');
    expect(await ask('apply', '-f', file)).toContain('unchanged');
    expect(await ask('diff', '-f', file)).toBe('');
  });

  it('changes one port of several by applying, and leaves what others have set', async () => {
    await ask('annotate', 'deployment', 'web', 'kept=yes');
    const containers = [{ name: 'web', image: 'node:24', ports: [{ containerPort: 81, name: 'http' }] }];
    await write({
      ...deployment,
      spec: { ...deployment.spec, template: { metadata: { labels }, spec: { containers } } },
    });
    await ask('apply', '-f', file);
    const template = '{.metadata.annotations.kept} {.spec.template.spec.containers[0].ports[*].containerPort}';
    expect(await ask('get', 'deployment', 'web', '-o', `jsonpath=${template}`)).toBe('yes 81');
  });

  it('is told of the owner of a field when it applies by the server, and goes on from its own', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned' }, data: { a: '1' } };
    await write(object);
    await ask('apply', '-f', file);
    expect(await ask('apply', '--server-side', '-f', file)).toContain('serverside-applied');
    await write({ ...object, data: { a: '2' } });
    expect(await run('apply', '--server-side', '--field-manager=other', '-f', file)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('.data.a'),
    });
    expect(await ask('apply', '--server-side', '-f', file)).toContain('serverside-applied');
  });

  it('refuses a field that there is not', async () => {
    await write({ ...deployment, spec: { ...deployment.spec, replica: 1 } });
    const { exitCode, stderr } = await run('apply', '-f', file);
    expect({ exitCode, isNamed: /unknown field "?(spec\.)?replica"?/.test(stderr) }).toEqual({
      exitCode: 1,
      isNamed: true,
    });
  });

  it('shows, explains and selects', async () => {
    expect(await ask('explain', 'deployment.spec.replicas')).toContain('How many pods are wanted.');
    expect(await ask('get', 'deployment', 'web', '-o', 'wide')).toMatch(/NAME +READY .*\nweb +0\/0 .* app=web/);
    expect(await ask('get', 'configmaps', '--field-selector', 'metadata.name=c', '-o', 'name')).toBe('configmap/c\n');
    expect(await ask('auth', 'can-i', 'create', 'deployments')).toBe('yes\n');
  });

  it('patches in three ways, and deletes', async () => {
    await ask('patch', 'configmap', 'c', '-p', '{"data":{"a":"1"}}');
    await ask('patch', 'configmap', 'c', '--type=merge', '-p', '{"data":{"b":"2"}}');
    await ask('patch', 'configmap', 'c', '--type=json', '-p', '[{"op":"remove","path":"/data/a"}]');
    expect(await ask('get', 'configmap', 'c', '-o', 'jsonpath={.data}')).toBe('{"b":"2"}');
    expect(await ask('delete', 'configmap', 'c', 'owned')).toContain('configmap "c" deleted');
    expect(await ask('delete', 'deployment', 'web', '--cascade=foreground', '--timeout=60s')).toContain('deleted');
  });
});
