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

async function write(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

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
