import {
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigMap, Pod, Secret, Volume, VolumeMount } from '@slipway/kube/api.generated';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { RecordingApi, testContainer, testPod } from '../../../testing/pod-scenario.ts';
import { ReferencedObjects } from '../agent/referenced-objects.ts';
import { diskFiles } from '../platform/disk-files.ts';
import { memoryFiles } from '../platform/memory-files.ts';
import { PodTokens } from './pod-tokens.ts';
import { PodVolumes, type PodVolumesOptions } from './pod-volumes.ts';

let directory: string;
let objects: Map<string, ConfigMap | Secret>;
let volumes: PodVolumes;
let root: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-volumes-'));
  root = join(directory, 'uid-1/volumes/v');
  objects = new Map<string, ConfigMap | Secret>([
    [
      'configmaps/settings',
      {
        metadata: { name: 'settings' },
        data: { 'app.conf': 'one', 'log.conf': 'debug' },
        binaryData: { blob: 'AAE=' },
      },
    ],
    ['secrets/keys', { metadata: { name: 'keys' }, data: { token: Buffer.from('s3cret').toString('base64') } }],
  ]);
  volumes = volumesWith({});
});

function volumesWith(given: Pick<PodVolumesOptions, 'content'>): PodVolumes {
  return new PodVolumes({
    ...given,
    files: diskFiles,
    clock: new FakeClock(),
    // Neither time nor chance tells two contents from each other.
    random: () => 0.5,
    objects: new ReferencedObjects(new RecordingApi(objects).client),
    tokens: new PodTokens({ client: new RecordingApi(objects).client, clock: new FakeClock() }),
    nodeName: 'node',
    nodeIP: '192.0.2.1',
    allocatable: { cpu: '2', memory: '4Gi' },
    directory,
  });
}
afterEach(() => rm(directory, { recursive: true }));

function podWith(volume: Omit<Volume, 'name'>): Pod {
  const pod = testPod({ volumes: [{ name: 'v', ...volume }] });
  return { ...pod, metadata: { ...pod.metadata, labels: { b: '2', a: 'say "hi"' } } };
}

const text = (name: string): Promise<string> => readFile(join(root, name), 'utf8');
const modeOf = async (name: string): Promise<string> => ((await stat(join(root, name))).mode & 0o777).toString(8);

describe('content volumes', () => {
  it('show every key of a ConfigMap as a file', async () => {
    await volumes.prepare(podWith({ configMap: { name: 'settings' } }));
    expect([await text('app.conf'), await text('log.conf')]).toEqual(['one', 'debug']);
    expect([...(await readFile(join(root, 'blob')))]).toEqual([0, 1]);
    expect(await modeOf('app.conf')).toBe('644');
    expect(await readlink(join(root, 'app.conf'))).toBe('..data/app.conf');
  });

  it('show only the items, under their paths and with their modes', async () => {
    const items = [
      { key: 'app.conf', path: 'etc/app.conf', mode: 0o600 },
      { key: 'log.conf', path: 'log' },
    ];
    await volumes.prepare(podWith({ configMap: { name: 'settings', items, defaultMode: 0o400 } }));
    expect((await readdir(root)).filter((name) => !name.startsWith('..'))).toEqual(['etc', 'log']);
    expect([await text('etc/app.conf'), await modeOf('etc/app.conf'), await modeOf('log')]).toEqual([
      'one',
      '600',
      '400',
    ]);
  });

  it('decode Secrets', async () => {
    await volumes.prepare(podWith({ secret: { secretName: 'keys' } }));
    expect(await text('token')).toBe('s3cret');
  });

  it('show fields of the pod', async () => {
    const items = [
      { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'cpu', resourceFieldRef: { containerName: 'app', resource: 'limits.cpu' } },
    ];
    await volumes.prepare(podWith({ downwardAPI: { items } }));
    expect([await text('name'), await text('labels'), await text('cpu')]).toEqual([
      'web',
      'a="say \\"hi\\""\nb="2"',
      '2',
    ]);
  });

  it('join several sources', async () => {
    const sources = [
      { configMap: { name: 'settings' } },
      { secret: { name: 'keys' } },
      { configMap: { name: 'nope', optional: true } },
    ];
    await volumes.prepare(podWith({ projected: { sources } }));
    expect([await text('app.conf'), await text('token')]).toEqual(['one', 's3cret']);
  });

  it('are empty when an optional source is missing', async () => {
    await volumes.prepare(podWith({ configMap: { name: 'nope', optional: true } }));
    expect((await readdir(root)).filter((name) => !name.startsWith('..'))).toEqual([]);
  });

  it.each<{ name: string; volume: Omit<Volume, 'name'>; message: string }>([
    { name: 'the object', volume: { configMap: { name: 'nope' } }, message: 'configmap "nope" not found' },
    {
      name: 'a key',
      volume: { configMap: { name: 'settings', items: [{ key: 'nope', path: 'x' }] } },
      message: 'configmap references non-existent config key: nope',
    },
    {
      name: 'the kind of volume',
      volume: { nfs: { server: 's', path: '/' } },
      message: 'volumes of type nfs are not supported by this node',
    },
    {
      name: 'a path inside the volume',
      volume: { configMap: { name: 'settings', items: [{ key: 'app.conf', path: '../x' }] } },
      message: 'invalid path ../x',
    },
  ])('say that $name is missing', async ({ volume, message }) => {
    await expect(volumes.prepare(podWith(volume))).rejects.toThrow(message);
  });
});

