import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapPaths, mapSearchPath } from './path-mapping.ts';

let image: string;

beforeAll(async () => {
  image = await mkdtemp(join(tmpdir(), 'slipway-mapping-'));
  await mkdir(join(image, 'app'));
  await mkdir(join(image, 'usr/bin'), { recursive: true });
  await writeFile(join(image, 'usr/bin/tool'), '');
});
afterAll(() => rm(image, { recursive: true }));

describe('mapPaths', () => {
  const cases = [
    { name: 'a path of the image', text: '/app', mapped: 'IMAGE/app' },
    { name: 'a new file in a directory of the image', text: '/app/log/today', mapped: 'IMAGE/app/log/today' },
    { name: 'a file that only the machine has', text: '/usr/bin/env', mapped: '/usr/bin/env' },
    { name: 'a file that the image adds to a directory of both', text: '/usr/bin/tool', mapped: 'IMAGE/usr/bin/tool' },
    { name: 'a mount before the image', text: '/app/data/x', mapped: '/mounted/x' },
    { name: 'the deepest mount', text: '/app/data/deep/x', mapped: '/deeper/x' },
    { name: 'the path of a URL, which is no file', text: '--path=/health', mapped: '--path=/health' },
    { name: 'a URL', text: 'http://app/app', mapped: 'http://app/app' },
    { name: 'a list', text: '/app/bin:/usr/bin', mapped: 'IMAGE/app/bin:IMAGE/usr/bin' },
    { name: 'a line for a shell', text: 'cd "/app" && ls >/app/list', mapped: 'cd "IMAGE/app" && ls >IMAGE/app/list' },
    { name: 'a relative path', text: 'app/x', mapped: 'app/x' },
    { name: 'a directory that only begins alike', text: '/application', mapped: '/application' },
  ];
  it.each(cases)('maps $name', ({ text, mapped }) => {
    const mounts = [
      { hostPath: '/mounted', containerPath: '/app/data' },
      { hostPath: '/deeper', containerPath: '/app/data/deep' },
    ];
    const result = mapPaths(text, { mounts, imageDirectory: image, claimsNewPaths: false });
    expect(result).toBe(mapped.replaceAll('IMAGE', image));
  });

  it('keeps the programs of the machine in PATH', () => {
    const paths = { mounts: [], imageDirectory: image, claimsNewPaths: false };
    expect(mapSearchPath('/usr/bin:/bin', paths)).toBe(`${image}/usr/bin:/usr/bin:/bin`);
  });

  it('gives a build what nobody has yet', () => {
    const paths = { mounts: [], imageDirectory: image, claimsNewPaths: true };
    expect(mapPaths('mkdir /made-by-the-build', paths)).toBe(`mkdir ${image}/made-by-the-build`);
  });
});
