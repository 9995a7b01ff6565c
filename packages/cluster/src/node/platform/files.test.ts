import { lstat, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runToEnd } from '../runtimes/process/run-to-end.ts';
import { diskFiles } from './disk-files.ts';
import { memoryFiles } from './memory-files.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-files-'));
});
afterEach(() => rm(directory, { recursive: true }));

const at = (path: string): string => join(directory, path);
const modeOf = async (path: string): Promise<string> => ((await stat(at(path))).mode & 0o777).toString(8);

describe.each([
  { name: 'files on disk', files: diskFiles },
  { name: 'files in memory', files: memoryFiles },
])('$name', ({ files }) => {
  it('make directories with their parents, and leave the mode of those that exist', async () => {
    await files.makeDirectory(at('a/b'), 0o750);
    expect(await modeOf('a/b')).toBe('750');
    await files.makeDirectory(at('a/b'), 0o700);
    expect(await modeOf('a/b')).toBe('750');
  });

  it('replace a file, and give it its mode whatever the umask', async () => {
    await files.writeFile(at('file'), Buffer.from('longer'), 0o666);
    await files.writeFile(at('file'), Buffer.from('new'), 0o606);
    expect([await readFile(at('file'), 'utf8'), await modeOf('file')]).toEqual(['new', '606']);
  });

  it('write files of many megabytes', async () => {
    const content = Buffer.alloc(9 * 1024 * 1024, 'x');
    await files.writeFile(at('file'), content, 0o600);
    expect(content.equals(await readFile(at('file')))).toBe(true);
  });

  it('read a part of a file, less at its end, and nothing of one that is missing', async () => {
    await files.writeFile(at('file'), Buffer.from('0123456789'), 0o600);
    const read = async (path: string, offset: number): Promise<string> =>
      Buffer.from(await files.read(at(path), offset, 4)).toString();
    expect([await read('file', 3), await read('file', 8), await read('none', 0), await read('file/none', 0)]).toEqual([
      '3456',
      '89',
      '',
      '',
    ]);
  });

  it('tell what is there, through links, and that something is not', async () => {
    await files.writeFile(at('file'), new Uint8Array(), 0o600);
    await files.symlink('file', at('link'));
    await files.makeDirectory(at('b'));
    await runToEnd('mkfifo', [at('pipe')]);
    const kinds = await Promise.all(['file', 'link', 'b', 'pipe', 'none'].map((name) => files.kindOf(at(name))));
    expect(kinds).toEqual(['file', 'file', 'directory', 'other', undefined]);
    expect(await files.list(directory)).toEqual(['b', 'file', 'link', 'pipe']);
    expect(await files.list(at('none'))).toEqual([]);
  });

  it('read links and nothing else as links', async () => {
    await files.writeFile(at('file'), new Uint8Array(), 0o600);
    await files.symlink('file', at('link'));
    const links = await Promise.all(['link', 'file', 'none'].map((name) => files.readLink(at(name))));
    expect(links).toEqual(['file', undefined, undefined]);
  });

  it('rename over what is there, and refuse where nothing is to be renamed', async () => {
    await files.symlink('old', at('link'));
    await files.symlink('new', at('other'));
    await files.rename(at('other'), at('link'));
    expect([await files.readLink(at('link')), await files.list(directory)]).toEqual(['new', ['link']]);
    await expect(files.rename(at('other'), at('link'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('remove a directory with what is in it, links but not where they lead, and what is missing', async () => {
    await files.makeDirectory(at('a/b'));
    await files.writeFile(at('file'), Buffer.from('stays'), 0o600);
    await files.symlink(at('file'), at('a/b/link'));
    await files.remove(at('a'));
    await files.remove(at('none'));
    await expect(lstat(at('a'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readFile(at('file'), 'utf8')).toBe('stays');
  });

  it('change modes', async () => {
    await files.makeDirectory(at('a'));
    await files.changeMode(at('a'), 0o711);
    expect(await modeOf('a')).toBe('711');
  });
});

it('wait for nobody at a pipe that lies in the place of a file in memory', async () => {
  await runToEnd('mkfifo', [at('pipe')]);
  await expect(memoryFiles.read(at('pipe'), 0, 4)).rejects.toMatchObject({ code: 'ESPIPE' });
  await expect(memoryFiles.writeFile(at('pipe'), Buffer.from('x'), 0o600)).rejects.toMatchObject({ code: 'ENXIO' });
});
