import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createOrderCluster, type OrderCluster } from '../../testing/order-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';

// Minutes of virtual time of several Applications, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let cluster: OrderCluster;

const names = ['db', 'api', 'web'] as const;
const standing = ['Stable 1', 'Stable 1', 'Stable 1'];
const guarded = ['Guarding 2', 'Guarding 2', 'Guarding 2'];

beforeEach(async () => {
  cluster = await createOrderCluster();
  await deployAll('a');
  await cluster.group(names, 'abortTogether');
  await cluster.advance(60_000);
});
afterEach(() => cluster.stop());

async function deployAll(image: string, more: Partial<ApplicationSpec> = {}): Promise<void> {
  for (const name of names) await cluster.deploy(name, image, more);
}

async function states(): Promise<readonly string[]> {
  return Promise.all(names.map((name) => cluster.state(name)));
}

async function attempts(name: string): Promise<readonly (string | undefined)[]> {
  const { status } = await cluster.release(name, '2');
  return status?.attempts?.map(({ cause, outcome }) => `${cause}: ${outcome ?? 'under way'}`) ?? [];
}

async function answers(name: string): Promise<readonly string[]> {
  const { status } = await cluster.release(name, '2');
  return status?.commands?.map(({ verb, outcome, message }) => `${verb} ${outcome}: ${message}`) ?? [];
}

test.each(names)('what went back together is tried once more together, whichever member is named: %s', async (name) => {
  await deployAll('b');
  await cluster.advance(10_000);
  expect(await states()).toEqual(guarded);
  await cluster.command('abort', 'api');
  await cluster.advance(20_000);
  expect(await states()).toEqual(standing);
  const moved = cluster.moves.length;
  await cluster.command('retry', name);
  await cluster.advance(15_000);
  expect(await states()).toEqual(guarded);
  expect(cluster.moves.slice(moved)).toEqual(['db 2', 'api 2', 'web 2']);
  for (const each of names) expect(await cluster.conditionOf(each, 'Synced')).toMatch(/^True /);
  await cluster.advance(60_000);
  expect(await states()).toEqual(['Stable 2', 'Stable 2', 'Stable 2']);
  for (const each of names)
    expect(await attempts(each)).toEqual([
      'deploy: RolledBack',
      `${each === name ? 'retry' : `retry of member ${name}`}: Succeeded`,
    ]);
  expect(await answers(name)).toContainEqual(
    `retry accepted: version 2 is tried again, and with it ${names.filter((each) => each !== name).join(' and ')} (ReleaseGroup shop)`,
  );
});

test('what fails again takes the others back again, and nobody tries for ever', async () => {
  await cluster.deploy('db', 'b');
  await cluster.deploy('api', 'broken');
  await cluster.deploy('web', 'b');
  await cluster.advance(60_000);
  expect(await states()).toEqual(standing);
  await cluster.command('retry', 'api');
  await cluster.advance(120_000);
  expect(await states()).toEqual(standing);
  expect(await attempts('db')).toEqual(['deploy: RolledBack', 'retry of member api: RolledBack']);
  expect(await attempts('api')).toEqual(['deploy: RolledBack', 'retry: RolledBack']);
});

test('a retry leaves alone what has other content by now, and what went back by itself earlier', async () => {
  await cluster.deploy('web', 'broken');
  await cluster.advance(60_000);
  await cluster.deploy('db', 'b');
  await cluster.deploy('api', 'b');
  await cluster.advance(5_000);
  await cluster.command('abort', 'db');
  await cluster.advance(20_000);
  await cluster.deploy('api', 'c');
  await cluster.advance(60_000);
  expect(await states()).toEqual(['Stable 1', 'Progressing 1', 'Stable 1']);
  await cluster.command('retry', 'db');
  await cluster.advance(60_000);
  expect(await states()).toEqual(['Stable 2', 'Stable 3', 'Stable 1']);
  expect(await attempts('web')).toEqual(['deploy: RolledBack']);
  expect(await attempts('api')).toEqual(['deploy: RolledBack']);
});

test('the undo of an abort takes all forward again, those that had gone back already too', async () => {
  await deployAll('b', { guardSeconds: 120, keepFailedSeconds: 10 });
  await cluster.deploy('web', 'b', { guardSeconds: 120, keepFailedSeconds: 0 });
  await cluster.advance(10_000);
  expect(await states()).toEqual(guarded);
  await cluster.command('abort', 'db');
  await cluster.advance(5_000);
  expect(await states()).toEqual(['RollingBack 1', 'RollingBack 1', 'Stable 1']);
  await cluster.command('undo', 'db');
  await cluster.advance(20_000);
  expect(await states()).toEqual(guarded);
  expect(await answers('db')).toEqual([
    'abort undone: version 2 goes back, and with it api and web (ReleaseGroup shop)',
    'undo accepted: takes back abort of version 2 by a person: version 2 goes on, and with it api and web (ReleaseGroup shop)',
  ]);
  for (const name of names) {
    const { status } = await cluster.application(name);
    expect(status?.refused?.every(({ lifted }) => lifted === true) ?? true).toBe(name !== 'web');
  }
  await cluster.advance(150_000);
  expect(await states()).toEqual(['Stable 2', 'Stable 2', 'Stable 2']);
});

test('the undo of an abort leaves back what another member has failed with meanwhile', async () => {
  await cluster.deploy('db', 'b', { keepFailedSeconds: 60 });
  await cluster.deploy('api', 'b', { keepFailedSeconds: 60 });
  await cluster.deploy('web', 'broken', { keepFailedSeconds: 60 });
  await cluster.advance(1_000);
  await cluster.command('abort', 'db');
  await cluster.command('undo', 'db');
  await cluster.advance(30_000);
  expect(await states()).toEqual(['RollingBack 1', 'RollingBack 1', 'RollingBack 1']);
});

test('the undo of a retry takes back all that were tried with it', async () => {
  await deployAll('b');
  await cluster.advance(10_000);
  await cluster.command('abort', 'db');
  await cluster.advance(20_000);
  await cluster.deploy('web', 'b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
  await cluster.advance(1_000);
  await cluster.command('abort', 'web');
  await cluster.advance(20_000);
  expect(await states()).toEqual(standing);
  await cluster.command('retry', 'web');
  await cluster.advance(1_000);
  await cluster.command('undo', 'web');
  await cluster.advance(60_000);
  expect(await states()).toEqual(standing);
});

test('a member that was drawn along says where its way back can be undone', async () => {
  await deployAll('b', { keepFailedSeconds: 60 });
  await cluster.advance(10_000);
  await cluster.command('abort', 'db');
  await cluster.advance(5_000);
  await cluster.command('undo', 'web');
  await cluster.advance(1_000);
  expect(await answers('web')).toEqual([
    'undo refused: there is no command that could be undone: member db of ReleaseGroup shop goes back: aborted by a person; undo it there',
  ]);
});

test('the undo of an abort takes nobody forward whom a member has taken back since', async () => {
  await deployAll('b', { guardSeconds: 120, keepFailedSeconds: 0 });
  await cluster.advance(10_000);
  await cluster.command('abort', 'db');
  await cluster.advance(5_000);
  await cluster.command('undo', 'db');
  await cluster.advance(20_000);
  await cluster.command('abort', 'web');
  await cluster.advance(60_000);
  expect(await states()).toEqual(standing);
});
