import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RuntimeApi, RuntimeApiError } from './runtime-api.ts';

let directory: string;
let path: string;
let server: Server;
let answer: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'slipway-runtime-api-'));
  path = join(directory, 'worker.sock');
  server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.resume();
    socket.on('end', () => socket.end(answer));
  });
  server.listen(path);
  await once(server, 'listening');
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

const replaceRules = { kind: 'replaceMap', map: 'rules', entries: new Map() } as const;
const letGo = { kind: 'setServerState', slot: 'p0', name: 'a', state: 'leaving' } as const;

const cases: readonly (readonly [what: string, answer: string, error: RegExp])[] = [
  ['no answer at all, because HAProxy has ended', '', /ended before it had answered "set server p0\/a/],
  ['a part of a line', 'No such ser', /ended before it had answered/],
  ['a refusal among good answers', '\nNo such server.\n\n', /refused "set server p0\/a.*No such server/],
];
test.each(cases)('takes %s for a failure', async (_, given, error) => {
  answer = given;
  const run = new RuntimeApi(path, (map) => map).run([letGo]);
  await expect(run).rejects.toThrow(RuntimeApiError);
  await expect(run).rejects.toThrow(error);
});

test('takes empty lines for success', async () => {
  answer = '\n\n';
  await new RuntimeApi(path, (map) => map).run([letGo]);
});

test('takes no version of a map but one that was given', async () => {
  answer = '\n';
  await expect(new RuntimeApi(path, (map) => map).run([replaceRules])).rejects.toThrow(/gave no version/);
});
