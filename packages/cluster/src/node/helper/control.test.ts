import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveControl, type Control } from './control.ts';

let folder: string;
let control: Control;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-control-'));
  const status = (): never => {
    throw new Error('nobody asks in these tests');
  };
  control = await serveControl({ socketPath: join(folder, 'control.sock'), status, stop: () => {} });
});

afterEach(async () => {
  await control.close();
  await rm(folder, { recursive: true });
});

function statusOf(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath: join(folder, 'control.sock'), path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the control of a helper', () => {
  it.each([
    { path: '//', status: 400 },
    { path: '/other', status: 404 },
  ])('answers $path with $status and lives on', async ({ path, status }) => {
    expect(await statusOf(path)).toBe(status);
    expect(await statusOf(path)).toBe(status);
  });
});
