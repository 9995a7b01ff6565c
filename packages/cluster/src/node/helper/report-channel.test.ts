import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const module = fileURLToPath(new URL('report-channel.ts', import.meta.url));

let child: ChildProcess | undefined;

afterEach(() => {
  child?.kill('SIGKILL');
});

/** A process with a channel on descriptor 3 that ends with 7 when it is abandoned, and lives on otherwise. */
function startHelper(script: string): { readonly helper: ChildProcess; readonly server: Duplex } {
  const source = `
    const { ReportChannel } = await import(${JSON.stringify(module)});
    const channel = new ReportChannel(3, () => process.exit(7));
    ${script}
    console.log('started');
    setInterval(() => {}, 1_000);`;
  const helper = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  child = helper;
  const server = helper.stdio[3];
  if (!(server instanceof Duplex)) throw new Error('descriptor 3 is no socket');
  return { helper, server };
}

describe('ReportChannel', () => {
  it('says when the server ends before the helper is ready', async () => {
    const { helper, server } = startHelper('');
    server.destroy();
    expect(await once(helper, 'exit')).toEqual([7, null]);
  });

  it('is of no interest any more once the helper has reported', async () => {
    const { helper, server } = startHelper(`channel.send({ kind: 'failed', message: 'no' });`);
    expect(await text(server)).toBe('{"kind":"failed","message":"no"}\n');
    server.destroy();
    helper.kill('SIGTERM');
    expect(await once(helper, 'exit')).toEqual([null, 'SIGTERM']);
  });
});