describe('a place of its own for content', () => {
  it('has all of it, and emptyDirs nothing there', async () => {
    const place = join(directory, 'memory');
    const separate = volumesWith({ content: { files: memoryFiles, directory: place } });
    const pod = testPod({
      volumes: [
        { name: 'v', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
    });
    await separate.prepare(pod);
    expect(await readFile(join(place, 'uid-1/volumes/v/app.conf'), 'utf8')).toBe('one');
    expect(await readdir(join(directory, 'uid-1/volumes'))).toEqual(['scratch']);
    const mount = { name: 'v', mountPath: '/etc/app', subPath: 'app.conf' };
    const [mounted] = await separate.mountsOf(pod, testContainer({ volumeMounts: [mount] }), {});
    expect(await readFile(mounted?.hostPath ?? '', 'utf8')).toBe('one');
    await separate.remove('uid-1');
    expect([await readdir(place), await readdir(directory)]).toEqual([[], ['memory']]);
  });
});

describe('an update', () => {
  it('replaces all files at once and drops what is gone', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    const before = await readlink(join(root, '..data'));
    objects.set('configmaps/settings', { metadata: { name: 'settings' }, data: { 'app.conf': 'two', extra: 'x' } });
    await volumes.refresh(pod);
    expect([await text('app.conf'), await text('extra')]).toEqual(['two', 'x']);
    const names = await readdir(root);
    expect(names).not.toContain('log.conf');
    expect(names).not.toContain(before);
    expect(names).not.toContain('..data_tmp');
  });

  it('leaves a container what it has by a subPath until it starts again', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    const [one, other] = ['one', 'other'].map((name) =>
      testContainer({ name, volumeMounts: [{ name: 'v', mountPath: '/etc/app.conf', subPath: 'app.conf' }] }),
    );
    const mountIn = async (container = one): Promise<string> =>
      (await volumes.mountsOf(pod, container ?? testContainer(), {}))[0]?.hostPath ?? '';
    const update = async (content: string): Promise<void> => {
      objects.set('configmaps/settings', { metadata: { name: 'settings' }, data: { 'app.conf': content } });
      await volumes.refresh(pod);
    };
    await volumes.prepare(pod);
    const first = await mountIn(one);
    await update('two');
    const second = await mountIn(other);
    await update('three');
    expect(await Promise.all([first, second].map((path) => readFile(path, 'utf8')))).toEqual(['one', 'two']);
    expect(await readFile(await mountIn(one), 'utf8')).toBe('three');
    await update('four');
    expect(await text('app.conf')).toBe('four');
    const folders = (await readdir(root)).filter((name) => name.startsWith('..') && name !== '..data');
    expect(folders, 'of two, three and four').toHaveLength(3);
  });

  it('serves each of several contents, and leaves one folder', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    for (const content of ['two', 'three', 'four']) {
      objects.set('configmaps/settings', { metadata: { name: 'settings' }, data: { 'app.conf': content } });
      await volumes.refresh(pod);
      expect(await text('app.conf')).toBe(content);
    }
    const served = await readlink(join(root, '..data'));
    expect(await readdir(root)).toEqual([served, '..data', 'app.conf'].toSorted());
  });

  it('removes what a writer left that was killed before its files were served', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    await mkdir(join(root, '..left'));
    await symlink('..left', join(root, '..data_tmp'));
    objects.set('configmaps/settings', { metadata: { name: 'settings' }, data: { 'app.conf': 'two' } });
    await volumes.refresh(pod);
    const names = await readdir(root);
    expect(names).not.toContain('..left');
    expect(names).not.toContain('..data_tmp');
  });

  it('without a difference changes nothing', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    const before = await readlink(join(root, '..data'));
    await volumes.refresh(pod);
    expect(await readlink(join(root, '..data'))).toBe(before);
  });

  it.each([
    { rule: 'out of the volume', target: '../elsewhere' },
    { rule: 'to the volume itself', target: '.' },
    { rule: 'to itself', target: '..data' },
    { rule: 'to a link', target: '..link' },
  ])('follows no ..data that leads $rule', async ({ target }) => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    const elsewhere = join(directory, 'uid-1/volumes/elsewhere');
    // The wanted content, where no writer has put it.
    await cp(join(root, await readlink(join(root, '..data'))), elsewhere, { recursive: true });
    await symlink('../elsewhere', join(root, '..link'));
    await rm(join(root, '..data'));
    await symlink(target, join(root, '..data'));
    await volumes.refresh(pod);
    expect(await readlink(join(root, '..data'))).toMatch(/^\.\.\d/);
    expect(await text('app.conf')).toBe('one');
    expect(await readdir(elsewhere)).toEqual(['app.conf', 'blob', 'log.conf']);
  });

  it('goes no way that links in its folder lead', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    const served = await readlink(join(root, '..data'));
    // Of thirty folders each leads to the next one twice.
    for (let depth = 0; depth < 30; depth += 1) {
      await mkdir(join(root, served, `d${depth}`));
      for (const name of ['one', 'other']) await symlink(`../d${depth + 1}`, join(root, served, `d${depth}`, name));
    }
    await volumes.refresh(pod);
    expect(await readdir(join(root, '..data'))).toEqual(['app.conf', 'blob', 'log.conf']);
  });

  it('replaces a link in the place of a file, though the content is the same', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    const [served, elsewhere] = [join(root, await readlink(join(root, '..data'))), join(directory, 'elsewhere')];
    await rename(join(served, 'app.conf'), elsewhere);
    await symlink(elsewhere, join(served, 'app.conf'));
    await volumes.refresh(pod);
    expect((await lstat(join(root, '..data', 'app.conf'))).isFile()).toBe(true);
    expect(await text('app.conf')).toBe('one');
  });

  it('that finds no space leaves the old content, and nothing of the new one', async () => {
    let isFull = false;
    const writeFile: typeof diskFiles.writeFile = async (path, content, mode) => {
      if (isFull && path.endsWith('log.conf')) throw new Error('ENOSPC: no space left on device, write');
      await diskFiles.writeFile(path, content, mode);
    };
    volumes = volumesWith({ content: { files: { ...diskFiles, writeFile }, directory } });
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    const before = await readdir(root);
    objects.set('configmaps/settings', {
      metadata: { name: 'settings' },
      data: { 'app.conf': 'two', 'log.conf': 'x' },
    });
    isFull = true;
    await expect(volumes.refresh(pod)).rejects.toThrow('no space left');
    expect([await readdir(root), await text('app.conf')]).toEqual([before, 'one']);
    isFull = false;
    await volumes.refresh(pod);
    expect(await text('app.conf')).toBe('two');
  });

  it('of a pod that is gone does not bring its folder back', async () => {
    const pod = podWith({ configMap: { name: 'settings' } });
    await volumes.prepare(pod);
    await volumes.remove('uid-1');
    await volumes.refresh(pod);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('mounts', () => {
  async function mount(pod: Pod, given: Partial<VolumeMount>) {
    const container = testContainer({ volumeMounts: [{ name: 'v', mountPath: '/data', ...given }] });
    return volumes.mountsOf(pod, container, { POD: 'web-0' });
  }

  it('give a container the folder of an emptyDir that everybody may write', async () => {
    const pod = podWith({ emptyDir: {} });
    await volumes.prepare(pod);
    expect(await mount(pod, { readOnly: true })).toEqual([{ hostPath: root, containerPath: '/data', readOnly: true }]);
    expect((await stat(root)).mode & 0o777).toBe(0o777);
  });

  it.each<{ kind: string; volume: Omit<Volume, 'name'> }>([
    { kind: 'a ConfigMap', volume: { configMap: { name: 'settings' } } },
    { kind: 'a Secret', volume: { secret: { secretName: 'keys' } } },
    { kind: 'several sources', volume: { projected: { sources: [{ configMap: { name: 'settings' } }] } } },
    {
      kind: 'the downward API',
      volume: { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
    },
  ])('are read-only of $kind, whatever the container asks for', async ({ volume }) => {
    const pod = podWith(volume);
    await volumes.prepare(pod);
    for (const given of [{}, { readOnly: false }, { readOnly: true }]) {
      expect(await mount(pod, given)).toEqual([{ hostPath: root, containerPath: '/data', readOnly: true }]);
    }
  });

  it('make a missing subPath, and expand subPathExpr', async () => {
    const pod = podWith({ emptyDir: {} });
    await volumes.prepare(pod);
    expect(await mount(pod, { subPathExpr: '$(POD)/logs' })).toMatchObject([{ hostPath: join(root, 'web-0/logs') }]);
    expect((await stat(join(root, 'web-0/logs'))).isDirectory()).toBe(true);
  });

  it.each([{ subPath: '../other' }, { subPath: '/etc' }])('refuse subPath $subPath', async (given) => {
    const pod = podWith({ emptyDir: {} });
    await volumes.prepare(pod);
    await expect(mount(pod, given)).rejects.toThrow('must be relative and must not contain ".."');
  });

  it.each([{ subPath: 'link' }, { subPath: 'link/below' }])(
    'refuse $subPath through a link that leads out',
    async (given) => {
      const pod = podWith({ emptyDir: {} });
      await volumes.prepare(pod);
      await mkdir(join(directory, 'outside'));
      await symlink(join(directory, 'outside'), join(root, 'link'));
      await expect(mount(pod, given)).rejects.toThrow('leads out of its volume through a link');
    },
  );

  it('use the path of a hostPath, checked against its type', async () => {
    const path = join(directory, 'host');
    const pod = (type: '' | 'Directory' | 'DirectoryOrCreate' | 'Socket') => podWith({ hostPath: { path, type } });
    await expect(volumes.prepare(pod('Directory'))).rejects.toThrow(
      `hostPath type check failed: ${path} is not a directory`,
    );
    await volumes.prepare(pod('DirectoryOrCreate'));
    expect(await mount(pod(''), {})).toEqual([{ hostPath: path, containerPath: '/data', readOnly: false }]);
    await writeFile(join(path, 'file'), '');
    await expect(volumes.prepare(pod('Socket'))).rejects.toThrow('is not a socket file');
  });
});
