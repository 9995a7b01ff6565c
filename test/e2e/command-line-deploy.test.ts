/** What a cluster refuses is told with what was wrong and what to do, by the right exit code, and nothing is half-started. */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { applications } from '@slipway/delivery/api/application';
import { configMaps, pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { slipwayEntry } from './support/execute.ts';
import { writeKubeconfigTo } from './support/kubeconfig-to.ts';
import { ordinaryUser, removeFolder, root, self } from './support/person.ts';
import { startCluster, upWords, type TestCluster } from './support/slipway.ts';

const { slipway } = self;
let directory: string;
let cluster: TestCluster;

beforeAll(async () => {
  directory = await self.createFolder();
  cluster = await startCluster();
});

afterAll(async () => {
  await cluster.stop();
  await removeFolder(directory);
});

const file = (name: string): string => join(directory, name);

/** An Application in a file; `spec` stands above what every one has. */
async function writeApplication(name: string, spec: object): Promise<string> {
  const template = { spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const manifest = {
    apiVersion: 'slipway.dev/v1alpha1',
    kind: 'Application',
    metadata: { name },
    spec: { template, ...spec },
  };
  await writeFile(file(`${name}.json`), JSON.stringify(manifest));
  return file(`${name}.json`);
}

const deploy = (...words: readonly string[]) => slipway('deploy', ...words, '--kubeconfig', cluster.kubeconfig);
const describeIn = (name: string) => slipway('describe', name, '--kubeconfig', cluster.kubeconfig);

it('does not start a second one in the same place', async () => {
  const outcome = await slipway(...upWords(cluster.directory, ['--detach']));
  expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('A cluster runs in') });
});

it('is found by the context that it has in a kubeconfig', async () => {
  const words = ['--kubeconfig', cluster.kubeconfig];
  expect(await slipway('status', ...words)).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('running'),
  });
  await writeFile(file('Dockerfile'), 'FROM scratch\n');
  const built = await slipway('build', '-t', 'empty:1', ...words, '-o', 'json', directory);
  expect(JSON.parse(built.stdout)).toMatchObject({ tag: 'empty:1' });
});

it('keeps its context when another one would be called the same', async () => {
  const merged = join(cluster.directory, 'merged.kubeconfig');
  const text = await readFile(merged, 'utf8');
  const context = /current-context: (\S+)/.exec(text)?.[1] ?? '';
  const data = file('other');
  const words = ['--data-dir', data, '--kubeconfig', merged, '--context', context];
  expect(await slipway('up', '--detach', ...words)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`has a context "${context}" of the cluster in ${cluster.directory} already`),
  });
  expect(await readFile(merged, 'utf8')).toBe(text);
  expect(await readdir(directory)).not.toContain('other');
});

it('is asked what runs in it where it is not our own', async () => {
  const foreign = file('foreign.kubeconfig');
  const text = await readFile(cluster.kubeconfig, 'utf8');
  await writeFile(foreign, text.replace('slipway.dev/embedded-cluster', 'example.com/other'));
  const asked = await slipway('status', '--kubeconfig', foreign, '-o', 'json');
  expect(JSON.parse(asked.stdout)).toMatchObject({
    running: true,
    nodes: { total: 1, ready: 1 },
    controller: { name: 'slipway-server', isSilent: false },
  });
  const refusal = { exitCode: 2, stderr: expect.stringContaining('is of no embedded cluster') };
  expect(await slipway('down', '--kubeconfig', foreign)).toMatchObject(refusal);
  expect(await slipway('build', '-t', 'x:1', '--kubeconfig', foreign, directory)).toMatchObject(refusal);
  const context = /current-context: (\S+)/.exec(text)?.[1] ?? '';
  const words = ['--data-dir', file('beside'), '--kubeconfig', foreign, '--context', context];
  expect(await slipway('up', '--detach', ...words)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('has a context'),
  });
  expect(await slipway('status', '--data-dir', cluster.directory)).toMatchObject({ exitCode: 0 });
});

