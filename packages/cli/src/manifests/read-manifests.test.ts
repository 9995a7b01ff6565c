import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
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

function configMap(name: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
}

/** Nine times nine times nine and so on. */
const bomb = [...'bcdefgh'].reduce(
  (text, name, index) => `${text}${name}: &${name} [${`*${'abcdefg'[index] ?? ''},`.repeat(9)}]\n`,
  'metadata: { name: a }\na: &a [1]\n',
);

function* repeat(chunk: Uint8Array): Generator<Uint8Array> {
  for (;;) yield chunk;
}

const head = 'apiVersion: v1\nkind: ConfigMap\n';

describe('readManifests', () => {
  it('reads every document of a file, and says which is which', async () => {
    const file = await write('a.yaml', `${configMap('a')}\n---\n---\n${configMap('b')}\n`);
    expect(await readManifests(file)).toEqual([
      { source: `${file}, document 1`, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } },
      { source: `${file}, document 3`, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } } },
    ]);
  });

  it('reads the manifests of a directory in the order of their names, and nothing else', async () => {
    await write('2.json', configMap('two'));
    await write('1.yml', configMap('one'));
    await write('README.md', '# not a manifest');
    await mkdir(join(directory, '3.yaml'));
    const names = (await readManifests(directory)).map(({ object }) => object.metadata.name);
    expect(names).toEqual(['one', 'two']);
  });

  it.each([
    { name: 'text', text: 'hello', message: 'is no Kubernetes object: expected a mapping with apiVersion, kind' },
    { name: 'an object without a kind', text: 'apiVersion: v1', message: 'kind: expected a string, found nothing' },
    { name: 'a kind that is a number', text: 'kind: 7', message: 'kind: expected a string, found the number 7' },
    {
      name: 'an object without an apiVersion',
      text: 'kind: A',
      message: 'apiVersion: expected a string, found nothing',
    },
    { name: 'an apiVersion that is a number', text: 'kind: A\napiVersion: 1', message: 'found the number 1' },
    {
      name: 'an object without metadata',
      text: head,
      message: 'metadata: expected a mapping with a name, found nothing',
    },
    { name: 'an object without a name', text: `${head}metadata: {}`, message: 'metadata.name: expected a string' },
    { name: 'a name that is a number', text: `${head}metadata: {name: 12}`, message: '12: write it in quotes' },
    { name: 'a name made up', text: `${head}metadata: {generateName: a-}`, message: 'write metadata.name instead' },
    { name: 'a key given twice', text: 'a: 1\na: 2', message: /Map keys must be unique at line 2, column 1/ },
    { name: 'a list without items', text: 'apiVersion: v1\nkind: List', message: 'items: expected a list of objects' },
    {
      name: 'a list with something else in it',
      text: `apiVersion: v1\nkind: List\nitems: [${configMap('a')}, 3]`,
      message: 'items[1] is no Kubernetes object',
    },
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
    await mkdir(join(directory, 'a.yaml'));
    await expect(readManifests(directory)).rejects.toThrow('expected files named *.yaml, *.yml or *.json');
  });

  it('reads the objects of a list, as kubectl writes them', async () => {
    const file = await write('a.yaml', `apiVersion: v1\nkind: List\nitems: [${configMap('a')}, ${configMap('b')}]`);
    expect((await readManifests(file)).map(({ source, object }) => [source, object.metadata.name])).toEqual([
      [`${file}, items[0]`, 'a'],
      [`${file}, items[1]`, 'b'],
    ]);
  });

  it('reads standard input, and stops where it holds more than any manifest has', async () => {
    const written = await readManifests('-', Readable.from([Buffer.from(configMap('a'))]));
    expect(written.map(({ source, object }) => [source, object.metadata.name])).toEqual([['standard input', 'a']]);
    const endless = Readable.from(repeat(Buffer.alloc(1024 * 1024, 'a')));
    await expect(readManifests('-', endless)).rejects.toThrow('standard input holds more: expected');
    expect(endless.destroyed).toBe(true);
  });
});
