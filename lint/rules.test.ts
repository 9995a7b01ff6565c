import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = join(root, 'lint/fixtures');

interface Finding {
  readonly code: string;
  readonly filename: string;
}

/** Each fixture breaks one rule (or none) and says so in its first line: a rule that cannot fail would be found here. */
describe('lint rules', async () => {
  const files = (await readdir(fixtures, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();
  let workspace: string;
  let findings: readonly Finding[];

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'slipway-lint-'));
    await cp(fixtures, workspace, { recursive: true });
    await cp(join(root, '.oxlintrc.json'), join(workspace, '.oxlintrc.json'));
    await cp(join(root, 'tsconfig.json'), join(workspace, 'tsconfig.json'));
    await symlink(join(root, 'node_modules'), join(workspace, 'node_modules'));
    findings = await lint(workspace);
  }, 60_000);

  afterAll(() => rm(workspace, { recursive: true, force: true }));

  it.each(files)('%s', async (file) => {
    const expected = /^\/\/ expect: (.*)$/m.exec(await readFile(join(fixtures, file), 'utf8'))?.[1];
    const codes = findings
      .filter((finding) => relative(workspace, join(workspace, finding.filename)) === file)
      .map((finding) => finding.code);
    expect(new Set(codes)).toEqual(new Set(expected === 'nothing' ? [] : [expected]));
  });
});

async function lint(directory: string): Promise<readonly Finding[]> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const outcome = await run(oxlint, ['--type-aware', '--format', 'json', 'packages'], { cwd: directory }).catch(
    (error: { readonly stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  return JSON.parse(outcome.stdout).diagnostics;
}
