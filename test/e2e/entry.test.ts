/** Which files the command runs: bundle or sources. */
import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execute, slipwayEntry } from './support/execute.ts';
import { removeFolder, self } from './support/person.ts';

const source = 'packages/cli/src/main.ts';
const inputs = 'dist/inputs.json';

let checkout: string;

async function write(path: string, text: string): Promise<void> {
  const file = join(checkout, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function run(): Promise<string> {
  const { stdout, stderr } = await execute(process.execPath, [join(checkout, 'packages/cli/bin/slipway.js')]);
  return stdout + stderr;
}

/** Two programs that say what they are, the one as if it were made of the other. */
beforeEach(async () => {
  checkout = await self.createFolder();
  await write('package.json', '{ "type": "module" }');
  await mkdir(join(checkout, 'packages/cli/bin'), { recursive: true });
  await cp(slipwayEntry, join(checkout, 'packages/cli/bin/slipway.js'));
  await write(source, "process.stdout.write('sources');");
  await write('dist/slipway/packages/cli/src/main.js', "process.stdout.write('bundle');");
  const { size, mtimeMs } = await stat(join(checkout, source));
  await write(inputs, JSON.stringify({ [source]: [size, mtimeMs] }));
});

afterEach(() => removeFolder(checkout));

describe('the command in a checkout', () => {
  it('is the bundle while that is of the sources', async () => {
    expect(await run()).toBe('bundle');
  });

  it('is its sources once one has been changed', async () => {
    await write(source, "process.stdout.write('changed');");
    expect(await run()).toBe('changed');
  });

  it('is its sources when the list names one that is gone', async () => {
    await write(inputs, JSON.stringify({ 'packages/cli/src/gone.ts': [1, 1] }));
    expect(await run()).toBe('sources');
  });

  it.each(['', '{ "half'])('is its sources when a build was interrupted at "%s"', async (written) => {
    await write(inputs, written);
    expect(await run()).toBe('sources');
  });

  it('is its sources when the bundle is gone', async () => {
    await rm(join(checkout, 'dist/slipway'), { recursive: true });
    expect(await run()).toBe('sources');
  });

  it('is its sources when nothing was built', async () => {
    await rm(join(checkout, 'dist'), { recursive: true });
    expect(await run()).toBe('sources');
  });
});
