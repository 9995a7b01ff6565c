import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeContentVolumes } from '../../../../testing/content-volumes-contract.ts';
import { hostNetworkFd, noRootReason, runIsolated } from '../../../../testing/isolated-process.ts';
import { describeProgramRuntime, RuntimeHarness } from '../../../../testing/program-runtime-contract.ts';
import {
  startAheadRuntime,
  startNamespaceRuntime,
  type NamespaceLevel,
  type ProcessRuntimeUnderTest,
} from '../../../../testing/process-runtime-under-test.ts';
import { sandboxRequest } from '../../../../testing/runtime-lifecycle-contract.ts';
import { describeSharedProcesses } from '../../../../testing/shared-processes-contract.ts';
import { ClusterNetwork } from '../../../network/cluster-network.ts';
import { parseCidr } from '../../../network/ipv4.ts';
import { rangesOfBlock } from '../../../network/ranges.ts';
import { mountNamespaceOf } from './namespace-members.ts';
import { rightsOfRoot } from './namespace-rights.ts';
import { findTools, requireTool, rootTools } from './tools.ts';

const isInside = process.env['SLIPWAY_TEST_ISOLATED'] === '1';

/** Which half of this file is meant: the other one is not skipped, it is not there. */
const inside = isInside ? describe : (): void => {};
const outside = isInside ? (): void => {} : describe;

interface Link {
  readonly ifname: string;
  readonly address: string;
  readonly master?: string;
}

/** Run by the test below in namespaces of its own. */
inside('inside', () => {
  describeProgramRuntime('process, level root', createRoot);
  describeSharedProcesses('level root', createRoot);
  describeContentVolumes('level root', createRoot);
  describeProgramRuntime('process, level root, of containers made ahead', () => createRoot(startAheadRuntime));
  describeContentVolumes('level root, of containers made ahead', () => createRoot(startAheadRuntime));
});

