import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startProcess } from './contained-process.ts';
import { OutputPipes, writersOf } from './output-pipes.ts';

let directory: string;
let pipes: OutputPipes;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slipway-pipes-'));
  pipes = new OutputPipes(join(directory, 'pipes'));
  await pipes.start();
});
afterEach(async () => {
  await pipes.stop();
  await rm(directory, { recursive: true });
});

/** What a line of shell writes. */
async function say(line: string): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const output = await pipes.take();
  const said = Promise.all([text(output.stdout.reader), text(output.stderr.reader)]);
  const launch = { file: '/bin/sh', parameters: ['-c', line], environment: {}, directory: '/', reports: false };
  startProcess(launch, writersOf(output));
  const [stdout, stderr] = await said;
  return { stdout, stderr };
}

it('can be opened again by the process that writes to them', async () => {
  expect(await say('echo one; echo two >/dev/stdout; echo three >/dev/stderr')).toEqual({
    stdout: 'one\ntwo\n',
    stderr: 'three\n',
  });
});

it('end with the last process that holds them', async () => {
  expect(await say('(read -r line </dev/null; echo late) & exit')).toMatchObject({ stdout: 'late\n' });
});

it('are there for more processes than names were made ahead, each its own', async () => {
  const numbers = Array.from({ length: 100 }, (_, index) => index);
  const said = await Promise.all(numbers.map((number) => say(`echo ${number}`)));
  expect(said.map(({ stdout }) => stdout)).toEqual(numbers.map((number) => `${number}\n`));
});

it('leave no name behind', async () => {
  await say('true');
  await pipes.stop();
  expect(await readdir(directory)).toEqual([]);
});
