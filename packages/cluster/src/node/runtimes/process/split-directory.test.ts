import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasSubmounts, splitDirectory } from './split-directory.ts';

let layer: string;
let machine: string;

beforeEach(async () => {
  layer = await mkdtemp(join(tmpdir(), 'slipway-layer-'));
  machine = await mkdtemp(join(tmpdir(), 'slipway-machine-'));
  for (const path of ['var/lib/disk/content', 'var/log', 'var/cache/deep']) {
    await mkdir(join(machine, path), { recursive: true });
  }
  await chmod(join(machine, 'var/lib'), 0o711);
  await writeFile(join(machine, 'var/lib/list'), 'of the machine');
  await symlink('/run', join(machine, 'var/run'));
  await mkdir(join(layer, 'var/lib/own'), { recursive: true });
  await writeFile(join(layer, 'var/lib/list'), 'of the image');
});
afterEach(async () => {
  for (const directory of [layer, machine]) await rm(directory, { recursive: true });
});

describe('a directory below which something is mounted', () => {
  const submounts = ['/var/lib/disk'];

  it('is told from others, the mount itself too', () => {
    const found = ['/var', '/var/lib', '/var/lib/disk', '/var/log'].map((path) => hasSubmounts(path, { submounts }));
    expect(found).toEqual([true, true, false, false]);
  });

  it('is taken apart only as far as there are mounts, with what the topmost layer has', () => {
    expect(splitDirectory('/var', { machine: { submounts }, layers: [layer, machine] })).toEqual([
      { kind: 'directory', path: '/var', mode: 0o755 },
      { kind: 'tree', path: '/var/cache' },
      { kind: 'directory', path: '/var/lib', mode: 0o755 },
      { kind: 'mount', path: '/var/lib/disk' },
      { kind: 'file', path: '/var/lib/list', hostPath: join(layer, 'var/lib/list'), size: 12 },
      { kind: 'tree', path: '/var/lib/own' },
      { kind: 'tree', path: '/var/log' },
      { kind: 'link', path: '/var/run', target: '/run' },
    ]);
    const [, , lib] = splitDirectory('/var', { machine: { submounts }, layers: [machine] });
    expect(lib).toEqual({ kind: 'directory', path: '/var/lib', mode: 0o711 });
  });

  it('takes nothing from where a link of an image leads on this machine', async () => {
    await rm(join(layer, 'var'), { recursive: true });
    await mkdir(join(layer, 'keys/lib'), { recursive: true });
    await writeFile(join(layer, 'keys/lib/key'), 'of the machine');
    await symlink(join(layer, 'keys'), join(layer, 'var'));
    const pieces = splitDirectory('/var', { machine: { submounts }, layers: [layer, machine] });
    expect(pieces.map(({ path }) => path)).not.toContain('/var/lib/key');
  });
});
