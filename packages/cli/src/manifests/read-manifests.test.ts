import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifests } from './read-manifests.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-manifests-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function write(name: string, text: string | Uint8Array): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

/** Nine times nine times nine and so on. */
const bomb = [...'bcdefgh'].reduce(
  (text, name, index) => `${text}${name}: &${name} [${`*${'abcdefg'[index] ?? ''},`.repeat(9)}]\n`,
  'metadata: { name: a }\na: &a [1]\n',
);

describe('readManifests', () => {
  it('reads every document of a file, and says which is which', async () => {
    const file = await write('a.yaml', 'metadata: {name: a}\n---\n---\nmetadata: {name: b}\n');
    expect(await readManifests(file)).toEqual([
      { source: `${file}, document 1`, object: { metadata: { name: 'a' } } },
      { source: `${file}, document 3`, object: { metadata: { name: 'b' } } },
    ]);
  });

  it('reads the manifests of a directory in the order of their names, and nothing else', async () => {
    await write('2.json', '{"metadata":{"name":"two"}}');
    await write('1.yml', 'metadata: {name: one}');
    await write('README.md', '# not a manifest');
    const names = (await readManifests(directory)).map(({ object }) => object.metadata.name);
    expect(names).toEqual(['one', 'two']);
  });

  it.each([
    { name: 'text', text: 'hello', message: 'is no Kubernetes object: expected a mapping with apiVersion, kind' },
    { name: 'an object without a name', text: 'metadata: {}', message: 'is no Kubernetes object' },
    { name: 'what is no YAML', text: 'a: [', message: /is not YAML: .* at line 1/ },
    { name: 'what is no text', text: 'a\0b', message: 'is not text: expected YAML or JSON in UTF-8' },
    { name: 'bytes that are no UTF-8', text: Buffer.from([0xff, 0xfe, 0x41]), message: 'is not text' },
    { name: 'more than any manifest has', text: 'a'.repeat(8 * 1024 * 1024 + 1), message: 'divide it into several' },
    { name: 'anchors that grow without bound', text: bomb, message: 'write out what its anchors stand for' },
    { name: 'nothing', text: '# only a comment', message: 'is empty: expected at least one Kubernetes object' },
  ])('refuses $name as a fault of the manifest', async ({ text, message }) => {
    const file = await write('a.yaml', text);
    await expect(readManifests(file)).rejects.toMatchObject({ exitCode: 2 });
    await expect(readManifests(file)).rejects.toThrow(message);
  });

  it('says that there is no such file, or no manifest in a directory', async () => {
    await expect(readManifests(join(directory, 'none'))).rejects.toThrow(
      'none cannot be read: there is no such file or directory',
    );
    await expect(readManifests(directory)).rejects.toThrow('holds no manifests (*.yaml, *.yml, *.json)');
  });
});