it.skipIf(root.reason !== undefined)('is closed to another user', async () => {
  for (const command of ['status', 'down'])
    expect(await ordinaryUser.slipway(command, '--data-dir', cluster.directory)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('permission denied'),
    });
});

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
  const diff = (kubeconfig: string, ...words: readonly string[]) =>
    slipway('diff', file('compared.json'), '--kubeconfig', kubeconfig, ...words);
  expect(await diff(cluster.kubeconfig)).toMatchObject({ exitCode: 1, stderr: '' });
  await cluster.client.create(configMaps, { ...object, metadata: { name: 'compared', namespace: 'default' } });
  expect(await diff(cluster.kubeconfig)).toMatchObject({ exitCode: 0, stdout: 'No difference.\n' });
  const data = await diff(cluster.kubeconfig, '-o', 'json');
  expect({ exitCode: data.exitCode, items: JSON.parse(data.stdout).items }).toEqual({ exitCode: 0, items: [] });
  const dead = await writeKubeconfigTo('https://127.0.0.1:1', file('dead.kubeconfig'));
  expect(await diff(dead)).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('cannot be reached') });
  await writeFile(file('compared.json'), JSON.stringify({ ...object, dat: {} }));
  expect(await diff(cluster.kubeconfig)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('unknown field "dat"'),
  });
});

it('says what a deployment would do, and what is wrong with it, by a dry run', async () => {
  const web = { url: 'https://metrics.test/', jsonPath: '$.rate' };
  const checks = [{ name: 'errors', provider: { web }, successWhen: 'rate < 0.1' }];
  expect(await deploy(await writeApplication('tried', { checks }), '--dry-run')).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('spec.checks[0].successWhen: "rate < 0.1": 1:1: undeclared reference to \'rate\''),
  });
  const manifest = await writeApplication('tried', { version: '1', replicas: 0 });
  const tried = (outcome: string) => ({
    exitCode: 0,
    stdout: `application/tried would ${outcome}\nNothing was written.\n`,
  });
  expect(await deploy(manifest, '--dry-run')).toMatchObject(tried('be created'));
  expect(await describeIn('tried')).toMatchObject({ exitCode: 1 });
  expect(await deploy(manifest)).toMatchObject({ exitCode: 0 });
  await expect.poll(async () => (await describeIn('tried')).stdout, { timeout: 20_000 }).toMatch(/ScaledToZero +True/);
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
  const words = ['--kubeconfig', cluster.kubeconfig];
  expect(await slipway('promote', 'nobody', ...words)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('There is no Application named "nobody" in namespace default'),
  });
  const manifest = await writeApplication('lost', {});
  expect(await deploy(manifest, '-n', 'nowhere')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('Create it with: kubectl create namespace nowhere'),
  });
  expect(await deploy(manifest, '--image', 'wbe=web:2')).toMatchObject({
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
  const { items } = await cluster.client.list(configMaps, { namespace: 'default' });
  expect(items.map(({ metadata }) => metadata.name)).not.toContain('good');
});

it('refuses other content under a version that exists, and says why a release does not come', async () => {
  const manifest = await writeApplication('pull', { version: '1', progressDeadlineSeconds: 600 });
  expect(await deploy(manifest)).toMatchObject({ exitCode: 0 });
  await expect
    .poll(async () => (await describeIn('pull')).stdout, { timeout: 20_000 })
    .toContain('web:1" is not on this machine');
  const waited = await deploy(manifest, '--wait=promoted', '--timeout', '2');
  expect(waited).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not promoted within 2 s') });
  // While it waits, and not only in the end.
  expect(waited.stdout).toContain('web:1" is not on this machine');
  expect(waited.stderr).toContain('0 of 1 pods of version 1 to be ready');
  expect(waited.stderr).toContain('web:1" is not on this machine');

  const before = await cluster.client.get(applications, { namespace: 'default', name: 'pull' });
  const outcome = await deploy(manifest, '--image', 'web=web:2');
  expect(outcome).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('version 1 of pull exists already with other content'),
  });
  const after = await cluster.client.get(applications, { namespace: 'default', name: 'pull' });
  expect(after.spec).toEqual(before.spec);
});

