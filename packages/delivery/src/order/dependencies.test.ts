import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createOrderCluster, type OrderCluster } from '../../testing/order-cluster.ts';
import type { ApplicationSpec, Strategy } from '../api/application.ts';
import { strategies } from '../strategies/strategies.ts';

// Minutes of virtual time of several Applications, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

let cluster: OrderCluster;

beforeEach(async () => {
  cluster = await createOrderCluster();
});
afterEach(() => cluster.stop());

const afterDatabase: Partial<ApplicationSpec> = { dependsOn: ['db'] };

async function releaseBoth(more: Partial<ApplicationSpec> = afterDatabase): Promise<void> {
  await cluster.deploy('db', 'a');
  await cluster.deploy('web', 'a', more);
  await cluster.advance(60_000);
  expect([await cluster.state('db'), await cluster.state('web')]).toEqual(['Stable 1', 'Stable 1']);
}

describe('an Application that depends on another', () => {
  test('moves its traffic when that one has all of its own, and not before', async () => {
    await releaseBoth();
    const waiting = { type: 'blueGreen', blueGreen: { autoPromote: false } };
    await cluster.deploy('web', 'b', afterDatabase);
    await cluster.deploy('db', 'b', { strategy: waiting });
    // Longer than its deadline for progress.
    await cluster.advance(120_000);
    expect([await cluster.state('db'), await cluster.state('web')]).toEqual(['Paused 1', 'Progressing 1']);
    expect(await cluster.waitingFor('web')).toBe('Application db, whose version 2 is Paused (spec.dependsOn)');
    expect(await cluster.conditionOf('web', 'DependenciesReady')).toBe('False Releasing');
    await cluster.command('promote', 'db');
    await cluster.advance(5_000);
    expect([await cluster.state('db'), await cluster.state('web')]).toEqual(['Guarding 2', 'Guarding 2']);
    expect(await cluster.conditionOf('web', 'DependenciesReady')).toBe('True Ready');
  });

  test('goes on at once where that one serves what its spec asks for', async () => {
    await releaseBoth();
    await cluster.deploy('web', 'b', afterDatabase);
    await cluster.advance(5_000);
    expect(await cluster.state('web')).toBe('Guarding 2');
  });

  test('says that there is no such Application, and goes on when there is one', async () => {
    await cluster.deploy('web', 'a', afterDatabase);
    await cluster.advance(5_000);
    expect(await cluster.waitingFor('web')).toBe('Application db, which does not exist (spec.dependsOn)');
    expect(await cluster.conditionOf('web', 'DependenciesReady')).toBe('False Missing');
    await cluster.deploy('db', 'a');
    await cluster.advance(10_000);
    expect(await cluster.state('web')).toBe('Stable 1');
  });

  test('says why that one is not released, and goes on when a person promotes it', async () => {
    await releaseBoth();
    await cluster.deploy('db', 'broken');
    await cluster.deploy('web', 'b', afterDatabase);
    await cluster.advance(60_000);
    expect(await cluster.waitingFor('web')).toMatch(
      /^Application db, which is not released: version 2 was refused at /,
    );
    expect(await cluster.conditionOf('web', 'DependenciesReady')).toBe('False Stopped');
    await cluster.command('promote', 'web');
    await cluster.advance(5_000);
    expect(await cluster.state('web')).toBe('Guarding 2');
  });

  test('says that that one is paused before it is released', async () => {
    await releaseBoth();
    await cluster.deploy('db', 'b', { paused: true });
    await cluster.deploy('web', 'b', afterDatabase);
    await cluster.advance(60_000);
    expect(await cluster.waitingFor('web')).toBe(
      'Application db, which is not released while its spec.paused is true (spec.dependsOn)',
    );
  });

  test('does not wait any more when the dependency is taken out', async () => {
    await releaseBoth();
    await cluster.deploy('db', 'broken');
    await cluster.deploy('web', 'b', afterDatabase);
    await cluster.advance(20_000);
    expect(await cluster.state('web')).toBe('Progressing 1');
    await cluster.deploy('web', 'b');
    await cluster.advance(5_000);
    expect(await cluster.state('web')).toBe('Guarding 2');
    // The same release: the order is in force at once and no part of a version.
    expect((await cluster.release('web', '2')).status?.attempts).toHaveLength(1);
  });

  const parameters: Readonly<Record<string, Partial<Strategy>>> = {
    canary: { canary: { steps: [{ setWeight: 20 }, { setWeight: 60 }] } },
  };

  test.each(Object.keys(strategies))('waits with no traffic at the new version under %s', async (type) => {
    const strategy: Strategy = { type, ...parameters[type] };
    await releaseBoth({ ...afterDatabase, strategy });
    await cluster.deploy('db', 'broken');
    await cluster.deploy('web', 'b', { ...afterDatabase, strategy });
    await cluster.advance(120_000);
    expect(await cluster.state('web')).toBe('Progressing 1');
    expect(await cluster.waitingFor('web')).toMatch(/^Application db, which is not released: /);
    await cluster.deploy('db', 'c');
    await cluster.advance(20_000);
    expect(await cluster.state('web')).toBe('Guarding 2');
  });
});

describe('Applications that wait for each other', () => {
  test('are told so within a second, and not released until one does not any more', async () => {
    await cluster.deploy('web', 'a', { dependsOn: ['api'] });
    await cluster.deploy('api', 'a', { dependsOn: ['db'] });
    await cluster.deploy('db', 'a', { dependsOn: ['web'] });
    await cluster.advance(1_000);
    for (const [name, cycle] of [
      ['web', 'web -> api -> db -> web'],
      ['api', 'api -> db -> web -> api'],
      ['db', 'db -> web -> api -> db'],
    ] as const) {
      expect(await cluster.conditionOf(name, 'Valid')).toBe('False Invalid');
      const { conditions } = (await cluster.application(name)).status ?? {};
      expect(conditions?.find(({ type }) => type === 'Valid')?.message).toContain(
        `spec.dependsOn: ${cycle} is a cycle`,
      );
      expect(await cluster.conditionOf(name, 'DependenciesReady')).toBe('False Cycle');
    }
    await cluster.deploy('db', 'a');
    await cluster.advance(60_000);
    for (const name of ['db', 'api', 'web']) expect(await cluster.state(name)).toBe('Stable 1');
  });

  test('go on serving what they serve', async () => {
    await releaseBoth();
    await cluster.deploy('db', 'b', { dependsOn: ['web'] });
    await cluster.deploy('web', 'b', afterDatabase);
    await cluster.advance(60_000);
    expect([await cluster.state('db'), await cluster.state('web')]).toEqual(['Stable 1', 'Stable 1']);
  });
});

test.each<[string, Partial<ApplicationSpec>, RegExp]>([
  ['itself', { dependsOn: ['web'] }, /spec\.dependsOn names the Application itself/],
  ['the same one twice', { dependsOn: ['db', 'db'] }, /spec\.dependsOn: duplicate entries for key/],
])('an Application that depends on %s is refused', async (_, more, message) => {
  const refused: unknown = await cluster.deploy('web', 'a', more).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StatusError);
  expect(String(refused)).toMatch(message);
});
