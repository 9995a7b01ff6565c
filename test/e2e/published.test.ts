/** What `npm run build` makes, packed and put where npm would put it, without a network. */
import { existsSync } from 'node:fs';
import { access, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, slipwayEntry, type Outcome } from './support/execute.ts';
import { removeFolder, self } from './support/person.ts';
import { upWords } from './support/slipway.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let entry: string;

async function run(program: string, ...words: readonly string[]): Promise<string> {
  const outcome = await execute(program, words);
  if (outcome.exitCode !== 0) throw new Error(`${program} ${words.join(' ')}: ${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
}

/** The package with exactly the dependencies that it names, as they are installed here. */
async function install(): Promise<string> {
  await run(process.execPath, join(root, 'scripts/build.ts'), '--out', join(folder, 'dist'));
  const tarball = (await run('npm', 'pack', join(folder, 'dist/slipway'), '--pack-destination', folder)).trim();
  const modules = join(folder, 'node_modules');
  const directory = join(modules, 'slipway');
  await mkdir(directory, { recursive: true });
  await run('tar', '-xzf', join(folder, tarball), '-C', directory, '--strip-components=1');
  const manifest: {
    readonly bin: { readonly slipway: string };
    readonly dependencies: Readonly<Record<string, string>>;
    readonly optionalDependencies: Readonly<Record<string, string>>;
  } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const optional = Object.keys(manifest.optionalDependencies).filter((name) =>
    existsSync(join(root, 'node_modules', name)),
  );
  for (const name of [...Object.keys(manifest.dependencies), ...optional]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  await linkPrograms(modules, ['slipway', ...optional]);
  return join(directory, manifest.bin.slipway);
}

/** As npm does, into the folder that `npx` puts before all others in PATH. */
async function linkPrograms(modules: string, names: readonly string[]): Promise<void> {
  await mkdir(join(modules, '.bin'));
  for (const name of names) {
    const { bin }: { readonly bin: Readonly<Record<string, string>> } = JSON.parse(
      await readFile(join(modules, name, 'package.json'), 'utf8'),
    );
    for (const [program, path] of Object.entries(bin))
      await symlink(join('..', name, path), join(modules, '.bin', program));
  }
}

/** A Node on this machine that is older than what slipway needs. */
async function findOldNode(): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const program = join(directory, 'node');
    const exists = await access(program).then(
      () => true,
      () => false,
    );
    const version = exists ? (await execute(program, ['--version'])).stdout : '';
    if (/^v(1[2-9]|2[0-3])\./.test(version)) return program;
  }
  return undefined;
}

describe('the published package', () => {
  beforeAll(async () => {
    folder = await self.createFolder();
    entry = await install();
  });

  afterAll(() => removeFolder(folder));

  const slipway = (...words: readonly string[]): Promise<Outcome> => self.run(process.execPath, entry, ...words);

  it('knows its version', async () => {
    expect(await slipway('--version')).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it('brings the Node along that it needs, for a machine whose own is older', async () => {
    const first = join(folder, 'older');
    await mkdir(first);
    // What npm itself would start where no other is found before it.
    await writeFile(join(first, 'node'), '#!/bin/sh\necho "the Node of this machine" >&2\nexit 9\n', { mode: 0o755 });
    const path = [join(folder, 'node_modules/.bin'), first, process.env['PATH']].join(delimiter);
    expect(await execute('slipway', ['--version'], { PATH: path })).toEqual({
      exitCode: 0,
      stdout: '0.1.0\n',
      stderr: '',
    });
    const { engines }: { readonly engines: { readonly node: string } } = JSON.parse(
      await readFile(join(folder, 'node_modules/slipway/package.json'), 'utf8'),
    );
    expect(engines.node).toBe('>=20');
  });

  it('is built again without touching what may run', async () => {
    const before = await readdir(join(folder, 'dist'));
    await writeFile(join(folder, 'dist/slipway/mark'), '');
    await run(process.execPath, join(root, 'scripts/build.ts'), '--out', join(folder, 'dist'));
    expect(await readdir(join(folder, 'dist'))).toEqual(before);
    await access(join(folder, 'dist/slipway/mark'));
  });

  it.each(['simulated', 'process'])('starts a cluster with the runtime %s, and stops it', async (runtime) => {
    const data = join(folder, runtime);
    expect(await slipway(...upWords(data, ['--detach', '--runtime', runtime]))).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining(`runtime ${runtime}`),
    });
    expect(await slipway('status', '--data-dir', data)).toMatchObject({ exitCode: 0 });
    const listed = await slipway('releases', 'none', '--kubeconfig', join(data, 'kubeconfig'));
    expect(listed).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No releases') });
    expect(await slipway('down', '--data-dir', data)).toMatchObject({ exitCode: 0 });
  });
});

/** Words that make a Node say that it is another one, so that no other need be on this machine. */
function disguiseAs(version: string): readonly string[] {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

const oldNode = await findOldNode();
const oldNodes = [
  { name: 'this one, in disguise', program: process.execPath, words: disguiseAs('20.11.1') },
  ...(oldNode === undefined ? [] : [{ name: 'the one of this machine', program: oldNode, words: [] }]),
];

describe('a Node that is too old', () => {
  it.each(oldNodes)('is told what to do: $name', async ({ program, words }) => {
    const outcome = await execute(program, [...words, slipwayEntry, 'up']);
    expect(outcome).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringMatching(/^slipway needs Node 24\.12 or newer and was started with Node \d+\.\d+\.\d+ \(/),
    });
    expect(outcome.stderr).toContain('Start it through npm, which brings the right one along');
  });

  it.each(['24.11.9', '23.99.0', '12.0.0'])('is %s', async (version) => {
    expect(await execute(process.execPath, [...disguiseAs(version), slipwayEntry, '--version'])).toMatchObject({
      exitCode: 2,
    });
  });

  it.each(['24.12.0', '25.0.0'])('is not %s', async (version) => {
    expect(await execute(process.execPath, [...disguiseAs(version), slipwayEntry, '--version'])).toMatchObject({
      exitCode: 0,
    });
  });
});
