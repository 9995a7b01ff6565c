import { describe, expect, it } from 'vitest';
import { findSubmounts, keptOptions, parseMounts } from './machine-root.ts';

const mounts = parseMounts(
  [
    '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
    '23 22 0:21 / /home rw,nosuid,nodev,relatime shared:2 - ext4 /dev/vdb rw',
    '24 23 0:22 / /home/ann/my\\040disk rw,nosuid,noexec shared:3 - fuse disk rw',
    '25 22 0:23 / /tmp rw,nosuid - tmpfs first rw',
    '26 25 0:24 / /tmp rw,nodev - tmpfs second rw',
    '27 22 0:25 / /sys rw,nosuid - sysfs sysfs rw',
    '',
  ].join('\n'),
);

describe('mounts of the machine', () => {
  it('are submounts below a directory, and not where they are the directory itself', () => {
    expect(findSubmounts(mounts, ['home', 'usr'])).toEqual(['/home/ann/my disk']);
  });

  it.each([
    { name: 'nothing where the machine is not strict', path: '/usr/bin/node', kept: [] },
    { name: 'what the mount says that holds the path', path: '/home/ann/file', kept: ['nosuid', 'nodev'] },
    { name: 'what the nearest mount says', path: '/home/ann/my disk/file', kept: ['nosuid', 'noexec'] },
    { name: 'what the last mount says that lies over others', path: '/tmp/file', kept: ['nodev'] },
  ])('let keep $name', ({ path, kept }) => {
    expect(keptOptions({ mounts }, path)).toEqual(kept);
  });
});
