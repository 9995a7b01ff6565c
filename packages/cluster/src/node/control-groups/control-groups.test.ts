import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ControlGroups } from './control-groups.ts';
import { calculateGroupValues } from './group-values.ts';

describe('calculateGroupValues', () => {
  const all = { requests: { cpu: '250m' }, limits: { cpu: '1.5', memory: '64Mi' } };
  it.each([
    {
      name: 'shares of a request and a quota of a limit',
      asked: { controller: 'cpu', version: 1 },
      resources: all,
      expected: ['cpu.shares=256', 'cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=150000'],
    },
    {
      name: 'a weight and a quota, with version 2',
      asked: { controller: 'cpu', version: 2 },
      resources: all,
      expected: ['cpu.weight=10', 'cpu.max=150000 100000'],
    },
    {
      name: 'what a limit alone requests too, and no quota below what the kernel takes',
      asked: { controller: 'cpu', version: 1 },
      resources: { limits: { cpu: '1m' } },
      expected: ['cpu.shares=2', 'cpu.cfs_period_us=100000', 'cpu.cfs_quota_us=1000'],
    },
    {
      name: 'no quota for a request',
      asked: { controller: 'cpu', version: 2 },
      resources: { requests: { cpu: '1' } },
      expected: ['cpu.weight=39'],
    },
    {
      name: 'a limit of memory that swapping does not widen',
      asked: { controller: 'memory', version: 1 },
      resources: all,
      expected: ['memory.limit_in_bytes=67108864', 'memory.memsw.limit_in_bytes=67108864'],
    },
    {
      name: 'a limit of memory that ends all of a container, with version 2',
      asked: { controller: 'memory', version: 2 },
      resources: all,
      expected: ['memory.max=67108864', 'memory.swap.max=0', 'memory.oom.group=1'],
    },
    {
      name: 'nothing of memory where none is limited',
      asked: { controller: 'memory', version: 2 },
      resources: { requests: { memory: '1Gi' } },
      expected: [],
    },
    {
      name: 'a limit of processes always',
      asked: { controller: 'pids', version: 1 },
      resources: {},
      expected: ['pids.max=500'],
    },
  ] as const)('gives $name', ({ asked, resources, expected }) => {
    const values = calculateGroupValues(asked, { resources, maximumProcesses: 500 });
    expect(values.map(({ file, value }) => `${file}=${value}`)).toEqual(expected);
  });
});