it('says why a container that never becomes ready was not released', async () => {
  const containers = [
    { name: 'web', image: 'web', command: ['sleep', '100'], readinessProbe: { exec: { command: ['false'] } } },
  ];
  const spec = { version: '1', progressDeadlineSeconds: 2, template: { spec: { containers } } };
  const outcome = await deploy(await writeApplication('unready', spec), '--wait');
  expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no progress for 2 s') });
  expect(outcome.stderr).toContain('0 of 1 pods of version 1 to be ready');
});

it('follows what a person asks for to its end', async () => {
  const program = "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1000)";
  const containers = [{ name: 'web', image: 'web', command: ['node', '-e', program] }];
  const strategy = { type: 'blueGreen', blueGreen: { autoPromote: false } };
  const spec = { version: '1', guardSeconds: 0, keepFailedSeconds: 0, strategy, template: { spec: { containers } } };
  const manifest = await writeApplication('gated', spec);
  const ask = (...words: readonly string[]) => slipway(...words, '--kubeconfig', cluster.kubeconfig);
  expect(await deploy(manifest, '--wait')).toMatchObject({ exitCode: 0 });
  expect(await ask('promote', 'gated', '--wait')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('promote was refused: no release is under way'),
  });
  expect(await ask('rollback', 'gated')).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('rollback was refused: there is no earlier version to go back to'),
  });
  expect(await ask('rollback', 'gated', '9')).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining('version 9 is not kept or has never served; versions that have: 1'),
  });
  expect(await deploy(manifest, '--version', '2')).toMatchObject({ exitCode: 0 });
  const key = { namespace: 'default', name: 'gated' };
  await expect
    .poll(async () => (await cluster.client.get(applications, key)).status?.candidate, { timeout: 20_000 })
    .toBe('gated-2');
  expect(await ask('abort', 'gated', '--wait')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('abort: version 2 is RolledBack'),
  });
  const retried = await ask('retry', 'gated', '--wait', '--timeout', '3');
  expect(retried).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/retry has not come about within 3 s.* waiting for /),
  });
  const promoted = await ask('promote', 'gated', '--wait', '-o', 'json');
  expect(promoted).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('gated 2: ') });
  expect(JSON.parse(promoted.stdout)).toMatchObject({ reached: true, release: 'gated-2', phase: 'Succeeded' });
});

it('prints the logs of an Application, and follows pods that come later', async () => {
  const program = "process.on('SIGTERM', () => process.exit()); setInterval(() => console.log('tick'), 50)";
  const containers = [{ name: 'web', image: 'web', command: ['node', '-e', program] }];
  const manifest = await writeApplication('talker', { version: '1', template: { spec: { containers } } });
  expect(await deploy(manifest, '--wait=promoted')).toMatchObject({ exitCode: 0 });
  const printed = await slipway('logs', 'talker', '--tail', '2', '--kubeconfig', cluster.kubeconfig);
  expect(printed.stdout).toMatch(/^(talker-1-\S+\/web {2}tick\n){2,4}$/);

  const [file, ...words] = self.commandOf(process.execPath, [slipwayEntry, 'logs', 'talker', '-f', '--tail', '1']);
  const following = spawn(file, [...words, '--kubeconfig', cluster.kubeconfig], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let seen: string | undefined;
    for await (const line of createInterface({ input: following.stdout })) {
      const pod = /^(\S+)\/web {2}tick$/.exec(line)?.[1] ?? '';
      if (seen !== undefined && pod !== seen) break;
      if (seen === undefined) await cluster.client.delete(pods, { namespace: 'default', name: pod });
      seen = pod;
    }
    expect(seen).toMatch(/^talker-1-/);
  } finally {
    following.kill();
  }
});

it('says that there is nothing to print', async () => {
  const words = ['logs', 'nobody', '--kubeconfig', cluster.kubeconfig];
  expect(await slipway(...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no pods of an') });
  expect(await slipway(...words, '-f')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not found') });
});
