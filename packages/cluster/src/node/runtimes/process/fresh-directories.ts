/** What every container has for itself, whatever its image is: /proc, /sys, /dev, /tmp and /run. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isWithin } from './file-view.ts';
import { freshDirectories } from './machine-root.ts';
import type { RootTree } from './root-tree.ts';
import { exists } from './visible.ts';

export const nodeDirectory = '/run/slipway/bin';
const deviceNames = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const deviceLinks: Readonly<Record<string, string>> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};
/** What programs look up of the machine's /sys where no other one can be had. */
const systemDirectories = ['block', 'bus', 'class', 'dev', 'devices'];
/** Writing there would change the machine, not the container. */
const readOnlyProcPaths = ['sys', 'sysrq-trigger', 'irq', 'bus'];

export function addFreshDirectories(tree: RootTree): void {
  const { directory, nodeProgram, privileged } = tree.request;
  for (const name of freshDirectories) mkdirSync(join(directory, 'root', name), { recursive: true });
  chmodSync(join(directory, 'root/tmp'), 0o1777);
  tree.table.push({ source: 'proc', target: 'root/proc', type: 'proc', options: ['nosuid', 'nodev', 'noexec'] });
  addSystem(tree);
  if (!privileged) {
    for (const name of readOnlyProcPaths.filter((path) => exists(`/proc/${path}`))) {
      tree.table.push({
        source: `root/proc/${name}`,
        target: `root/proc/${name}`,
        type: 'none',
        options: ['bind', 'ro'],
      });
    }
  }
  addDevices(tree);
  if (!tree.isRoot) addOwnTemporary(tree);
  tree.bind(nodeProgram, tree.addFileBehindLinks(join(nodeDirectory, 'node'), ''), ['ro']);
}

/** A user namespace gets no /sys of its own as long as it has no network of its own. */
function addSystem(tree: RootTree): void {
  const options = ['ro', 'nosuid', 'nodev', 'noexec'];
  if (tree.isRoot) {
    tree.table.push({ source: 'sysfs', target: 'root/sys', type: 'sysfs', options });
    return;
  }
  const { mounts } = tree.request.machine;
  for (const path of systemDirectories.map((name) => `/sys/${name}`)) {
    if (!exists(path) || mounts.some(({ point }) => isWithin(point, path))) continue;
    mkdirSync(join(tree.request.directory, 'root', path));
    tree.table.push({ source: path, target: `root${path}`, type: 'none', options: ['bind', ...options] });
  }
}

function addDevices(tree: RootTree): void {
  const devices = join(tree.request.directory, 'root/dev');
  for (const name of deviceNames.filter((device) => exists(`/dev/${device}`))) {
    writeFileSync(join(devices, name), '');
    tree.bind(`/dev/${name}`, `/dev/${name}`, []);
  }
  for (const [name, target] of Object.entries(deviceLinks)) symlinkSync(target, join(devices, name));
  mkdirSync(join(devices, 'pts'));
  mkdirSync(join(devices, 'shm'), { mode: 0o1777 });
  chmodSync(join(devices, 'shm'), 0o1777);
  if (tree.request.readOnly) {
    const memory = ['nosuid', 'nodev', 'noexec', 'mode=1777'];
    tree.table.push({ source: 'shm', target: 'root/dev/shm', type: 'tmpfs', options: memory });
  }
  const options = ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620'];
  tree.table.push({ source: 'devpts', target: 'root/dev/pts', type: 'devpts', options });
}

/** A user namespace cannot make a copy of a directory that belongs to nobody in it, to change it: here one is needed. */
function addOwnTemporary(tree: RootTree): void {
  const { path, stats } = tree.view.locate('/var/tmp');
  if (stats?.isDirectory() === true) tree.addParents(join(path, 'entry'));
}
