/** Writes the Kustomize base in `deploy/base` from what `slipway install` installs: `node scripts/deploy-base.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDocuments } from '../packages/cli/src/output/output.ts';
import { controllerManifests, kindManifests } from '../packages/delivery/src/install/installation.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
export const baseFolder = join(root, 'deploy', 'base');

interface Package {
  readonly version: string;
}

/** The files of the base, by name. */
export async function createBase(): Promise<ReadonlyMap<string, string>> {
  const { version }: Package = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
  const image = `slipway:${version}`;
  const parts = { 'kinds.yaml': kindManifests({}), 'controller.yaml': controllerManifests({ image }) };
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: Object.keys(parts),
  };
  const files = new Map([['kustomization.yaml', await write([kustomization])]]);
  for (const [name, manifests] of Object.entries(parts))
    files.set(name, await write(manifests.map(({ object }) => object)));
  return files;
}

async function write(objects: readonly object[]): Promise<string> {
  return `${heading}${await formatDocuments(objects)}`;
}

const heading = '# Written by scripts/deploy-base.ts: change what it writes, not this file.\n';

if (process.argv[1] === import.meta.filename) {
  mkdirSync(baseFolder, { recursive: true });
  for (const [name, text] of await createBase()) writeFileSync(join(baseFolder, name), text);
}
