import { findCondition } from '@slipway/kube/conditions';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOrderCluster, type OrderCluster } from '../../testing/order-cluster.ts';
import { applications, type ApplicationSpec } from '../api/application.ts';

// Minutes of virtual time of several Applications, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let cluster: OrderCluster;

beforeEach(async () => {
  cluster = await createOrderCluster();
});
afterEach(() => cluster.stop());

const names = ['db', 'api', 'web'] as const;

async function deployAll(image: string, more: Partial<ApplicationSpec> = {}): Promise<void> {
  for (const name of names) await cluster.deploy(name, image, more);
}

/** What the condition `Valid` of an Application says. */
async function validity(name: string): Promise<string | undefined> {
  const { status } = await cluster.client.get(applications, { namespace: 'default', name });
  return findCondition(status?.conditions, 'Valid')?.message;
}

async function states(): Promise<readonly string[]> {
  return Promise.all(names.map((name) => cluster.state(name)));
}

async function serveOne(abortTogether?: 'abortTogether'): Promise<void> {
  await deployAll('a');
  await cluster.group(names, abortTogether);
  await cluster.advance(60_000);
  expect(await states()).toEqual(['Stable 1', 'Stable 1', 'Stable 1']);
}

describe('a ReleaseGroup', () => {
  test('moves the traffic of each member when those before it have all of theirs', async () => {
    await serveOne();
    await cluster.deploy('web', 'b');
    await cluster.deploy('db', 'b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
    await cluster.deploy('api', 'b');
    await cluster.advance(120_000);
    expect(await states()).toEqual(['Paused 1', 'Progressing 1', 'Progressing 1']);
    expect(await cluster.waitingFor('web')).toBe(
      'Application db, whose version 2 is Paused (ReleaseGroup shop); Application api, whose version 2 is Progressing (ReleaseGroup shop)',
    );
    expect(await cluster.groupStatus()).toMatchObject({
      phase: 'Progressing',
      released: '0/3',
      waitingFor: 'Application db, whose version 2 is Paused: a person to promote it',
      members: [
        { name: 'db', phase: 'Paused', version: '2', waitingFor: 'a person to promote it' },
        { name: 'api', phase: 'Progressing', version: '2' },
        { name: 'web', phase: 'Progressing', version: '2' },
      ],
    });
    await cluster.command('promote', 'db');
    await cluster.advance(10_000);
    expect(await states()).toEqual(['Guarding 2', 'Guarding 2', 'Guarding 2']);
    expect(cluster.moves.slice(3)).toEqual(['db 2', 'api 2', 'web 2']);
    await cluster.advance(60_000);
    const { phase, released, conditions } = (await cluster.groupStatus()) ?? {};
    expect({ phase, released }).toEqual({ phase: 'Stable', released: '3/3' });
    expect(findCondition(conditions, 'Promoted')?.status).toBe('True');
  });

  test('leaves the others where they are when one goes back, and says so', async () => {
    await serveOne();
    await cluster.deploy('db', 'b');
    await cluster.deploy('api', 'broken');
    await cluster.deploy('web', 'b');
    await cluster.advance(120_000);
    expect(await states()).toEqual(['Stable 2', 'Stable 1', 'Progressing 1']);
    const { phase, waitingFor, conditions } = (await cluster.groupStatus()) ?? {};
    expect({ phase, waitingFor }).toEqual({
      phase: 'Progressing',
      waitingFor: expect.stringMatching(/^Application api, which is not released: version 2 was refused at /),
    });
    expect(findCondition(conditions, 'Failed')?.message).toBe('Application api went back');
  });

  test('names a member that does not exist, and does not wait for one that was taken out', async () => {
    await serveOne();
    await cluster.deploy('web', 'b');
    await cluster.group(['db', 'gone', 'web']);
    await cluster.advance(20_000);
    expect(await states()).toEqual(['Stable 1', 'Stable 1', 'Progressing 1']);
    expect((await cluster.groupStatus())?.waitingFor).toBe('Application gone, which does not exist');
    await cluster.group(['db', 'web']);
    await cluster.advance(10_000);
    expect(await cluster.state('web')).toBe('Guarding 2');
  });

  test('that a dependency contradicts is invalid with its members, within a second', async () => {
    await serveOne();
    await cluster.deploy('db', 'a', { dependsOn: ['web'] });
    await cluster.advance(1_000);
    const { phase, conditions } = (await cluster.groupStatus()) ?? {};
    expect(phase).toBe('Invalid');
    expect(findCondition(conditions, 'Valid')?.message).toContain('db -> web -> api -> db is a cycle');
    for (const name of names) expect(await cluster.conditionOf(name, 'Valid')).toBe('False Invalid');
    expect(await validity('db')).toMatch(/^spec\.dependsOn: db -> web -> /);
    // What is to be changed is the list of the group, and nothing of its own.
    expect(await validity('api')).toMatch(/^ReleaseGroup \S+: api -> db -> /);
    await cluster.deploy('db', 'a');
    await cluster.advance(2_000);
    expect((await cluster.groupStatus())?.phase).toBe('Stable');
    for (const name of names) expect(await cluster.conditionOf(name, 'Valid')).toBe('True Valid');
  });

  test.each([
    ['a member twice', ['db', 'db'], /spec\.members: duplicate entries for key/],
    ['no member', [], /should have at least 1 items/],
  ])('with %s is refused', async (_, members, message) => {
    const refused: unknown = await cluster.group(members).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StatusError);
    expect(String(refused)).toMatch(message);
  });
});