inside('level root', () => {
  let cluster: Awaited<ReturnType<typeof createRoot>>;
  let harness: RuntimeHarness;

  beforeEach(async () => {
    cluster = await createRoot();
    harness = new RuntimeHarness(cluster.runtime);
  });
  afterEach(() => cluster.close());

  it('gives a container names of its own and process number 1', async () => {
    const { output } = await harness.run({ script: 'hostname; cat /etc/resolv.conf; grep friend /etc/hosts; echo $$' });
    expect(output).toBe('web-0\nnameserver 10.9.9.9\n10.1.2.3\tfriend\n1\n');
  });

  it('leaves the hostname of the machine to it when a pod has its network', async () => {
    const before = hostname();
    const request = { ...sandboxRequest('host'), hostname: 'not-the-machine', hostNetwork: true };
    const sandbox = await cluster.runtime.createSandbox(request);
    expect((await harness.run({ sandbox, script: 'hostname' })).output).toBe(`${before}\n`);
    expect(hostname()).toBe(before);
  });

  it('hides the data directory and the temporary files of the machine', async () => {
    const { output } = await harness.run({ script: `ls -A /tmp ${cluster.dataDirectory}` });
    expect(output).toBe(`/tmp:\n\n${cluster.dataDirectory}:\n`);
  });

  it('does nothing on the machine that variables of a container say to loaders', async () => {
    const traces = await mkdtemp(join(tmpdir(), 'slipway-traces-'));
    try {
      const sandbox = await cluster.runtime.createSandbox(sandboxRequest('traced'));
      const container = await harness.start(sandbox, {
        command: ['/bin/sh', '-c', 'echo "seen: $LD_DEBUG"; exec sleep 1000'],
        environment: { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(traces, 'trace') },
      });
      await container.says('seen: files\n');
      const command = ['/bin/sh', '-c', 'echo "seen: $LD_DEBUG"'];
      const { stdout } = await cluster.runtime.exec(container.id, { command, timeoutMilliseconds: 60_000 });
      expect(Buffer.from(stdout).toString()).toContain('seen: files\n');
      expect(await readdir(traces)).toEqual([]);
    } finally {
      await rm(traces, { recursive: true });
    }
  });

  it('keeps what a container writes to itself', async () => {
    const script = 'touch /usr/bin/new && rm /usr/bin/env && ls /usr/bin/new /usr/bin/env 2>/dev/null';
    expect((await harness.run({ script })).output).toBe('/usr/bin/new\n');
    const { output } = await harness.run({ script: 'ls /usr/bin/new /usr/bin/env 2>/dev/null' });
    expect(output).toBe('/usr/bin/env\n');
  });

  it('does not let root in a container change the machine', async () => {
    const { output } = await harness.run({
      script: `mount -t tmpfs none /mnt 2>/dev/null && echo mounted
        (echo 1 >/proc/sys/vm/drop_caches) 2>/dev/null && echo written
        mknod /tmp/disk b 8 0 2>/dev/null; cat /tmp/disk 2>/dev/null && echo read
        id -u`,
    });
    expect(output).toBe('0\n');
  });

  it('lets two pods listen on the same port and reach each other and the node', async () => {
    const [one, other] = [await harness.createSandbox('one'), await harness.createSandbox('other')];
    const server = `require('http').createServer((q, r) => r.end(require('os').hostname())).listen(80, () => console.log('up'))`;
    const servers = [
      await harness.start(one, { command: ['node', '-e', server] }),
      await harness.start(other, { command: ['node', '-e', server] }),
    ];
    await Promise.all(servers.map((container) => container.says('up')));
    expect(await (await fetch(`http://${one.podIP}/`)).text()).toBe('one');
    const script = `node -e "fetch('http://${other.podIP}/').then(r => r.text()).then(console.log)"`;
    expect((await harness.run({ script })).output).toBe('other\n');
  });

  it('has a way out of pods that does not change as other pods come and go', async () => {
    await harness.createSandbox('neighbour');
    const links: readonly Link[] = JSON.parse(execFileSync('ip', ['-json', 'link', 'show'], { encoding: 'utf8' }));
    const ports = links.filter(({ master }) => master === 'pods').map(({ address }) => address);
    expect(ports.length).toBeGreaterThan(0);
    // A bridge without an address of its own has that of its lowest port.
    expect(ports).not.toContain(links.find(({ ifname }) => ifname === 'pods')?.address);
  });

  it('lets the containers of a pod share its network and hostname', async () => {
    const sandbox = await harness.createSandbox('shared');
    const server = `require('http').createServer((q, r) => r.end('here')).listen(8080, '127.0.0.1', () => console.log('up'))`;
    const container = await harness.start(sandbox, { command: ['node', '-e', server] });
    await container.says('up');
    const script = `hostname; node -e "fetch('http://127.0.0.1:8080').then(r => r.text()).then(console.log)"`;
    expect((await harness.run({ sandbox, script })).output).toBe('shared\nhere\n');
  });

  it('honours user, group and read-only mounts, also behind a symbolic link', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-volume-'));
    await chmod(directory, 0o755);
    const { output } = await harness.run({
      script: 'id -u; id -g; cd /var/run/volume && pwd -P; id -u; touch x 2>/dev/null && echo written',
      user: '1234:5678',
      mounts: [{ hostPath: directory, containerPath: '/var/run/volume', readOnly: true }],
    });
    expect(output).toMatch(/^1234\n5678\n\/run\/volume\n1234\n$/);
    await rm(directory, { recursive: true });
  });
});

/** What a program can tell of the container that it is in; first of all which one. */
const lookAround = `readlink /proc/self/ns/mnt; env | sort; cat /etc/hosts /etc/hostname /etc/resolv.conf /run/data/own; hostname; id
  grep -E '^(Cap|Sig(Blk|Ign)|NoNewPrivs)' /proc/self/status; pwd; umask; ls /proc/self/fd; ls -A / /dev /run
  cut -d: -f2 /proc/self/cgroup; cut -d' ' -f5,6 /proc/self/mountinfo | sort`;

