/** The Makefile of the example, as a person in a checkout uses it, whatever Node the machine has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute, missing, type Outcome } from './support/execute.ts';
import { removeFolder, self } from './support/person.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const reason = await missing('make');

describe.skipIf(reason !== undefined)(
  `the Makefile of the example${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let folder: string;
    let example: string;
    let environment: Readonly<Record<string, string>>;

    beforeAll(async () => {
      folder = await self.createFolder();
      example = join(folder, 'checkout/examples/statics');
      await mkdir(example, { recursive: true });
      await cp(join(root, 'examples/statics'), example, {
        recursive: true,
        filter: (path) => !path.startsWith(join(root, 'examples/statics/dist')),
      });
      await symlink(join(root, 'node_modules'), join(folder, 'checkout/node_modules'));
      // Without the Node of the checkout, which tests are started with.
      const path = (process.env['PATH'] ?? '').split(':').filter((each) => !each.includes('node_modules'));
      environment = { PATH: path.join(':'), XDG_DATA_HOME: join(folder, 'data') };
    });

    afterAll(() => removeFolder(folder));

    const make = (...words: readonly string[]): Promise<Outcome> =>
      execute('make', ['--directory', example, ...words], environment);

    it('builds what runs, without a warning, and cleans it up', async () => {
      expect(await make('build', 'VERSION=v7')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('built statics v7'),
        stderr: '',
      });
      expect(await readdir(join(example, 'dist'))).toContain('main.js');
      expect(await make('clean')).toMatchObject({ exitCode: 0 });
      expect(await readdir(example)).not.toContain('dist');
    });

    it('runs what it built until Ctrl-C', async () => {
      const words = ['--directory', example, 'run', 'PORT=0', 'VERSION=v8', 'HEALTHY=false'];
      const options = { env: { ...process.env, ...environment }, detached: true };
      const running = spawn('make', words, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = once(running, 'exit');
      // To all of its group, as a terminal sends it.
      const interrupt = (): boolean => process.kill(-(running.pid ?? 0), 'SIGINT');
      const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
      try {
        const port = /:(\d+)$/.exec(await lineWith(lines, 'statics v8 serves'))?.[1];
        const url = `http://127.0.0.1:${port}`;
        expect(await (await fetch(`${url}/version`)).text()).toBe('v8');
        expect((await fetch(`${url}/readyz`)).status).toBe(200);
        expect(await (await fetch(`${url}/health`)).json()).toEqual({ healthy: false });
      } finally {
        interrupt();
      }
      await lineWith(lines, 'statics stops');
      await ended;
    });

    it('makes an image with the command of the checkout, and says what is wrong with its name', async () => {
      expect(await make('image', 'VERSION=v9')).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining('statics:v9'),
      });
      const refused = await make('image', 'VERSION=no:tag');
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain('statics:no:tag');
    });
  },
);

async function lineWith(lines: AsyncIterator<string>, words: string): Promise<string> {
  for (let next = await lines.next(); next.done !== true; next = await lines.next())
    if (next.value.includes(words)) return next.value;
  throw new Error(`it ended without saying "${words}"`);
}