/** Files that stand in for the kernel's: what is written is seen, and nothing is enforced. */
describe('ControlGroups', () => {
  let top: string;

  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'slipway-groups-'));
    await mkdir(join(top, 'own'));
    for (const group of [top, join(top, 'own')]) await writeFile(join(group, 'cgroup.subtree_control'), 'cpu');
  });
  afterEach(() => rm(top, { recursive: true, force: true }));

  it('makes one group of version 2 for a container, in which the kernel tells of memory', async () => {
    const location = { version: 2, directory: join(top, 'own') } as const;
    const groups = new ControlGroups({ locations: { memory: location, pids: location }, clock: systemClock });
    await groups.start();
    expect(groups.limitations).toEqual([
      'Requests and limits of CPU are not enforced: the control groups of this machine cannot be written by this user.',
    ]);
    expect(await readFile(join(top, 'cgroup.subtree_control'), 'utf8')).toMatch(/^\+(memory|pids)$/);
    const group = await groups.create({ limits: { memory: '1Mi' } });
    expect(group.entries).toEqual([join(top, 'own/1/cgroup.procs')]);
    expect(await readFile(join(top, 'own/1/memory.max'), 'utf8')).toBe('1048576');
    await writeFile(join(top, 'own/1/memory.events'), 'oom 1\noom_kill 0\n');
    expect(group.wasOutOfMemory()).toBe(false);
    await writeFile(join(top, 'own/1/memory.events'), 'oom 1\noom_kill 1\noom_group_kill 1\n');
    expect(group.wasOutOfMemory()).toBe(true);
  });

  it.each([
    { version: 1, file: 'cpu.cfs_quota_us', held: '5000', lifted: '-1' },
    { version: 2, file: 'cpu.max', held: '5000 100000', lifted: 'max' },
  ] as const)('lifts a limit of CPU in version $version, and minds no group that has gone', async (given) => {
    const location = { version: given.version, directory: join(top, 'own') };
    const groups = new ControlGroups({ locations: { cpu: location }, clock: systemClock });
    await groups.start();
    const group = await groups.create({ limits: { cpu: '50m' } });
    const file = join(top, 'own/1', given.file);
    expect(await readFile(file, 'utf8')).toBe(given.held);
    group.liftCpuLimit();
    expect(await readFile(file, 'utf8')).toBe(given.lifted);
    await rm(join(top, 'own/1'), { recursive: true });
    expect(() => group.liftCpuLimit()).not.toThrow();
  });

  it('makes of a group that was made ahead that of a container, with what this one may use', async () => {
    const [own, memory] = [join(top, 'own'), join(top, 'memory/own')];
    await mkdir(memory, { recursive: true });
    const locations = { memory: { version: 1, directory: memory }, pids: { version: 1, directory: own } } as const;
    const groups = new ControlGroups({ locations, clock: systemClock });
    const making = groups.createAhead();
    await groups.start();
    const ahead = await making;
    expect(ahead.entries).toEqual([join(own, '1/cgroup.procs')]);
    expect(await readFile(join(own, '1/pids.max'), 'utf8')).toBe('4096');
    const group = await groups.create({ limits: { memory: '1Mi' } }, ahead);
    expect(group.entries).toEqual([join(memory, '1/cgroup.procs'), join(own, '1/cgroup.procs')]);
    expect(group.entriesLeft).toEqual([join(memory, '1/cgroup.procs')]);
    expect(await readFile(join(memory, '1/memory.limit_in_bytes'), 'utf8')).toBe('1048576');
    const another = await groups.create({});
    expect(another.entriesLeft).toEqual([join(own, '2/cgroup.procs')]);
  });

  it('writes what one may use to the group of version 2 in which its process is already', async () => {
    const location = { version: 2, directory: join(top, 'own') } as const;
    const groups = new ControlGroups({ locations: { memory: location, pids: location }, clock: systemClock });
    await groups.start();
    const group = await groups.create({ limits: { memory: '1Mi' } }, await groups.createAhead());
    expect(group.entries).toEqual([join(top, 'own/1/cgroup.procs')]);
    expect(group.entriesLeft).toEqual([]);
    expect(await readFile(join(top, 'own/1/memory.max'), 'utf8')).toBe('1048576');
  });

  it('names the groups of a container in one order, whichever was prepared first', async () => {
    const pids = { version: 1, directory: join(top, 'pids') } as const;
    // What is to be enabled first takes longer to prepare.
    const groups = new ControlGroups({
      locations: { memory: { version: 2, directory: join(top, 'own') }, pids },
      clock: systemClock,
    });
    await groups.start();
    const { entries } = await groups.create({ limits: { memory: '1Mi' } });
    expect(entries).toEqual([join(top, 'own/1/cgroup.procs'), join(top, 'pids/1/cgroup.procs')]);
  });

  it('clears away what a killed cluster has left', async () => {
    await mkdir(join(top, 'pids/own/17'), { recursive: true });
    const locations = { pids: { version: 1, directory: join(top, 'pids/own') } } as const;
    const groups = new ControlGroups({ locations, clock: systemClock });
    await groups.start();
    expect(await readdir(join(top, 'pids/own'))).toEqual([]);
    await groups.stop();
    expect(await readdir(join(top, 'pids'))).toEqual([]);
  });

  it('says why a group cannot be made, and limits nothing', async () => {
    const locations = { memory: { version: 2, directory: join(top, 'absent/own') } } as const;
    const groups = new ControlGroups({ locations, clock: systemClock });
    await groups.start();
    expect(groups.limitations).toEqual([
      expect.stringMatching(/^Requests and limits of CPU, the number of processes are not enforced: \S/),
      expect.stringMatching(/^Limits of memory are held by looking at .* and not by the kernel: .*ENOENT/),
    ]);
    expect((await groups.create({ limits: { memory: '1Mi' } })).entries).toEqual([]);
  });
});
