import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeContentVolumes } from '../../../../testing/content-volumes-contract.ts';
import { findNoUserReason, runIsolated } from '../../../../testing/isolated-process.ts';
import { describeProgramRuntime, RuntimeHarness } from '../../../../testing/program-runtime-contract.ts';
import { startNamespaceRuntime, type ProcessRuntimeUnderTest } from '../../../../testing/process-runtime-under-test.ts';
import { describeSharedProcesses } from '../../../../testing/shared-processes-contract.ts';
import { AddressPool } from '../../../network/address-pool.ts';
import { SharedNetwork } from '../../../network/shared-network.ts';
import { rightsOfUser } from './namespace-rights.ts';
import { findTools, requireTool, userTools } from './tools.ts';

const isInside = process.env['SLIPWAY_TEST_ISOLATED'] === '1';

/** Which half of this file is meant: the other one is not skipped, it is not there. */
const inside = isInside ? describe : (): void => {};
const outside = isInside ? (): void => {} : describe;

/** Run by the test below in namespaces of its own. */
inside('inside', () => {
  describeProgramRuntime('process, level user', createUser);
  describeSharedProcesses('level user', createUser);
  describeContentVolumes('level user', createUser);
});

inside('level user', () => {
  let cluster: Awaited<ReturnType<typeof createUser>>;
  let harness: RuntimeHarness;

  beforeEach(async () => {
    cluster = await createUser();
    harness = new RuntimeHarness(cluster.runtime);
  });
  afterEach(() => cluster.close());

  it('gives a container names of its own and process number 1', async () => {
    const { output } = await harness.run({ script: 'hostname; cat /etc/resolv.conf; grep friend /etc/hosts; echo $$' });
    expect(output).toBe('web-0\nnameserver 10.9.9.9\n10.1.2.3\tfriend\n1\n');
  });

  it('tells programs their address in POD_IP', async () => {
    const sandbox = await harness.createSandbox();
    expect((await harness.run({ sandbox, script: 'echo $POD_IP' })).output).toBe(`${sandbox.podIP}\n`);
  });

  it('hides the data directory and the temporary files of the machine', async () => {
    const { output } = await harness.run({ script: `ls -A /tmp ${cluster.dataDirectory}` });
    expect(output).toBe(`/tmp:\n\n${cluster.dataDirectory}:\n`);
  });

  it('keeps what a container writes to itself', async () => {
    const script = 'echo own >/var/tmp/written && touch /usr/new && cat /var/tmp/written && ls /usr/new';
    expect((await harness.run({ script })).output).toBe('own\n/usr/new\n');
    expect((await harness.run({ script: 'ls /var/tmp/written /usr/new 2>/dev/null' })).output).toBe('');
  });

  it('shows what the machine has mounted, and does not let it be changed', async () => {
    const { output } = await harness.run({
      script: `ls -d /sys/class/net /proc/self /dev/null
        mount -t tmpfs none /mnt 2>/dev/null && echo mounted
        (echo 1 >/proc/sys/vm/drop_caches) 2>/dev/null && echo written
        id -u`,
    });
    expect(output).toBe('/dev/null\n/proc/self\n/sys/class/net\n0\n');
  });

  it('lets the containers of a pod share its hostname and its memory', async () => {
    const sandbox = await harness.createSandbox('shared');
    const container = await harness.start(sandbox, {
      command: ['/bin/sh', '-c', 'ipcmk -M 4096 >/dev/null; readlink /proc/self/ns/ipc; echo up; exec sleep 1000'],
    });
    await container.says('up');
    const { output } = await harness.run({ sandbox, script: 'readlink /proc/self/ns/ipc; echo up; hostname' });
    expect(output).toBe(`${container.output()}shared\n`);
  });

  it('gives a user the numbers that were asked for, and its files with them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-volume-'));
    await mkdir(join(directory, 'own'));
    const sandbox = await harness.createSandbox();
    const container = await harness.start(sandbox, {
      command: ['/bin/sh', '-c', 'id -u; id -g; stat -c %u:%g /data/own; touch /data/new && echo up; exec sleep 1000'],
      user: '1234:5678',
      mounts: [{ hostPath: directory, containerPath: '/data', readOnly: false }],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    });
    await container.says('up');
    expect(container.output()).toBe('1234\n5678\n1234:5678\nup\n');
    const command = ['/bin/sh', '-c', 'id -u; stat -c %u /data/new; grep NoNewPrivs /proc/self/status'];
    const { stdout } = await cluster.runtime.exec(container.id, { command, timeoutMilliseconds: 20_000 });
    expect(Buffer.from(stdout).toString()).toBe('1234\n1234\nNoNewPrivs:\t1\n');
    await cluster.runtime.removeSandbox(sandbox.podUid);
    await rm(directory, { recursive: true });
  });

  it('takes capabilities from root of another group too', async () => {
    const { output } = await harness.run({
      script: 'id -u; id -g; grep CapBnd /proc/self/status',
      user: '0:5',
      securityContext: { capabilities: { drop: ['ALL'] } },
    });
    expect(output).toBe(`0\n5\nCapBnd:\t${'0'.repeat(16)}\n`);
  });

  it('honours read-only mounts and a read-only root, also behind a symbolic link', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-volume-'));
    await chmod(directory, 0o755);
    await writeFile(join(directory, 'given'), 'given\n');
    const { output } = await harness.run({
      script:
        'cd /var/run/volume && cat given; touch x 2>/dev/null && echo written; touch /etc/y 2>/dev/null && echo too',
      mounts: [{ hostPath: directory, containerPath: '/var/run/volume', readOnly: true }],
      securityContext: { readOnlyRootFilesystem: true },
    });
    expect(output).toBe('given\n');
    await rm(directory, { recursive: true });
  });
});

const reason = isInside ? undefined : findNoUserReason();

outside('process runtime, level user', () => {
  it.skipIf(reason !== undefined)(
    `keeps the contract${reason === undefined ? '' : ` (skipped: ${reason})`}`,
    async () => {
      const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
      const words = ['run', '--configLoader', 'native', '--project', 'unit', '--pool', 'threads'];
      const command = [process.execPath, vitest, ...words, fileURLToPath(import.meta.url)];
      // A run within the run: its results are this test's, not a report of their own.
      const environment = { ...process.env, SLIPWAY_TEST_REPORT: '', SLIPWAY_TEST_ISOLATED: '1', HOME: tmpdir() };
      const { exitCode, output } = await runIsolated('user', command, environment);
      // The whole output, so that a failure inside is read here.
      expect(exitCode === 0 && !output.includes('No test files found') ? '' : output).toBe('');
    },
    300_000,
  );
});

let clusters = 0;

async function createUser(): Promise<ProcessRuntimeUnderTest> {
  const dataDirectory = await mkdtemp('/var/tmp/slipway-user-');
  const searchPath = process.env['PATH'] ?? '';
  const { tools } = findTools([...userTools, 'hostname', 'setsid'], searchPath);
  clusters += 1;
  const block = `127.${220 + clusters}.0`;
  const network = new SharedNetwork({
    addresses: new AddressPool(`${block}.0/17`, 1),
    nodeAddress: `${block}.1`,
    unshare: requireTool(tools, 'unshare'),
  });
  return startNamespaceRuntime({ dataDirectory, tools, rights: rightsOfUser(tools, 1024), network, searchPath });
}
