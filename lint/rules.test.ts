import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, findDecisions, readScopes } from './configuration.ts';
import { deriveBans, deriveDoors, deriveLimits, deriveRestrictions, type Package } from './derived-fixtures.ts';
import type { Fixture } from './fixture.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

/** Who may import whom: what ARCHITECTURE.md says of rooms and doors. */
const mayOpen = {
  kube: [],
  cluster: ['kube'],
  gateway: ['kube'],
  delivery: ['kube'],
  // Of delivery it may open the types, `delivery/api`.
  server: ['kube'],
  // Of delivery and the server it knows types: `delivery/api`, and what the server answers.
  dashboard: [],
  cli: ['kube', 'cluster', 'gateway', 'delivery', 'server'],
};

/** A rule that cannot fail would be found here: each decision of the configuration has text that breaks it. */
describe('lint', async () => {
  const decisions = findDecisions(await readScopes(join(root, '.oxlintrc.json')));
  const packages = await findPackages();
  const fixtures = [
    ...(await readFixtures(join(root, 'lint/fixtures'))),
    ...deriveLimits(decisions),
    ...deriveRestrictions(decisions),
    ...deriveDoors(packages, mayOpen),
    ...deriveBans(packages),
  ];
  const expectations = fixtures.flatMap(({ expected }) => expected);
  let workspace: string;
  let findings: ReadonlyMap<string, readonly Finding[]>;

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'slipway-lint-'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'lint/no-current-date.ts'])
      await cp(join(root, name), join(workspace, name));
    await symlink(join(root, 'node_modules'), join(workspace, 'node_modules'));
    for (const { path, text } of fixtures) {
      await mkdir(dirname(join(workspace, path)), { recursive: true });
      await writeFile(join(workspace, path), `${text}\n`);
    }
    findings = await lint(workspace);
  });

  afterAll(() => rm(workspace, { recursive: true, force: true }));

  it.each(fixtures)('$path', ({ path, expected }) => {
    const found = findings.get(path) ?? [];
    expect([...new Set(found.map(({ code }) => code))]).toEqual(expected.map(({ code }) => code));
    const said = found.map(wordsOf).join('\n');
    for (const { words = '' } of expected) expect(said).toContain(words);
  });

  it.each([...new Set(decisions.map(({ rule }) => codeOf(rule)))])('has a fixture that breaks %s', (code) => {
    expect(expectations.map((each) => each.code)).toContain(code);
  });

  it('says each of its own messages', () => {
    const messages = decisions.flatMap(({ options }) =>
      options.flatMap(({ message, patterns = [] }) => [message ?? [], ...patterns.map((each) => each.message)].flat()),
    );
    const said = [...findings.values()].flat().map(wordsOf).join('\n');
    expect(messages.filter((message) => !said.includes(message))).toEqual([]);
  });

  it('knows the doors of every package', () => {
    expect(Object.keys(mayOpen).toSorted()).toEqual(packages.map(({ folder }) => folder).toSorted());
  });
});

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly filename: string;
}

/** Some rules put the words of the configuration into the message, others beside it. */
function wordsOf({ message, help = '' }: Finding): string {
  return `${message} ${help}`;
}

async function findPackages(): Promise<readonly Package[]> {
  const folders = await readdir(join(root, 'packages'));
  return Promise.all(
    folders.map(async (folder) => {
      const { name }: { readonly name: string } = JSON.parse(
        await readFile(join(root, 'packages', folder, 'package.json'), 'utf8'),
      );
      return { folder, name };
    }),
  );
}

/** Files that say in their first line which rule they break. */
async function readFixtures(folder: string): Promise<readonly Fixture[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();
  return Promise.all(
    files.map(async (path) => {
      const text = await readFile(join(folder, path), 'utf8');
      const code = /^\/\/ expect: (.*)$/m.exec(text)?.[1];
      if (code === undefined) throw new Error(`${path} does not say what it is to break: // expect: eslint(no-var)`);
      return { path, text, expected: code === 'nothing' ? [] : [{ code }] };
    }),
  );
}

async function lint(directory: string): Promise<ReadonlyMap<string, readonly Finding[]>> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const options = { cwd: directory, maxBuffer: 16 * 1024 * 1024 };
  const outcome = await run(oxlint, ['--type-aware', '--format', 'json', 'packages'], options).catch(
    (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  const { diagnostics }: { readonly diagnostics: readonly Finding[] } = JSON.parse(outcome.stdout);
  return Map.groupBy(diagnostics, ({ filename }) => relative(directory, join(directory, filename)));
}
