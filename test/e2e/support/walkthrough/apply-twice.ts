import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Outcome } from '../execute.ts';

const notServed = /no matches for kind "\w+" in version "\S+"$|^ensure CRDs are installed first$/;
const warning = /^#? ?Warning: /;

export interface Applying {
  kubectl(...words: readonly string[]): Promise<Outcome>;
  /** Begins the names of the namespaces, one for each folder: people name things alike in several. */
  readonly namespace: string;
}

/**
 * Applies the manifests below a folder, each twice. Resolves with what the second time says other than that nothing changes,
 * or that this cluster does not serve the kind.
 */
export async function applyTwice(root: string, { kubectl, namespace }: Applying): Promise<readonly string[]> {
  const found = await findManifests(root);
  const folders = [...new Set(found.map(folderOf))];
  const namespaceOf = (words: Manifest): string => `${namespace}-${folders.indexOf(folderOf(words))}`;
  for (const each of new Set(found.map(namespaceOf))) await kubectl('create', 'namespace', each);
  const said: string[] = [];
  for (const words of found) {
    const apply = (): Promise<Outcome> => kubectl('apply', '-n', namespaceOf(words), ...words);
    await apply();
    said.push(...surprises(await apply(), await sentAgain(words)));
  }
  for (const each of new Set(found.map(namespaceOf))) await kubectl('delete', 'namespace', each, '--wait=false');
  return said;
}

function surprises({ stdout, stderr }: Outcome, sent: readonly string[]): readonly string[] {
  return `${stdout}\n${stderr}`.split('\n').filter((line) => {
    const isExpected = line === '' || line.endsWith(' unchanged') || notServed.test(line) || warning.test(line);
    return !isExpected && !sent.some((kind) => line.startsWith(kind));
  });
}

type Manifest = readonly ['-k' | '-f', string];

function folderOf([option, path]: Manifest): string {
  return option === '-k' ? path : dirname(path);
}

/** As options of kubectl: folders with a kustomization as a whole, and elsewhere every file that says what kind it is of. */
async function findManifests(root: string): Promise<readonly Manifest[]> {
  const files = (await readdir(root, { recursive: true })).filter((name) => /\.ya?ml$/.test(name));
  const folders = files.filter((name) => /(^|\/)kustomization\.ya?ml$/.test(name)).map((name) => dirname(name));
  const found: Manifest[] = folders.map((folder) => ['-k', join(root, folder)]);
  for (const name of files) {
    if (folders.some((folder) => folder === '.' || name.startsWith(`${folder}/`))) continue;
    const text = await readFile(join(root, name), 'utf8');
    if (/^apiVersion:/m.test(text) && /^kind:/m.test(text)) found.push(['-f', join(root, name)]);
  }
  return found;
}

/**
 * Kinds that kubectl sends each time, of any cluster: what is written as stringData comes back as data, and a list without
 * keys, as that of the claims of a StatefulSet is, differs where the server has filled in a default.
 */
async function sentAgain([option, path]: Manifest): Promise<readonly string[]> {
  const text = option === '-f' ? await readFile(path, 'utf8') : '';
  return [
    ...(text.includes('stringData:') ? ['secret/'] : []),
    ...(text.includes('volumeClaimTemplates:') ? ['statefulset.apps/'] : []),
  ];
}
