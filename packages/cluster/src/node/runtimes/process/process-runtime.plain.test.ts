import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { describe, expect, it } from 'vitest';
import {
  describeProgramRuntime,
  RuntimeHarness,
  type RuntimeUnderTest,
} from '../../../../testing/program-runtime-contract.ts';
import { startProcessRuntime } from '../../../../testing/process-runtime-under-test.ts';
import { AddressPool } from '../../../network/address-pool.ts';
import type { ImageError } from '../../runtime.ts';
import { PlainIsolation } from './plain-isolation.ts';
import { ProcessRuntime } from './process-runtime.ts';
import { ControlGroups } from '../../control-groups/control-groups.ts';
import { directoriesOf, findControlGroups, readGroupMachine } from '../../control-groups/find-control-groups.ts';
import { findTools } from './tools.ts';

let clusters = 0;

async function createPlain(): Promise<RuntimeUnderTest> {
  return startProcessRuntime(await plainParts());
}

async function plainParts() {
  clusters += 1;
  const dataDirectory = await mkdtemp(join(tmpdir(), 'slipway-plain-'));
  const searchPath = process.env['PATH'] ?? '';
  const locations = findControlGroups(`slipway-test-${process.pid}-${clusters}`, readGroupMachine());
  const groups = new ControlGroups({ locations, clock: systemClock, maximumProcesses: 60 });
  const isolation = new PlainIsolation({
    clock: systemClock,
    dataDirectory,
    tools: findTools(['setpriv', 'setsid'], searchPath).tools,
    addresses: new AddressPool(`127.${200 + clusters}.0.0/17`, 1),
    nodeAddress: `127.${200 + clusters}.0.1`,
    searchPath,
    nodeProgram: process.execPath,
    groupDirectories: directoriesOf(locations),
    mergeLayers: () => Promise.reject(new Error('the machine has no layers')),
  });
  return { dataDirectory, isolation, groups };
}

describeProgramRuntime('process, level plain', createPlain);

