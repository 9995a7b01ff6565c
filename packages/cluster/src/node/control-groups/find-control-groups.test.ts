import { describe, expect, it } from 'vitest';
import { findControlGroups, type GroupMachine } from './find-control-groups.ts';

interface Given {
  readonly mounts: readonly string[];
  readonly membership: readonly string[];
  readonly writable: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

function machineOf({ mounts, membership, writable, files = {} }: Given): GroupMachine {
  return {
    mountInfo: mounts.join('\n'),
    membership: membership.join('\n'),
    isWritable: (path) => writable.includes(path),
    read: (path) => files[path],
  };
}

const cpu = '31 23 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct';
const memory = '32 23 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory';
const nested = '32 23 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory';
const unified = '33 23 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate';
const below = '/sys/fs/cgroup/user.slice/session';
const above = '/sys/fs/cgroup/user.slice';

describe('findControlGroups', () => {
  it.each([
    {
      name: 'finds those of version 1 below the ones of this process, each in its own place',
      given: {
        mounts: [cpu, memory],
        membership: ['4:cpu,cpuacct:/', '3:memory:/jobs/7'],
        writable: ['/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup/memory/jobs/7'],
      },
      expected: {
        cpu: { version: 1, directory: '/sys/fs/cgroup/cpu,cpuacct/own' },
        memory: { version: 1, directory: '/sys/fs/cgroup/memory/jobs/7/own' },
      },
    },
    {
      name: 'looks below what is mounted, where that is not the root',
      given: { mounts: [nested], membership: ['3:memory:/docker/abc/x'], writable: ['/sys/fs/cgroup/memory/x'] },
      expected: { memory: { version: 1, directory: '/sys/fs/cgroup/memory/x/own' } },
    },
    {
      name: 'leaves out what is not writable, and groups that are not below the one that is mounted',
      given: { mounts: [cpu, nested], membership: ['4:cpu,cpuacct:/', '3:memory:/docker/abcd'], writable: [] },
      expected: {},
    },
    {
      name: 'takes, with version 2, the nearest group above its own: one with processes can have none below',
      given: {
        mounts: [unified],
        membership: ['0::/user.slice/session'],
        writable: [below, `${below}/cgroup.procs`, above, `${above}/cgroup.procs`],
        files: {
          [`${below}/cgroup.type`]: 'domain\n',
          [`${below}/cgroup.controllers`]: 'memory pids\n',
          [`${above}/cgroup.type`]: 'domain\n',
          [`${above}/cgroup.controllers`]: 'memory pids\n',
        },
      },
      expected: {
        memory: { version: 2, directory: `${above}/own` },
        pids: { version: 2, directory: `${above}/own` },
      },
    },
    {
      name: 'takes the root of all, which may have both',
      given: {
        mounts: [unified],
        membership: ['0::/'],
        writable: ['/sys/fs/cgroup', '/sys/fs/cgroup/cgroup.procs'],
        files: { '/sys/fs/cgroup/cgroup.controllers': 'cpu io memory\n' },
      },
      expected: {
        cpu: { version: 2, directory: '/sys/fs/cgroup/own' },
        memory: { version: 2, directory: '/sys/fs/cgroup/own' },
      },
    },
    {
      name: 'takes no group into which processes of this one may not be moved',
      given: {
        mounts: [unified],
        membership: ['0::/user.slice/session'],
        writable: [above],
        files: { [`${above}/cgroup.type`]: 'domain\n', [`${above}/cgroup.controllers`]: 'memory\n' },
      },
      expected: {},
    },
    {
      name: 'takes each controller where it is, on a machine that has both versions',
      given: {
        mounts: [memory, unified.replace('/sys/fs/cgroup', '/sys/fs/cgroup/unified')],
        membership: ['3:memory:/', '0::/'],
        writable: ['/sys/fs/cgroup/memory', '/sys/fs/cgroup/unified', '/sys/fs/cgroup/unified/cgroup.procs'],
        files: { '/sys/fs/cgroup/unified/cgroup.controllers': 'pids\n' },
      },
      expected: {
        memory: { version: 1, directory: '/sys/fs/cgroup/memory/own' },
        pids: { version: 2, directory: '/sys/fs/cgroup/unified/own' },
      },
    },
    { name: 'finds none where there are none', given: { mounts: [], membership: [], writable: [] }, expected: {} },
  ])('$name', ({ given, expected }) => {
    expect(findControlGroups('own', machineOf(given))).toEqual(expected);
  });
});
