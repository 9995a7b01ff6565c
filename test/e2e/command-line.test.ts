/** What bad input gets: a message that says what was wrong, the right exit code, and nothing half-started. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { self } from './support/person.ts';
import { startCluster, type TestCluster } from './support/slipway.ts';

const { slipway } = self;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-e2e-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('without a cluster', () => {
  it('refuses an unknown option with exit code 2', async () => {
    expect(await slipway('up', '--no-such')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("unknown option '--no-such'"),
    });
  });

  it('says that nothing runs', async () => {
    expect(await slipway('status', '--data-dir', directory)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('No cluster runs in'),
    });
    expect(await slipway('down', '--data-dir', directory)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('No cluster runs in'),
    });
  });

  it('names a kubeconfig that points nowhere', async () => {
    const outcome = await slipway('releases', 'shop', '--kubeconfig', join(directory, 'none'));
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no kubeconfig at') });
  });

  it('says that a build context has no Dockerfile', async () => {
    const outcome = await slipway('build', '-t', 'x:1', '--data-dir', join(directory, 'data'), directory);
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no Dockerfile') });
  });

  it('names a port that is in use, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const data = join(directory, 'port');
    const outcome = await slipway(
      'up',
      '--detach',
      '--data-dir',
      data,
      '--api-port',
      port,
      '--gateway-port',
      '0',
      '--kubeconfig',
      join(directory, 'kc'),
      '--runtime',
      'simulated',
    );
    server.close();
    expect(outcome).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`Port ${port} on 127.0.0.1 is in use`),
    });
    expect(await slipway('status', '--data-dir', data)).toMatchObject({ exitCode: 1 });
  });
});

describe('with a cluster', () => {
  let cluster: TestCluster;
  let kubeconfig: string;

  beforeAll(async () => {
    cluster = await startCluster();
    kubeconfig = join(cluster.directory, 'kubeconfig');
  });

  afterAll(async () => {
    await cluster.stop();
  });

  it('does not start a second one in the same place', async () => {
    const outcome = await slipway(
      'up',
      '--detach',
      '--data-dir',
      cluster.directory,
      '--api-port',
      '0',
      '--gateway-port',
      '0',
    );
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('A cluster runs in') });
  });

  it.each([
    { name: 'an impossible strategy', spec: { strategy: { type: 'teleport' } }, message: 'spec.strategy.type' },
    { name: 'a mistyped field', spec: { replica: 3 }, message: 'unknown field "spec.replica"' },
    {
      name: 'surge and unavailability of nothing',
      spec: { strategy: { type: 'rolling', rolling: { maxSurge: 0, maxUnavailable: 0 } } },
      message: 'spec.strategy.rolling',
    },
  ])('refuses $name with exit code 2', async ({ spec, message }) => {
    const file = join(directory, 'application.json');
    const template = { spec: { containers: [{ name: 'web', image: 'web:1' }] } };
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: 'slipway.dev/v1alpha1',
        kind: 'Application',
        metadata: { name: 'shop' },
        spec: { template, ...spec },
      }),
    );
    const outcome = await slipway('deploy', file, '--kubeconfig', kubeconfig);
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
    expect(await slipway('describe', 'shop', '--kubeconfig', kubeconfig)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no Application'),
    });
  });
});
