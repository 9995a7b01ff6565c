import { open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { reachServer, type ServerWords } from '../deployment-server/reach-server.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { note } from '../output/output.ts';

export interface ServerExportOptions extends GlobalOptions, ServerWords {}

/** All that a deployment server remembers, whole or not at all where it goes to a file. */
export async function serverExport(file: string | undefined, options: ServerExportOptions): Promise<void> {
  const server = await reachServer(options, { environment: process.env, clock: systemClock, name: 'server export' });
  const { body } = await server.ask('GET', '/api/v1/export');
  if (body === null) throw new CommandFailure('The deployment server has sent nothing.');
  if (file === undefined) {
    await copyLines(body, (chunk) => writeTo(process.stdout, chunk));
    return;
  }
  const unfinished = `${file}.unfinished`;
  try {
    const handle = await open(unfinished, 'w', 0o600);
    let lines: number;
    try {
      lines = await copyLines(body, async (chunk) => {
        await handle.write(chunk);
      });
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    note(`Wrote ${lines} lines to ${file}.`);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Resolves with how many lines there were; rejects where the last one does not say that it is the last. */
async function copyLines(
  chunks: AsyncIterable<Uint8Array>,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<number> {
  let [lines, rest, last] = [0, '', ''];
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    await write(chunk);
    const whole = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = whole.pop() ?? '';
    lines += whole.length;
    last = whole.at(-1) ?? last;
  }
  if (/"type":"end"/.test(last)) return lines;
  throw new CommandFailure('The export was broken off before its end: try again.');
}

function writeTo(stream: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
