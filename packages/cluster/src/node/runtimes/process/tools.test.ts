import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hasProgram } from './tools.ts';

const directory = mkdtempSync(join(tmpdir(), 'slipway-tools-'));
writeFileSync(join(directory, 'program'), '', { mode: 0o755 });
writeFileSync(join(directory, 'text'), '', { mode: 0o644 });
mkdirSync(join(directory, 'folder'));

afterAll(() => rmSync(directory, { recursive: true }));

it.each([
  { name: 'program', is: true },
  { name: `${directory}/program`, is: true },
  { name: 'node', is: true },
  { name: 'text', is: false },
  { name: 'folder', is: false },
  { name: directory, is: false },
  { name: './program', is: false },
  { name: '--port=80', is: false },
  { name: '', is: false },
])('a container on the files of this machine finds "$name": $is', ({ name, is }) => {
  expect(hasProgram(name, directory)).toBe(is);
});
