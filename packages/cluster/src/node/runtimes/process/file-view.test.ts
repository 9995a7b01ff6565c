import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileView } from './file-view.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-view-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(path: string, content = ''): Promise<void> {
  await mkdir(dirname(join(directory, path)), { recursive: true });
  await writeFile(join(directory, path), content);
}

/** Of two layers, the upper one first. */
function view(): FileView {
  const layers = ['upper', 'lower'].map((name) => join(directory, name));
  return new FileView({ mounts: [], layers, onMachineRoot: false, hidden: [] });
}

describe('the files of an image', () => {
  it('are those of all layers, the upper ones first', async () => {
    await write('upper/etc/a', 'upper');
    await write('lower/etc/a', 'lower');
    await write('lower/etc/b');
    expect(view().locate('/etc/a').hostPath).toBe(join(directory, 'upper/etc/a'));
    expect(view().locate('/etc/b').hostPath).toBe(join(directory, 'lower/etc/b'));
  });

  it('are not found through a link of a lower layer that a directory of an upper one lies over', async () => {
    await write('machine/passwd', 'root:x:0:0::/root:/bin/sh');
    await write('upper/etc/hostname');
    await mkdir(join(directory, 'lower'));
    await symlink(join(directory, 'machine'), join(directory, 'lower/etc'));
    expect(view().locate('/etc/passwd').hostPath).toBeUndefined();
  });

  it('are not found below what an upper layer has made a file of', async () => {
    await write('upper/etc');
    await write('lower/etc/passwd');
    expect(view().locate('/etc/passwd').hostPath).toBeUndefined();
  });

  it('are found through links as the container follows them', async () => {
    await write('lower/private/passwd');
    await mkdir(join(directory, 'upper'));
    await symlink('/private', join(directory, 'upper/etc'));
    expect(view().locate('/etc/passwd').hostPath).toBe(join(directory, 'lower/private/passwd'));
  });
});