describe('a ReleaseGroup that goes back together', () => {
  test('takes all back where the second fails its health', async () => {
    await serveOne('abortTogether');
    await cluster.deploy('db', 'b');
    await cluster.deploy('api', 'broken');
    await cluster.deploy('web', 'b');
    await cluster.advance(60_000);
    expect(await states()).toEqual(['Stable 1', 'Stable 1', 'Stable 1']);
    expect((await cluster.release('api', '2')).status?.ending?.by).toBe('health');
    for (const name of ['db', 'web'])
      expect((await cluster.release(name, '2')).status).toMatchObject({
        phase: 'RolledBack',
        ending: { by: 'group', reason: expect.stringMatching(/^member api of ReleaseGroup shop goes back: /) },
      });
    expect(cluster.moves.slice(3)).toEqual(['db 2', 'db 1']);
    // And stays there: what was refused is not tried again.
    await cluster.advance(60_000);
    expect(await states()).toEqual(['Stable 1', 'Stable 1', 'Stable 1']);
  });

  test('gives the traffic of the last back first where a person aborts one', async () => {
    await serveOne('abortTogether');
    await deployAll('b', { keepFailedSeconds: 5 });
    await cluster.advance(10_000);
    expect(await states()).toEqual(['Guarding 2', 'Guarding 2', 'Guarding 2']);
    await cluster.command('abort', 'db');
    await cluster.advance(20_000);
    expect(await states()).toEqual(['Stable 1', 'Stable 1', 'Stable 1']);
    expect(cluster.moves.slice(6)).toEqual(['web 1', 'api 1', 'db 1']);
    expect((await cluster.groupStatus())?.phase).toBe('Stopped');
  });

  test('keeps every guard open until none can fail any more', async () => {
    await serveOne('abortTogether');
    await cluster.deploy('db', 'b', { guardSeconds: 1 });
    await cluster.deploy('api', 'b', { guardSeconds: 1 });
    await cluster.deploy('web', 'b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
    await cluster.advance(60_000);
    expect(await states()).toEqual(['Guarding 2', 'Guarding 2', 'Paused 1']);
    expect(await cluster.waitingFor('db')).toBe('Application web, whose version 2 is Paused (ReleaseGroup shop)');
    await cluster.command('abort', 'web');
    await cluster.advance(20_000);
    expect(await states()).toEqual(['Stable 1', 'Stable 1', 'Stable 1']);
  });

  test('ends all guards when the last is over', async () => {
    await serveOne('abortTogether');
    await deployAll('b');
    await cluster.advance(60_000);
    expect(await states()).toEqual(['Stable 2', 'Stable 2', 'Stable 2']);
  });

  test('lets a newer version of a member end its guard', async () => {
    await serveOne('abortTogether');
    await cluster.deploy('db', 'b');
    await cluster.deploy('web', 'b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
    await cluster.advance(40_000);
    expect(await cluster.state('db')).toBe('Guarding 2');
    await cluster.deploy('db', 'c');
    await cluster.advance(10_000);
    expect(await cluster.state('db')).toBe('Guarding 3');
  });

  test('does not take along what begins after it went back', async () => {
    await serveOne('abortTogether');
    await cluster.deploy('web', 'broken');
    await cluster.advance(20_000);
    await cluster.deploy('db', 'b');
    await cluster.advance(60_000);
    expect(await states()).toEqual(['Stable 2', 'Stable 1', 'Stable 1']);
  });

  test('lets a member go that is taken out in the middle', async () => {
    await serveOne('abortTogether');
    await cluster.deploy('db', 'b');
    await cluster.deploy('api', 'b');
    await cluster.deploy('web', 'b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
    await cluster.advance(10_000);
    await cluster.group(['api', 'web'], 'abortTogether');
    await cluster.advance(30_000);
    expect(await states()).toEqual(['Stable 2', 'Guarding 2', 'Paused 1']);
    await cluster.command('abort', 'web');
    await cluster.advance(20_000);
    expect(await states()).toEqual(['Stable 2', 'Stable 1', 'Stable 1']);
  });

  test('goes on where a member is deleted in the middle', async () => {
    await serveOne('abortTogether');
    await cluster.deploy('api', 'b', { strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } } });
    await cluster.deploy('db', 'b');
    await cluster.deploy('web', 'b');
    await cluster.advance(10_000);
    expect(await states()).toEqual(['Guarding 2', 'Paused 1', 'Progressing 1']);
    await cluster.remove('api');
    await cluster.advance(60_000);
    expect([await cluster.state('db'), await cluster.state('web')]).toEqual(['Guarding 2', 'Progressing 1']);
    expect(await cluster.waitingFor('web')).toBe('Application api, which does not exist (ReleaseGroup shop)');
    await cluster.group(['db', 'web'], 'abortTogether');
    await cluster.advance(60_000);
    expect([await cluster.state('db'), await cluster.state('web')]).toEqual(['Stable 2', 'Stable 2']);
  });
});

/** So that in some life each of its writes is the last one. */
test.each([0, 5, 11, 17])(
  'all of a ReleaseGroup goes back in reverse order by controllers that are killed over and over (%i)',
  async (seed) => {
    const mortal = await createOrderCluster({ actionsOfLife: (life) => 1 + ((life * 7 + seed) % 23) });
    const times = { guardSeconds: 90, progressDeadlineSeconds: 600 };
    try {
      for (const name of names) await mortal.deploy(name, 'a', times);
      await mortal.group(names, 'abortTogether');
      await mortal.advance(20_000);
      for (const name of names) expect(await mortal.state(name)).toBe('Stable 1');
      for (const name of names) await mortal.deploy(name, 'b', times);
      await mortal.advance(30_000);
      await mortal.command('abort', 'api');
      await mortal.advance(30_000);
      for (const name of names) expect(await mortal.state(name)).toBe('Stable 1');
      expect(mortal.moves.slice(3)).toEqual(['db 2', 'api 2', 'web 2', 'web 1', 'api 1', 'db 1']);
    } finally {
      await mortal.stop();
    }
  },
);
