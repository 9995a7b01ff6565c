/**
 * Makes in `dist/slipway` what is published: the command with the packages of this workspace, the modules of each process
 * bundled, because reading three hundred files takes longer than starting a cluster does. Files that are found by their
 * path, data and entry points, lie where they lie in the checkout. The pages of the dashboard are made here alone.
 *
 *     npm run build && npm pack ./dist/slipway
 */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { rolldown, type Plugin } from 'rolldown';
import { buildPages } from '../packages/dashboard/build.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly license: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
}

/** Size in bytes and time of modification in milliseconds, by path in the checkout. */
type Inputs = Readonly<Record<string, readonly [size: number, modified: number]>>;

const root = fileURLToPath(new URL('..', import.meta.url));
const sourceFile = /^packages\/\w+\/src\/.*\.ts$/;

/** What a process is started with, or a thread. */
const entries = [
  'packages/cli/src/main.ts',
  'packages/cli/src/load/load-process.ts',
  'packages/cluster/src/node/helper/main.ts',
  'packages/server/src/webhooks/manifests/parse-process.ts',
];

/** Found by their path when the program runs. */
const readAtRuntime = ['packages/cli/package.json', 'packages/cli/bin/*.js', 'packages/*/src/**/*.json'];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } });
  const making = join(values.out, 'slipway.new');
  rmSync(making, { recursive: true, force: true });
  // Before they are read: what is written meanwhile makes a bundle that is older than its sources, not a wrong list.
  const copied = globSync(readAtRuntime, { cwd: root });
  const seen = describeInputs([...globSync('packages/*/src/**/*.ts', { cwd: root }), ...copied]);
  const [bundled] = await Promise.all([bundle(making), buildPages(join(making, 'packages/dashboard/dist'))]);
  const used = new Set([...bundled, ...copied]);
  for (const file of copied) copy(file, making);
  for (const name of ['README.md', 'LICENSE', 'NOTICE', 'examples']) copy(name, making);
  writeJson(join(making, 'package.json'), describePackage());
  rmSync(join(values.out, 'inputs.json'), { force: true });
  install(making, values.out);
  writeJson(
    join(values.out, 'inputs.json'),
    Object.fromEntries(Object.entries(seen).filter(([path]) => used.has(path))),
  );
}

const versionsKept = 3;

/**
 * Each build has a folder that is named by its content, and `slipway` leads to the newest: a program that runs reads some
 * of its modules late, and must find them where they were.
 */
function install(making: string, out: string): void {
  const folder = `slipway-${hashOf(making)}`;
  if (existsSync(join(out, folder))) rmSync(making, { recursive: true });
  else renameSync(making, join(out, folder));
  const link = join(out, 'slipway');
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === false) rmSync(link, { recursive: true });
  symlinkSync(folder, `${link}.new`);
  renameSync(`${link}.new`, link);
  const built = globSync('slipway-*', { cwd: out }).filter((name) => name !== folder);
  const age = (name: string): number => statSync(join(out, name)).mtimeMs;
  for (const old of built.toSorted((a, b) => age(b) - age(a)).slice(versionsKept - 1))
    rmSync(join(out, old), { recursive: true });
}

function hashOf(directory: string): string {
  const hash = createHash('sha256');
  const entries = globSync('**', { cwd: directory, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  for (const path of paths) hash.update(`${relative(directory, path)}\n`).update(readFileSync(path));
  return hash.digest('hex').slice(0, 12);
}

/** Gives the sources that are in it. */
async function bundle(directory: string): Promise<readonly string[]> {
  const build = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((file) => [file.replace(/\.ts$/, ''), join(root, file)])),
    platform: 'node',
    external: (name) => !/^(?:\.|\/|@slipway\/)/.test(name),
    plugins: [keepPlaces],
  });
  try {
    const { output } = await build.write({
      dir: directory,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'bundle/[name]-[hash].js',
    });
    const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
    return modules.map((id) => relative(root, id)).filter((path) => sourceFile.test(path));
  } finally {
    await build.close();
  }
}

/** A source that looks for a file beside itself finds it there, whatever bundle it has come into. */
const keepPlaces: Plugin = {
  name: 'keep-places',
  transform(code, id) {
    const path = relative(root, id);
    if (!sourceFile.test(path) || !code.includes('import.meta.url')) return undefined;
    const place = path.replace(/\.ts$/, '.js');
    return code.replaceAll('import.meta.url', `placeOf(${JSON.stringify(place)})`);
  },
  renderChunk(code, chunk) {
    const up = relative(dirname(chunk.fileName), '.') || '.';
    return code.replaceAll(
      /\bplaceOf\("([^"]+)"\)/g,
      (_, place: string) => `new URL(${JSON.stringify(`${up}/${place}`)}, import.meta.url).href`,
    );
  },
};

function copy(path: string, directory: string): void {
  cpSync(join(root, path), join(directory, path), { recursive: true, filter: isPublished });
}

function isPublished(path: string): boolean {
  return !relative(root, path).split('/').includes('node_modules') && !path.endsWith('.test.ts');
}

/**
 * The command with everything that it and the packages in it need from elsewhere. As in the checkout, that is a Node of its
 * own, too: npm puts it before the machine's, which may be older.
 */
function describePackage(): object {
  const { name, version, description, license } = readManifest('packages/cli/package.json');
  const { engines, optionalDependencies } = readManifest('package.json');
  // The pages have in them what they need.
  const paths = globSync('packages/*/package.json', { cwd: root, exclude: ['packages/dashboard/**'] });
  const manifests = paths.map(readManifest);
  const needed = Object.entries(Object.assign({}, ...manifests.map(({ dependencies }) => dependencies ?? {})));
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { slipway: 'packages/cli/bin/slipway.js' },
    files: ['packages', 'bundle', 'examples', 'NOTICE'],
    engines,
    dependencies: Object.fromEntries(
      needed.filter(([other]) => !other.startsWith('@slipway/')).toSorted(([a], [b]) => a.localeCompare(b)),
    ),
    optionalDependencies,
  };
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

/** By which `bin/slipway.js` sees whether the bundle is still what the checkout's sources make. */
function describeInputs(files: readonly string[]): Inputs {
  return Object.fromEntries(
    files.map((path) => {
      const { size, mtimeMs } = statSync(join(root, path));
      return [path, [size, mtimeMs]];
    }),
  );
}

function writeJson(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

await main();
