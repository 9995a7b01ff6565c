/**
 * Manifests of others are read in a process of their own: a text that is made for it keeps a parser of YAML for minutes, or
 * ends its process by depth, and neither is to happen to the server.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from '../webhooks/git/fetch-directory.ts';
import type { Parsed } from '../webhooks/manifests/parse-manifests.ts';

/** Of real time. */
const maximumMilliseconds = 60_000;
const maximumMegabytes = 256;
const maximumAnswerBytes = 32 * 1024 * 1024;

/** What is in the files, or what is wrong with them. Rejects when the signal aborts. */
export async function parseApart(files: readonly SourceFile[], given: AbortSignal): Promise<Parsed> {
  const signal = AbortSignal.any([given, AbortSignal.timeout(maximumMilliseconds)]);
  signal.throwIfAborted();
  const main = new URL(`../webhooks/manifests/parse-process${extname(import.meta.url)}`, import.meta.url);
  const words = [`--max-old-space-size=${maximumMegabytes}`, fileURLToPath(main)];
  const child = spawn(process.execPath, words, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const said: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size > maximumAnswerBytes) kill();
    else said.push(bytes);
  });
  // It may have ended before it has read all of it: its exit code says so.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(files.map(({ name, content }) => ({ name, content: content.toString('base64') }))));
  try {
    const [exitCode] = await ended;
    given.throwIfAborted();
    if (exitCode === 0) return JSON.parse(Buffer.concat(said).toString('utf8')) as Parsed;
    const names = files
      .map(({ name }) => name)
      .join(', ')
      .slice(0, 500);
    const bounds = `${maximumMilliseconds / 1_000} s and ${maximumMegabytes} MB`;
    return {
      manifests: [],
      faults: [`what is in ${names} cannot be read within ${bounds}: is it nested without end?`],
    };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
