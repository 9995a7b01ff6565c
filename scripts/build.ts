/**
 * Makes in `dist/slipway` what is published: the command with the packages of this workspace bundled into it, compiled to
 * JavaScript, because Node strips no types below `node_modules`. Paths between files stay as they are in the checkout.
 *
 *     npm run build && npm pack ./dist/slipway
 */
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const compiled = join(root, 'dist', 'packages');
const published = join(root, 'dist', 'slipway');
const bundled = ['kube', 'cluster', 'gateway', 'delivery'];

function main(): void {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(root, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
  const command = readManifest('cli');
  const others = bundled.map(readManifest);
  writeManifest(published, describeCommand(command, others));
  place('cli', published);
  for (const [index, folder] of bundled.entries()) {
    const manifest = others[index];
    if (manifest === undefined) continue;
    const directory = join(published, 'node_modules', manifest.name);
    writeManifest(directory, describeBundled(manifest));
    place(folder, directory);
  }
  for (const name of ['README.md', 'LICENSE', 'NOTICE', 'examples'])
    cpSync(join(root, name), join(published, name), { recursive: true, filter: isPublished });
  cpSync(join(root, 'packages', 'cli', 'bin'), join(published, 'bin'), { recursive: true });
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
}

function writeManifest(directory: string, manifest: object): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The command with everything that it and the bundled packages need from elsewhere. */
function describeCommand({ name, version, description, license, dependencies }: Manifest, others: readonly Manifest[]) {
  const names = others.map((other) => other.name);
  const all = Object.assign({}, ...others.map((other) => other.dependencies ?? {}), dependencies);
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { slipway: 'bin/slipway.js' },
    files: ['bin', 'src', 'examples', 'NOTICE'],
    engines: { node: '>=24.12' },
    dependencies: Object.fromEntries(Object.entries(all).toSorted(([a], [b]) => a.localeCompare(b))),
    bundleDependencies: names,
  };
}

function describeBundled({ name, version, license, dependencies }: Manifest) {
  return { name, version, license, type: 'module', exports: { './*': './src/*.js' }, dependencies };
}

/** Compiled sources, and the data files that they read. */
function place(folder: string, directory: string): void {
  cpSync(join(compiled, folder, 'src'), join(directory, 'src'), { recursive: true });
  const sources = join(root, 'packages', folder, 'src');
  for (const file of globSync('**/*.json', { cwd: sources })) {
    mkdirSync(dirname(join(directory, 'src', file)), { recursive: true });
    cpSync(join(sources, file), join(directory, 'src', file));
  }
}

function isPublished(path: string): boolean {
  return !relative(root, path).split('/').includes('node_modules') && !path.endsWith('.test.ts');
}

main();
