/** Writes the Kustomize bases in `deploy/base` and `deploy/server` from what `slipway install` installs: `node scripts/deploy-base.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDocuments } from '../packages/cli/src/output/output.ts';
import { controllerManifests, kindManifests } from '../packages/delivery/src/install/installation.ts';
import type { Manifest } from '../packages/delivery/src/install/manifest.ts';
import { serverManifests } from '../packages/delivery/src/install/server-installation.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
export const deployFolder = join(root, 'deploy');

interface Package {
  readonly version: string;
}

/** The files of the bases, by path in `deploy`. */
export async function createBases(): Promise<ReadonlyMap<string, string>> {
  const { version }: Package = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
  const image = `slipway:${version}`;
  return new Map([
    ...(await createBase('base', [], {
      'kinds.yaml': kindManifests({}),
      'controller.yaml': controllerManifests({ image }),
    })),
    ...(await createBase('server', ['../base'], { 'server.yaml': serverManifests({ image }) })),
  ]);
}

async function createBase(
  folder: string,
  others: readonly string[],
  parts: Readonly<Record<string, readonly Manifest[]>>,
): Promise<ReadonlyMap<string, string>> {
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [...others, ...Object.keys(parts)],
  };
  const files = new Map([[`${folder}/kustomization.yaml`, await write([kustomization])]]);
  for (const [name, manifests] of Object.entries(parts))
    files.set(`${folder}/${name}`, await write(manifests.map(({ object }) => object)));
  return files;
}

async function write(objects: readonly object[]): Promise<string> {
  return `${heading}${await formatDocuments(objects)}`;
}

const heading = '# Written by scripts/deploy-base.ts: change what it writes, not this file.\n';

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of await createBases()) {
    mkdirSync(dirname(join(deployFolder, name)), { recursive: true });
    writeFileSync(join(deployFolder, name), text);
  }
}
