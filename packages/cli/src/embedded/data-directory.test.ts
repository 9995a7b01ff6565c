import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDataDirectory, dataDirectory, readClusterState } from './data-directory.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-data-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('dataDirectory', () => {
  it.each([
    { name: 'is what the option says', option: '/a/b', given: '/data', path: '/a/b' },
    { name: 'stands below XDG_DATA_HOME', option: undefined, given: '/data', path: '/data/slipway/default' },
    {
      name: 'takes an empty XDG_DATA_HOME as absent',
      option: undefined,
      given: '',
      path: join(homedir(), '.local/share/slipway/default'),
    },
    {
      name: 'takes a relative XDG_DATA_HOME as absent',
      option: undefined,
      given: 'data',
      path: join(homedir(), '.local/share/slipway/default'),
    },
  ])('$name', ({ option, given, path }) => {
    expect(dataDirectory(option, { XDG_DATA_HOME: given }).path).toBe(path);
  });
});

describe('a data directory', () => {
  it('finds nothing where no cluster was, and in what is no state', async () => {
    const directory = dataDirectory(folder, {});
    expect(await readClusterState(directory)).toBeUndefined();
    await createDataDirectory(directory);
    for (const text of ['{', '{}', '7']) {
      await writeFile(directory.stateFile, text);
      expect(await readClusterState(directory)).toBeUndefined();
    }
  });

  it('says that a file in the place of the directory cannot be used', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(createDataDirectory(dataDirectory(file, {}))).rejects.toThrow(
      `The data directory ${file} cannot be used: a part of the path is a file and not a directory`,
    );
  });

  it('says that a folder which takes no others cannot be used', async () => {
    await expect(createDataDirectory(dataDirectory('/proc/none/of/ours', {}))).rejects.toThrow(
      'The data directory /proc/none/of/ours cannot be used: there is no such file or directory (/proc/none)',
    );
  });

  it('makes the folders above it, and takes what is there', async () => {
    const directory = dataDirectory(join(folder, 'a', 'b'), {});
    await createDataDirectory(directory);
    await createDataDirectory(directory);
    const modes = await Promise.all(['a', 'a/b', 'a/b/run'].map(async (name) => (await stat(join(folder, name))).mode));
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '700', '700']);
  });
});
