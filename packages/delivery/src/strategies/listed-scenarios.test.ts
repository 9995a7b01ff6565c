/** The list of scenarios that others try too, held against the tests that it names. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = new URL('../../../../', import.meta.url);
const row = /^\| (?<scenario>.+) \| (?<title>.+) \| `(?<file>.+)` \|$/;

interface Listed {
  readonly scenario: string;
  readonly title: string;
  readonly file: string;
}

const page = await readFile(new URL('packages/delivery/SCENARIOS.md', root), 'utf8');
const listed = page.split('\n').flatMap((line): readonly Listed[] => {
  const { scenario, title, file } = row.exec(line)?.groups ?? {};
  return scenario === undefined || title === undefined || file === undefined ? [] : [{ scenario, title, file }];
});

test('each has a sentence of its own, and they are more than a hundred', () => {
  const sentences = new Set(listed.map(({ scenario }) => scenario));
  expect(sentences.size).toBe(listed.length);
  expect(sentences.size).toBeGreaterThan(100);
  const tables = page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| scenario'));
  expect(tables).toHaveLength(listed.length);
});

test('each names a test that there is', async () => {
  const files = new Map<string, string>();
  for (const { file } of listed)
    files.set(file, files.get(file) ?? (await readFile(fileURLToPath(new URL(file, root)), 'utf8')));
  const missing = listed.filter(({ title, file }) => !hasTitle(files.get(file) ?? '', title));
  expect(missing).toEqual([]);
});

/** As it stands in quotes: in a call of `test`, or in the row of a table. */
function hasTitle(source: string, title: string): boolean {
  const escaped = title.replaceAll("'", String.raw`\'`);
  return [`'${escaped}'`, `"${title}"`].some((literal) => source.includes(literal));
}