inside('a container made ahead', () => {
  it('differs in nothing from one that is made for its pod', async () => {
    const cluster = await createRoot(startAheadRuntime);
    const harness = new RuntimeHarness(cluster.runtime);
    const directory = await mkdtemp(join(tmpdir(), 'slipway-volume-'));
    await writeFile(join(directory, 'own'), 'kept\n');
    const sandbox = await harness.createSandbox();
    const look = async () => {
      // The kernel gives the number of a namespace that has gone to the next one.
      const before = mountNamespaces();
      const container = await harness.start(sandbox, {
        command: ['/bin/sh', '-c', lookAround],
        workingDirectory: '/usr/lib',
        environment: { QUOTED: `it's "$HOME"\nand\tm\u0081re\\ Łódź 日本`, EMPTY: '' },
        mounts: [{ hostPath: directory, containerPath: '/run/data', readOnly: true }],
      });
      await container.exit;
      const [namespace, ...seen] = container.output().split('\n');
      return { hasWaited: before.has(namespace), seen };
    };
    const [{ seen: ahead, ...first }, { seen: made, ...second }] = [await look(), await look()];
    expect([first, second]).toEqual([{ hasWaited: true }, { hasWaited: false }]);
    expect(ahead).toContain('kept');
    expect(ahead).toEqual(made);
    await cluster.close();
    await rm(directory, { recursive: true });
  });

  it.each([
    { what: 'joined', entries: ['/nowhere/cgroup.procs'] },
    { what: 'cleared away', entries: [] },
  ])('leaves nothing behind where its group cannot be $what', async ({ entries }) => {
    const remove = vi.fn(() => Promise.reject(new Error('a process is left in it')));
    const createAhead = () => Promise.resolve({ name: 'ahead', entries, remove });
    const before = mountNamespaces();
    const cluster = await createRoot((level) => startAheadRuntime(level, { createAhead }));
    await new RuntimeHarness(cluster.runtime).createSandbox();
    await cluster.close();
    expect(remove).toHaveBeenCalled();
    const left = (): readonly (string | undefined)[] => [...mountNamespaces()].filter((each) => !before.has(each));
    await vi.waitFor(() => expect(left()).toEqual([]), 30_000);
  });

  it('goes when its pod cannot use it', async () => {
    const cluster = await createRoot(startAheadRuntime);
    const harness = new RuntimeHarness(cluster.runtime);
    const waiting = async () => (await readdir(join(cluster.dataDirectory, 'sandboxes'))).filter(isAhead);
    const sandbox = await harness.createSandbox();
    const before = await waiting();
    const container = await harness.start(sandbox, {
      command: ['/bin/sh', '-c', 'echo up; exec sleep 980'],
      securityContext: { readOnlyRootFilesystem: true },
    });
    await container.says('up');
    await vi.waitFor(async () => {
      const after = await waiting();
      expect(before.filter((name) => !after.includes(name))).toHaveLength(1);
    }, 30_000);
    await cluster.close();
  });
});

const isAhead = (name: string): boolean => name.startsWith('ahead-');

function mountNamespaces(): ReadonlySet<string | undefined> {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Set(processes.map((pid) => mountNamespaceOf(Number(pid))));
}

outside('process runtime, level root', () => {
  it.skipIf(noRootReason !== undefined)(
    `keeps the contract${noRootReason === undefined ? '' : ` (skipped: ${noRootReason})`}`,
    async () => {
      const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')));
      const command = [
        process.execPath,
        vitest,
        'run',
        '--project',
        'unit',
        '--pool',
        'threads',
        fileURLToPath(import.meta.url),
      ];
      // A run within the run: its results are this test's, not a report of their own.
      const environment = { ...process.env, SLIPWAY_TEST_REPORT: '', SLIPWAY_TEST_ISOLATED: '1' };
      const { exitCode, output } = await runIsolated('root', command, environment);
      // The whole output, so that a failure inside is read here.
      expect(exitCode === 0 && !output.includes('No test files found') ? '' : output).toBe('');
    },
    300_000,
  );
});

let clusters = 0;

type Start = (level: NamespaceLevel) => Promise<ProcessRuntimeUnderTest>;

async function createRoot(start: Start = startNamespaceRuntime): Promise<ProcessRuntimeUnderTest> {
  const dataDirectory = await mkdtemp('/var/tmp/slipway-root-');
  const searchPath = process.env['PATH'] ?? '';
  const { tools } = findTools([...rootTools, 'setsid'], searchPath);
  clusters += 1;
  // Outside the range from which clusters that run beside this test choose.
  const block = parseCidr(`100.${64 + clusters}.0.0/16`);
  const network = new ClusterNetwork({
    nodes: 1,
    ranges: rangesOfBlock(block ?? { base: 0, prefix: 16 }),
    ip: requireTool(tools, 'ip'),
    nsenter: requireTool(tools, 'nsenter'),
    unshare: requireTool(tools, 'unshare'),
    hostNetworkFd,
    ownPid: process.pid,
  });
  return start({ dataDirectory, tools, rights: rightsOfRoot(tools), network, searchPath });
}
