/** Runs the commands of the documentation as they stand there, each page as a person who starts with an empty home. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommands, findMissingLine } from './support/documentation.ts';
import { execute, missing } from './support/execute.ts';
import { removeFolder, self } from './support/person.ts';
import { takePort } from './support/take-port.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'docs');

const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
const pages = await Promise.all(
  ['README.md', ...names].map(async (name) => ({
    name,
    commands: findCommands(await readFile(join(root, name), 'utf8')),
  })),
);
const reasons = new Map(
  await Promise.all(
    [...new Set(pages.flatMap(({ commands }) => commands.flatMap(({ needs }) => needs)))].map(
      async (program) => [program, await missing(program)] as const,
    ),
  ),
);

async function findFreePort(): Promise<string> {
  const { port, server } = await takePort();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Compiled code, which is the same for all readers. */
let cache: string;

beforeAll(async () => {
  cache = await self.createFolder();
});
afterAll(() => removeFolder(cache));

/** npx takes half a second for each command that it finds: one page goes through it, the others straight to the command. */
const withNpx = 'README.md';
const withoutNpx = `PATH='${join(root, 'node_modules', '.bin')}':"$PATH"\nnpx() { "$@"; }\n`;

/** Its commands are the command line's own words, which a test of its own keeps true. */
const reference = 'docs/commands.md';

it.each(pages.filter(({ name }) => name !== reference))('$name has commands that are run', ({ commands }) => {
  expect(commands.length).toBeGreaterThan(0);
});

describe.each(pages.filter(({ commands }) => commands.length > 0))('$name', ({ name, commands }) => {
  let home: string;
  let gatewayPort: string;

  beforeAll(async () => {
    home = await self.createFolder();
    gatewayPort = await findFreePort();
  });

  afterAll(async () => {
    await runAsReader('npx slipway down --grace 0');
    await removeFolder(home);
  });

  /** Ports that may be in use here are replaced by free ones; all else is as it stands on the page. */
  function runAsReader(script: string) {
    const here = script
      .replaceAll(/npx slipway up (?!.*--api-port)/g, `npx slipway up --api-port 0 --gateway-port ${gatewayPort} `)
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${gatewayPort}`);
    // What a page leaves running beside its commands ends with them, also where one fails.
    const tidy = "trap 'kill ${!:-} 2>/dev/null || true' EXIT";
    const way = name === withNpx ? '' : withoutNpx;
    const words = ['-c', `${tidy}\ncd '${root}'\nset -eu\n${way}${here}`];
    return execute('sh', words, {
      HOME: home,
      KUBECONFIG: '',
      XDG_DATA_HOME: '',
      XDG_CACHE_HOME: cache,
      NO_COLOR: '1',
    });
  }

  for (const { line, script, exitCode, needs, output } of commands) {
    const reason = needs.map((program) => reasons.get(program)).find((why) => why !== undefined);
    it.skipIf(reason !== undefined)(`line ${line}${reason === undefined ? '' : ` (${reason})`}`, async () => {
      const outcome = await runAsReader(script);
      // A last line may lack its end.
      const said = `${outcome.stdout}\n${outcome.stderr}`;
      expect({ exitCode: outcome.exitCode, said }).toEqual({ exitCode, said });
      expect({ missing: findMissingLine(output, said), said }).toEqual({ missing: undefined, said });
    });
  }
});
