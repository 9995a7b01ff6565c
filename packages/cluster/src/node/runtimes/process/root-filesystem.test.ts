import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContainerRoot, RootAhead, type ContainerRoot } from './root-filesystem.ts';
import type { RootRequest } from './root-tree.ts';

let base: string;
let layer: string;
let outside: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'slipway-root-'));
  layer = join(base, 'layer');
  outside = join(base, 'outside');
  for (const directory of [layer, outside, join(base, 'made')]) await mkdir(directory);
  await chmod(outside, 0o700);
});
afterEach(() => rm(base, { recursive: true }));

function create(changes: Partial<RootRequest> = {}): ContainerRoot {
  return createContainerRoot({
    directory: join(base, 'made'),
    rights: 'user',
    machine: { directories: [], links: [], submounts: [], mounts: [] },
    layers: [layer],
    onMachineRoot: false,
    mounts: [],
    dataDirectory: join(base, 'data'),
    files: { '/etc/hosts': 'given\n', '/etc/resolv.conf': 'given\n' },
    workingDirectory: '/',
    nodeProgram: process.execPath,
    privileged: false,
    readOnly: false,
    ...changes,
  });
}

describe('a root that is made ahead', () => {
  const ahead = (): RootAhead =>
    new RootAhead({
      directory: join(base, 'made'),
      rights: 'user',
      machine: { directories: ['usr'], links: [], submounts: [], mounts: [] },
      layers: [],
      onMachineRoot: true,
      dataDirectory: join(base, 'data'),
      files: { '/etc/hosts': '' },
      nodeProgram: process.execPath,
      privileged: false,
      readOnly: false,
    });
  const complete = (containerPath: string, { workingDirectory = '/', hostPath = outside } = {}) =>
    ahead().complete({ mounts: [{ hostPath, containerPath, readOnly: true }], workingDirectory });

  it('tells what is still to be mounted from within it', () => {
    expect(complete('/run/secrets/own')?.table).toBe(`${outside} run/secrets/own none rbind,ro 0 0\n`);
  });

  it('takes volumes at what is there', () => {
    expect(complete('/usr/bin')?.table).toContain('usr/bin none');
  });

  it.each([
    { rule: 'whose place would have to be made below an overlay', path: '/usr/share/nobody-has-this' },
    { rule: 'over a file of its own', path: '/etc' },
    { rule: 'in what the kernel shows', path: '/proc/own' },
    { rule: 'that are not there', path: '/run/own', hostPath: '/nobody-has-this' },
  ])('takes no volumes $rule', ({ path, ...rest }) => {
    expect(complete(path, rest)).toBeUndefined();
  });

  it.each([
    { rule: 'takes a working directory that is there', workingDirectory: '/usr/bin', found: '/usr/bin' },
    { rule: 'has none that must be made', workingDirectory: '/usr/nobody-has-this', found: undefined },
  ])('$rule', ({ workingDirectory, found }) => {
    expect(complete('/run/own', { workingDirectory })?.root.workingDirectory).toBe(found);
  });
});

describe('the data directory', () => {
  const top = (): string => `/${base.split('/')[1] ?? ''}`;
  const hidden = async (directories: readonly string[], dataDirectory: string): Promise<readonly string[]> => {
    await rm(join(base, 'made'), { recursive: true });
    await mkdir(join(base, 'made'));
    const links = [{ name: 'linked', target: base }];
    create({ machine: { directories, links, submounts: [], mounts: [] }, onMachineRoot: true, dataDirectory });
    const table = await readFile(join(base, 'made/fstab'), 'utf8');
    return table.split('\n').flatMap((line) => (line.startsWith('hidden ') ? [line.split(' ')[1] ?? ''] : []));
  };

  beforeEach(async () => {
    // Not below what containers never see of the machine.
    await rm(base, { recursive: true });
    base = await mkdtemp('/var/tmp/slipway-root-');
    layer = join(base, 'layer');
    for (const directory of ['layer', 'made', 'data']) await mkdir(join(base, directory));
  });

  it('is hidden where the container sees it, also behind a link', async () => {
    expect(await hidden([top().slice(1)], join(base, 'data'))).toEqual([`root${base}/data`]);
    expect(await hidden([top().slice(1)], '/linked/data')).toEqual([`root${base}/data`]);
  });

  it('is left alone where the container gets an empty directory or it is not there', async () => {
    expect(await hidden([], join(base, 'data'))).toEqual([]);
    expect(await hidden([top().slice(1)], join(base, 'other'))).toEqual([]);
  });
});

describe('a volume that is mounted read-only', () => {
  it.each([true, false])('holds what is mounted below it and can be reached: %s', async (readOnly) => {
    await mkdir(join(layer, 'b/c'), { recursive: true });
    const options = ['rw', 'nosuid', 'relatime'];
    const mounts = ['/a', `${layer}/b/c`, `${layer}/b/gone`, `${layer}/b`].map((point) => ({ point, options }));
    const machine = { directories: [], links: [], submounts: [], mounts };
    create({ machine, mounts: [{ hostPath: layer, containerPath: '/data', readOnly }] });
    const table = await readFile(join(base, 'made/fstab'), 'utf8');
    const lines = table.split('\n').filter((line) => line.includes('/made/root/data'));
    const target = join(base, 'made/root/data');
    const held = ['', '/b', '/b/c'].map(
      (path) => `${layer}${path} ${target}${path} none rbind,ro${path === '' ? '' : ',nosuid,nofail'} 0 0`,
    );
    expect(lines).toEqual(readOnly ? held : [`${layer} ${target} none rbind 0 0`]);
  });
});

describe('a root of an image with links', () => {
  it.each(['dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'var'])(
    'writes nothing where a link "%s" leads on this machine',
    async (name) => {
      await symlink(outside, join(layer, name));
      create({ workingDirectory: `/${name}/work` });
      expect(await readdir(outside)).toEqual([]);
      expect((await stat(outside)).mode & 0o7777).toBe(0o700);
    },
  );

  it('writes nothing for a volume behind one', async () => {
    await symlink(outside, join(layer, 'data'));
    await symlink(join(outside, 'file'), join(layer, 'file'));
    const file = join(base, 'file');
    await writeFile(file, '');
    const mounts = ['/data/deep', '/data', '/file'].map((containerPath) => ({
      hostPath: containerPath === '/file' ? file : layer,
      containerPath,
      readOnly: false,
    }));
    create({ mounts });
    expect(await readdir(outside)).toEqual([]);
  });

  it('leaves alone what a link of the image in place of a file leads to', async () => {
    await writeFile(join(outside, 'hosts'), 'of the machine\n');
    await mkdir(join(layer, 'etc'));
    await symlink(join(outside, 'hosts'), join(layer, 'etc/hosts'));
    create();
    expect(await readFile(join(outside, 'hosts'), 'utf8')).toBe('of the machine\n');
    expect(await readFile(join(base, 'made/upper/etc/hosts'), 'utf8')).toBe('given\n');
  });

  it('shows programs its files where the links lead in the container', async () => {
    await mkdir(join(layer, 'usr/etc'), { recursive: true });
    await symlink('usr/etc', join(layer, 'etc'));
    create();
    expect(await readlink(join(base, 'made/root/etc'))).toBe('usr/etc');
    expect(await readFile(join(base, 'made/upper/usr/etc/hosts'), 'utf8')).toBe('given\n');
  });
});
