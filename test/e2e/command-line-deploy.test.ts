/** What a cluster refuses is told with what was wrong and what to do, by the right exit code, and nothing is half-started. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { applications } from '@slipway/delivery/api/application';
import { configMaps, pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterTitle, startDeliveryCluster, type DeliveryCluster } from './support/delivery-cluster.ts';
import { slipwayEntry, type Outcome } from './support/execute.ts';
import { writeKubeconfigTo } from './support/kubeconfig-to.ts';
import { self } from './support/person.ts';

/** Nobody has it, wherever it is asked for. */
const nowhere = 'nowhere.invalid/web:1';
const image = 'node:24';
const patience = { timeout: 60_000 };

describe(`slipway on a command line, ${clusterTitle}`, () => {
  let cluster: DeliveryCluster;

  beforeAll(async () => {
    cluster = await startDeliveryCluster({ controllers: 1, planes: [] });
  });

  afterAll(() => cluster?.stop());

  const file = (name: string): string => join(cluster.folder, name);

  /** By the kubeconfig of the cluster, in the namespace of the test. */
  function slipway(...words: readonly string[]): Promise<Outcome> {
    return self.slipway(...words, ...where());
  }

  function where(): readonly string[] {
    return ['--kubeconfig', cluster.kubeconfig, '--namespace', cluster.namespace];
  }

  /** An Application in a file; `spec` stands above what every one has. */
  async function writeApplication(name: string, spec: object): Promise<string> {
    const template = { spec: { containers: [{ name: 'web', image: nowhere }] } };
    const manifest = {
      apiVersion: 'slipway.dev/v1alpha1',
      kind: 'Application',
      metadata: { name },
      spec: { template, ...spec },
    };
    await writeFile(file(`${name}.json`), JSON.stringify(manifest));
    return file(`${name}.json`);
  }

  const deploy = (...words: readonly string[]) => slipway('deploy', ...words);
  const describeIn = (name: string) => slipway('describe', name);

  it.each([
    { name: 'an impossible strategy', spec: { strategy: { type: 'teleport' } }, message: 'spec.strategy.type' },
    { name: 'an unknown field', spec: { replica: 3 }, message: 'unknown field "spec.replica"' },
    {
      name: 'a field of another type',
      spec: { replicas: 'three' },
      message: 'spec.replicas: expected a whole number, found a string',
    },
    { name: 'a version that YAML takes for a number', spec: { version: 1.5 }, message: 'write it in quotes' },
    {
      name: 'an Application without a container',
      spec: { template: {} },
      message: 'at least one container is required',
    },
    {
      name: 'a port that no Service can have',
      spec: { service: { ports: [{ port: 0 }] } },
      message: 'spec.service.ports[0].port: Invalid value: 0',
    },
    {
      name: 'pods that no ReplicaSet can make',
      spec: {
        template: { spec: { containers: [{ name: 'web', image: 'web', ports: [{ containerPort: 808_080 }] }] } },
      },
      message: 'spec.template.spec.containers[0].ports[0].containerPort: Invalid value: 808080',
    },
    {
      name: 'a host that is none',
      spec: { service: { ports: [{ port: 80 }] }, route: { hosts: ['a b'] } },
      message: 'spec.route.hosts[0]: Invalid value: "string": must be the name of a host',
    },
    {
      name: 'surge and unavailability of nothing',
      spec: { strategy: { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: 0 } } },
      message: 'spec.strategy.rolling',
    },
  ])('refuses $name with exit code 2', async ({ spec, message }) => {
    const outcome = await deploy(await writeApplication('shop', spec));
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
    expect(await describeIn('shop')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no Application'),
    });
  });

  it('tells a difference from a failure by the exit code of diff', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'compared' } };
    await writeFile(file('compared.json'), JSON.stringify(object));
    const diff = (...words: readonly string[]) => slipway('diff', file('compared.json'), ...words);
    expect(await diff()).toMatchObject({ exitCode: 1, stderr: '' });
    await cluster.client.create(configMaps, {
      ...object,
      metadata: { name: 'compared', namespace: cluster.namespace },
    });
    expect(await diff()).toMatchObject({ exitCode: 0, stdout: 'No difference.\n' });
    const data = await diff('-o', 'json');
    expect({ exitCode: data.exitCode, items: JSON.parse(data.stdout).items }).toEqual({ exitCode: 0, items: [] });
    const dead = await writeKubeconfigTo('https://127.0.0.1:1', file('dead.kubeconfig'));
    expect(await self.slipway('diff', file('compared.json'), '--kubeconfig', dead)).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('cannot be reached'),
    });
    await writeFile(file('compared.json'), JSON.stringify({ ...object, dat: {} }));
    expect(await diff()).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('unknown field "dat"'),
    });
  });

  it('says what a deployment would do, and what is wrong with it, by a dry run', async () => {
    const web = { url: 'https://metrics.test/', jsonPath: '$.rate' };
    const checks = [{ name: 'errors', provider: { web }, successWhen: 'rate < 0.1' }];
    expect(await deploy(await writeApplication('tried', { checks }), '--dry-run')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'spec.checks[0].successWhen: "rate < 0.1": 1:1: undeclared reference to \'rate\'',
      ),
    });
    const manifest = await writeApplication('tried', { version: '1', replicas: 0 });
    const tried = (outcome: string) => ({
      exitCode: 0,
      stdout: `application/tried would ${outcome}\nNothing was written.\n`,
    });
    expect(await deploy(manifest, '--dry-run')).toMatchObject(tried('be created'));
    expect(await describeIn('tried')).toMatchObject({ exitCode: 1 });
    expect(await deploy(manifest)).toMatchObject({ exitCode: 0 });
    await expect.poll(async () => (await describeIn('tried')).stdout, patience).toMatch(/ScaledToZero +True/);
    expect(await deploy(manifest, '--dry-run')).toMatchObject(tried('stay as it is'));
    expect(await deploy(manifest, '--version', '2', '--dry-run')).toMatchObject(tried('be changed'));
    const asData = await deploy(manifest, '--version', '2', '--dry-run', '-o', 'json');
    expect(JSON.parse(asData.stdout)).toMatchObject({ kind: 'Application', spec: { version: '2' } });
    expect(await deploy(manifest, '--dry-run', '--wait')).toMatchObject({ exitCode: 2 });
    const lacking = { version: '3', environmentFrom: [{ secretRef: { name: 'nowhere' } }] };
    expect(await deploy(await writeApplication('tried', lacking), '--dry-run')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'application/tried would not be released:\n  the pod template refers to what does not exist: Secret/nowhere',
      ),
    });
  });

  it('says what is not there, and what there is', async () => {
    expect(await slipway('promote', 'nobody')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`There is no Application named "nobody" in namespace ${cluster.namespace}`),
    });
    const manifest = await writeApplication('lost', {});
    const elsewhere = ['--kubeconfig', cluster.kubeconfig, '--namespace', 'nowhere'];
    expect(await self.slipway('deploy', manifest, ...elsewhere)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Create it with: kubectl create namespace nowhere'),
    });
    expect(await deploy(manifest, '--image', 'wbe=nowhere.invalid/web:2')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('has no container named "wbe", it has: web'),
    });
    expect(await deploy(manifest, '--strategy', 'teleport')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('supported values: "rolling", "recreate", "blueGreen", "canary"'),
    });
  });

  it('applies nothing of a directory in which one manifest is wrong', async () => {
    const folder = file('several');
    await mkdir(folder);
    const good = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'good' } };
    await writeFile(join(folder, '1.json'), JSON.stringify(good));
    await writeFile(join(folder, '2.json'), JSON.stringify({ ...good, dat: {} }));
    expect(await deploy(folder)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('unknown field "dat"') });
    await writeFile(join(folder, '2.json'), JSON.stringify({ ...good, kind: 'ConfigMpa' }));
    expect(await deploy(folder)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('serves no kind "ConfigMpa" in v1; it serves: '),
    });
    const { items } = await cluster.client.list(configMaps, { namespace: cluster.namespace });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('good');
  });

  it('refuses other content under a version that exists, and says why a release does not come', async () => {
    const manifest = await writeApplication('pull', { version: '1', progressDeadlineSeconds: 600 });
    expect(await deploy(manifest)).toMatchObject({ exitCode: 0 });
    await expect.poll(async () => (await describeIn('pull')).stdout, patience).toContain(nowhere);
    const waited = await deploy(manifest, '--wait=promoted', '--timeout', '2');
    expect(waited).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not promoted within 2 s') });
    // While it waits, and not only in the end.
    expect(waited.stdout).toContain(nowhere);
    expect(waited.stderr).toContain('0 of 1 pods of version 1 to be ready');
    expect(waited.stderr).toContain(nowhere);

    const before = await cluster.client.get(applications, { namespace: cluster.namespace, name: 'pull' });
    const outcome = await deploy(manifest, '--image', 'web=nowhere.invalid/web:2');
    expect(outcome).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('version 1 of pull exists already with other content'),
    });
    const after = await cluster.client.get(applications, { namespace: cluster.namespace, name: 'pull' });
    expect(after.spec).toEqual(before.spec);
  });

  it('says why a container that never becomes ready was not released', async () => {
    const containers = [
      { name: 'web', image, command: ['sleep', '100'], readinessProbe: { exec: { command: ['false'] } } },
    ];
    const spec = { version: '1', progressDeadlineSeconds: 2, template: { spec: { containers } } };
    const outcome = await deploy(await writeApplication('unready', spec), '--wait');
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no progress for 2 s') });
    expect(outcome.stderr).toContain('0 of 1 pods of version 1 to be ready');
  });

  it('follows what a person asks for to its end', async () => {
    const program = "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1000)";
    const containers = [{ name: 'web', image, command: ['node', '-e', program] }];
    const strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } };
    const spec = { version: '1', guardSeconds: 0, keepFailedSeconds: 0, strategy, template: { spec: { containers } } };
    const manifest = await writeApplication('gated', spec);
    expect(await deploy(manifest, '--wait')).toMatchObject({ exitCode: 0 });
    expect(await slipway('promote', 'gated', '--wait')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('promote was refused: no release is under way'),
    });
    expect(await slipway('rollback', 'gated')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('rollback was refused: there is no earlier version to go back to'),
    });
    expect(await slipway('rollback', 'gated', '9')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('version 9 is not kept or has never served; versions that have: 1'),
    });
    expect(await deploy(manifest, '--version', '2')).toMatchObject({ exitCode: 0 });
    const key = { namespace: cluster.namespace, name: 'gated' };
    await expect
      .poll(async () => (await cluster.client.get(applications, key)).status?.candidate, patience)
      .toBe('gated-2');
    expect(await slipway('abort', 'gated', '--wait')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('abort: version 2 is RolledBack'),
    });
    const retried = await slipway('retry', 'gated', '--wait', '--timeout', '3');
    expect(retried).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/retry has not come about within 3 s.* waiting for /),
    });
    const promoted = await slipway('promote', 'gated', '--wait', '-o', 'json');
    expect(promoted).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('gated 2: ') });
    expect(JSON.parse(promoted.stdout)).toMatchObject({ reached: true, release: 'gated-2', phase: 'Succeeded' });
  });

  it('prints the logs of an Application, and follows pods that come later', async () => {
    const program =
      "process.on('SIGTERM', () => process.exit()); for (let line = 0; line < 20; line += 1) console.log('old'); setInterval(() => console.log('tick'), 50)";
    const containers = [{ name: 'web', image, command: ['node', '-e', program] }];
    const manifest = await writeApplication('talker', { version: '1', template: { spec: { containers } } });
    expect(await deploy(manifest, '--wait=promoted')).toMatchObject({ exitCode: 0 });
    const printed = await slipway('logs', 'talker', '--tail', '2');
    // What is written while it is read comes too.
    expect(printed.stdout).toMatch(/^(talker-1-\S+\/web {2}(old|tick)\n){2,}$/);
    expect(printed.stdout.match(/old/g) ?? []).toSatisfy((old: readonly string[]) => old.length <= 2);

    const [file, ...words] = self.commandOf(process.execPath, [slipwayEntry, 'logs', 'talker', '-f', '--tail', '1']);
    const following = spawn(file, [...words, ...where()], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let seen: string | undefined;
      for await (const line of createInterface({ input: following.stdout })) {
        const pod = /^(\S+)\/web {2}(?:old|tick)$/.exec(line)?.[1] ?? '';
        if (seen !== undefined && pod !== seen) break;
        if (seen === undefined) await cluster.client.delete(pods, { namespace: cluster.namespace, name: pod });
        seen = pod;
      }
      expect(seen).toMatch(/^talker-1-/);
    } finally {
      following.kill();
    }
  });

  it('says that there is nothing to print', async () => {
    const words = ['logs', 'nobody'];
    expect(await slipway(...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no pods of an') });
    expect(await slipway(...words, '-f')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not found') });
  });
});