describe('level plain', () => {
  it.each(['a signal', 'the end of its pod'])('lifts the limit of CPU of a container that %s kills', async (what) => {
    const parts = await plainParts();
    const { groups } = parts;
    const create = groups.create.bind(groups);
    let lifted = 0;
    groups.create = async (...given) => ({ ...(await create(...given)), liftCpuLimit: () => void (lifted += 1) });
    const plain = await startProcessRuntime(parts);
    const harness = new RuntimeHarness(plain.runtime);
    const sandbox = await harness.createSandbox();
    const container = await harness.start(sandbox, { command: ['/bin/sh', '-c', 'trap "" TERM; echo up; sleep 1000'] });
    await container.says('up');
    await plain.runtime.signalContainer(container.id, 'SIGTERM');
    expect(lifted).toBe(0);
    if (what === 'a signal') await plain.runtime.signalContainer(container.id, 'SIGKILL');
    else await plain.runtime.removeSandbox(sandbox.podUid);
    expect((await container.exit).exitCode).toBe(137);
    expect(lifted).toBe(1);
    await plain.close();
  });

  it('tells programs their address in POD_IP', async () => {
    const plain = await createPlain();
    const harness = new RuntimeHarness(plain.runtime);
    const sandbox = await harness.createSandbox();
    expect((await harness.run({ sandbox, script: 'echo $POD_IP' })).output).toBe(`${sandbox.podIP}\n`);
    await plain.close();
  });

  it.each([
    { name: 'a folder', path: '/data/in', names: ['data/in/', 'data/in/sub/', "data/in/sub/o'd d, $&[x].txt"] },
    { name: 'a volume', path: '/data', names: ['data/', 'data/in/', 'data/in/sub/', "data/in/sub/o'd d, $&[x].txt"] },
    { name: 'a file', path: "/data/in/sub/o'd d, $&[x].txt", names: ["data/in/sub/o'd d, $&[x].txt"] },
    { name: 'what is mounted by itself', path: '/etc/one.conf', names: ['etc/one.conf'] },
  ])('archives $name by the names that the container has for it', async ({ path, names }) => {
    const plain = await startProcessRuntime(await plainParts());
    const harness = new RuntimeHarness(plain.runtime);
    const hostPath = join(plain.dataDirectory, "vol(1), it's");
    const file = join(hostPath, 'in/sub', "o'd d, $&[x].txt");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'content');
    const { id } = await harness.start(await harness.createSandbox(), {
      command: ['sleep', '1000'],
      mounts: [
        { hostPath, containerPath: '/data', readOnly: false },
        { hostPath: file, containerPath: '/etc/one.conf', readOnly: true },
      ],
    });
    for (const command of [
      ['tar', 'cf', '-', path],
      ['sh', '-c', `tar cf - "${path.replace('$', '\\$')}" | tail -c+0`],
    ]) {
      const { stdout } = await plain.runtime.exec(id, { command, timeoutMilliseconds: 10_000 });
      const found = spawnSync('tar', ['tf', '-'], { input: stdout, encoding: 'utf8' }).stdout;
      expect(found.trimEnd().split('\n')).toEqual(names);
    }
    await plain.close();
  });

  it.each([
    { use: undefined, found: 'ErrImagePull' },
    { use: { hasCommand: false }, found: 'ErrImagePull' },
    { use: { hasCommand: false, firstArgument: '--port=80' }, found: 'ErrImagePull' },
    { use: { hasCommand: false, firstArgument: 'sh' }, found: 'the machine' },
    { use: { hasCommand: true, firstArgument: '--port=80' }, found: 'the machine' },
  ])('of a container without an image: $use makes it $found', async ({ use, found }) => {
    const { dataDirectory, ...parts } = await plainParts();
    const runtime = new ProcessRuntime({
      ...parts,
      images: { find: () => Promise.resolve(undefined) },
      hasProgram: (name) => name === 'sh',
      clock: systemClock,
      logger: silentLogger,
    });
    const image = runtime.ensureImage('absent:v1', 'IfNotPresent', use);
    expect(
      await image.then(
        ({ isMachine }) => (isMachine === true ? 'the machine' : 'an image'),
        ({ reason }: ImageError) => reason,
      ),
    ).toBe(found);
    await rm(dataDirectory, { recursive: true });
  });

  it('ends what a container started in a session of its own', async () => {
    const plain = await createPlain();
    const harness = new RuntimeHarness(plain.runtime);
    const { output } = await harness.run({ script: 'setsid sleep 1000 >/dev/null 2>&1 & echo $!' });
    // A process that has ended but was not yet reaped has an empty command line.
    expect(await readFile(`/proc/${output.trim()}/cmdline`, 'utf8').catch(() => '')).toBe('');
    await plain.close();
  });
});

const asNobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];

function findNobodyReason(): string | undefined {
  if (process.getuid?.() !== 0) return 'this is an ordinary user already';
  const { status } = spawnSync('setpriv', [...asNobody, 'test', '-r', import.meta.filename]);
  return status === 0 ? undefined : 'user nobody may not read this checkout';
}

const noNobodyReason = findNobodyReason();

describe('level plain without any rights', () => {
  it.skipIf(noNobodyReason !== undefined)(
    `keeps the contract as user nobody${noNobodyReason === undefined ? '' : ` (skipped: ${noNobodyReason})`}`,
    async () => {
      const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
      const words = ['run', '--configLoader', 'native', '--project', 'unit', import.meta.filename];
      const { stdout } = await promisify(execFile)('setpriv', [...asNobody, process.execPath, vitest, ...words], {
        // A run within the run: its results are this test's, not a report of their own.
        env: { ...process.env, SLIPWAY_TEST_REPORT: '', HOME: tmpdir(), NO_COLOR: '1' },
      });
      expect(stdout).toMatch(/Tests +\d+ passed \| 1 skipped/);
    },
    300_000,
  );
});
