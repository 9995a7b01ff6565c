/** Fixtures that follow from the configuration, so that what is added there is tried without a word here. */
import { codeOf, type Decision } from './configuration.ts';
import type { Expectation, Fixture } from './fixture.ts';

/** Each limit at its last good number and at the first bad one. */
export function deriveLimits(decisions: readonly Decision[]): readonly Fixture[] {
  return decisions.flatMap(({ files, rule, options: [{ max } = {}] }, index) => {
    const write = limits[rule];
    if (max === undefined || write === undefined) return [];
    const path = (word: string): string => pathWithin(files, `${rule}-${word}-${index}`);
    return [
      { path: path('kept'), text: write(max), expected: [] },
      { path: path('broken'), text: write(max + 1), expected: [{ code: codeOf(rule) }] },
    ];
  });
}

/** Text that is exactly so long, deep or wide. A number of branches makes lines too, so they share some. */
const limits: Readonly<Record<string, (size: number) => string>> = {
  'max-lines': (size) => repeat(size, (index) => `export const value${index} = ${index};`).join('\n'),
  'max-lines-per-function': (size) =>
    [
      'export function long(log: (n: number) => void): void {',
      ...repeat(size - 2, (index) => `  log(${index});`),
      '}',
    ].join('\n'),
  'max-params': (size) =>
    `export function wide(${repeat(size, (index) => `a${index}: number`).join(', ')}): readonly number[] {
  return [${repeat(size, (index) => `a${index}`).join(', ')}];
}`,
  complexity: (size) =>
    `export function branch(n: number): boolean {
  return ${['n === 0', ...repeat(size - 1, (index) => `n === ${index + 1}`)].join(' || ')};
}`,
  'max-depth': (size) =>
    `export function deep(n: number, log: (n: number) => void): void {
${repeat(size, (index) => `if (n > ${index}) {`).join('\n')}
log(n);
${'}'.repeat(size)}
}`,
};

/** Each property and global that is out of bounds: in what decides, and in the platform folder, which may use it. */
export function deriveRestrictions(decisions: readonly Decision[]): readonly Fixture[] {
  return decisions.flatMap(({ files, rule, options }) =>
    options.flatMap(({ object, property, name, message }) => {
      const used = name ?? (object === undefined || property === undefined ? undefined : `${object}.${property}`);
      if (used === undefined) return [];
      const text = `export const used = { value: ${used} };`;
      const file = `uses-${used.replace('.', '-')}`;
      return [
        { path: pathWithin(files, file), text, expected: [{ code: codeOf(rule), words: message }] },
        { path: `packages/kube/src/platform/${file}.ts`, text, expected: [] },
      ];
    }),
  );
}

export interface Package {
  readonly folder: string;
  /** As others import it. */
  readonly name: string;
}

/** Every way from a package into another, by its name and around it by a path; `mayOpen` is by folder. */
export function deriveDoors(
  packages: readonly Package[],
  mayOpen: Readonly<Record<string, readonly string[]>>,
): readonly Fixture[] {
  return packages.flatMap((from) =>
    packages
      .filter((to) => to !== from)
      .flatMap((to) => {
        const isOpen = mayOpen[from.folder]?.includes(to.folder) ?? false;
        const byName = importing(from, { file: `opens-${to.folder}`, module: `${to.name}/something` });
        const byPath = importing(from, {
          file: `opens-${to.folder}-by-path`,
          module: `../../${to.folder}/src/something.ts`,
        });
        return isOpen ? [{ ...byName, expected: [] }] : [byName, byPath];
      }),
  );
}

/** What no package imports in production, wherever it stands. */
export function deriveBans(packages: readonly Package[]): readonly Fixture[] {
  return packages.flatMap((from) => [
    importing(from, { file: 'uses-test-support', module: '../../kube/testing/fake-clock.ts' }),
    importing(from, { file: 'uses-own-test-support', module: '../testing/fake.ts' }),
    {
      path: `packages/${from.folder}/src/loads-all-of-http.ts`,
      text: "import { createServer } from 'node:http';\n\nexport const server = createServer();",
      expected: [restrictedImport],
    },
    {
      path: `packages/${from.folder}/src/names-types-of-http.ts`,
      text: "import type { IncomingMessage } from 'node:http';\n\nexport type Incoming = IncomingMessage;",
      expected: [],
    },
  ]);
}

const restrictedImport: Expectation = { code: codeOf('no-restricted-imports') };

function importing(from: Package, { file, module }: { readonly file: string; readonly module: string }): Fixture {
  const text = `import type { Something } from '${module}';\n\nexport type Ours = Something;`;
  return { path: `packages/${from.folder}/src/${file}.ts`, text, expected: [restrictedImport] };
}

/** A file that the first of the globs matches. */
function pathWithin([glob = '**']: readonly string[], name: string): string {
  const suffix = glob.endsWith('.test.ts') ? '.test.ts' : '.ts';
  const folder = glob.replace(/\*[^/]*$/, '').replace(/^\*\*\//, 'packages/kube/src/');
  return `${folder}${name}${suffix}`;
}

function repeat(times: number, write: (index: number) => string): readonly string[] {
  return Array.from({ length: times }, (_, index) => write(index));
}
