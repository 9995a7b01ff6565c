import { chmod, chown, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOfSource, digestOfTree } from './tree-digest.ts';

let tree: string;
let file: string;

beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), 'slipway-tree-'));
  await mkdir(join(tree, 'folder'));
  file = join(tree, 'folder', 'file');
  await writeFile(file, 'text');
});
afterEach(() => rm(tree, { recursive: true }));

describe('the digest of a tree', () => {
  it.each([
    { name: 'its content', change: () => writeFile(file, 'TEXT') },
    { name: 'a mode', change: () => chmod(file, 0o700) },
    { name: 'a name', change: () => writeFile(join(tree, 'other'), '') },
  ])('is another one when $name changes', async ({ change }) => {
    const [before, sourceBefore] = [await digestOfTree(tree), await digestOfSource(tree)];
    await change();
    expect(await digestOfTree(tree)).not.toBe(before);
    expect(await digestOfSource(tree)).not.toBe(sourceBefore);
  });

  it('is the same at another time', async () => {
    const before = await digestOfTree(tree);
    await utimes(file, 1, 1);
    expect(await digestOfTree(tree)).toBe(before);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'is another one for another owner or group, which does not matter to what is copied',
    async () => {
      const digests = new Set([await digestOfTree(tree)]);
      const source = await digestOfSource(tree);
      for (const [uid, gid] of [
        [1, 0],
        [0, 1],
      ] as const) {
        await chown(file, uid, gid);
        digests.add(await digestOfTree(tree));
        expect(await digestOfSource(tree)).toBe(source);
      }
      expect(digests.size).toBe(3);
    },
  );
});
