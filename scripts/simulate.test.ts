import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const program = fileURLToPath(new URL('simulate.ts', import.meta.url));
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-simulate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function simulate(...words: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

test('runs as many histories as are asked for', () => {
  const { status, said } = simulate('--histories', '3', '--seed', '1', '--strategy', 'rolling');
  expect(said).toContain('3 histories, and every promise was kept in each');
  expect(status).toBe(0);
});

test('runs a history again', () => {
  const file = join(folder, 'history.json');
  const happenings = Array.from({ length: 12 }, () => ({ type: 'round' }));
  writeFileSync(file, JSON.stringify({ strategy: { type: 'rolling' }, routed: true, replicas: 2, happenings }));
  expect(simulate('--replay', file)).toEqual({ status: 0, said: 'every promise was kept\n' });
});

test('prints what an engine with a fault breaks, as short as it can be, and runs that again', () => {
  const fault = ['--fault', 'splits by half'];
  const { status, said } = simulate(...fault, '--histories', '40', '--seed', '1', '--strategy', 'canary');
  expect(said).toMatch(/A history of canary breaks a promise: sum: the weights are /);
  expect(status).toBe(1);
  const file = join(folder, 'history.json');
  writeFileSync(file, said.slice(said.indexOf('{\n'), said.indexOf('\n}\n') + 2));
  const again = simulate('--replay', file, ...fault);
  expect(again.said).toMatch(/^a promise is broken: sum: the weights are /);
  expect(again.status).toBe(1);
  expect(simulate('--replay', file)).toEqual({ status: 0, said: 'every promise was kept\n' });
}, 120_000);

test('stops a scenario after every action, and after those of a part in turn', () => {
  const { status, said } = simulate(
    ...['--stopped', '--in-turn', '--part', '2/9', '--scenario', 'a retry that was undone can be given again'],
  );
  expect(said).toContain('actions in turn: --in-turn --part 2/9');
  expect(said).toMatch(/1 scenarios, played [4-9] times with controllers that are killed, 0 broken/);
  expect(status).toBe(0);
}, 120_000);

test.each([
  [
    ['--strategy', 'none'],
    'there is no strategy "none", there are blueGreen, canary, recreate, rolling, rainbow, inOrder, lagging\n',
  ],
  [['--histories', 'many'], '"many" is no whole number\n'],
  [['--stopped', '--in-turn', '--part', '13/12'], '"13/12" is no part, such as 3/12\n'],
  [['--stopped', '--part', '3/12'], '--part is of actions in turn: give --in-turn too\n'],
])('%o is refused', (words, said) => {
  expect(simulate(...words)).toEqual({ status: 2, said });
});
