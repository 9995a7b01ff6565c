import { describe, expect, test } from 'vitest';
import { createDeliveryCluster } from '../testing/delivery-cluster.ts';
import { createCommand, releaseCommands, type Verb } from './api/release-command.ts';
import type { ApplicationSpec } from './api/application.ts';

function specOf(image: string): ApplicationSpec {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80, targetPort: 8080 }] },
    strategy: { type: 'blueGreen' },
    guardSeconds: 300,
    drainSeconds: 1,
    keepFailedSeconds: 1,
  };
}

describe('what a person asks while the guard watches version 2', () => {
  test.each<[Verb, string]>([
    ['abort', '1'],
    ['rollback', '1'],
  ])('%s returns to version %s', async (verb, version) => {
    const cluster = await createDeliveryCluster();
    await cluster.deploy(specOf('a'));
    await cluster.advance(20_000);
    await cluster.deploy(specOf('b'));
    await cluster.advance(5_000);
    expect((await cluster.release('2')).status?.phase).toBe('Guarding');
    await cluster.client.create(releaseCommands, createCommand(verb, 'shop', { namespace: 'default', name: 'back' }));
    await cluster.advance(20_000);
    expect((await cluster.release('2')).status?.phase).toBe('RolledBack');
    expect((await cluster.application()).status?.serving?.version).toBe(version);
    expect((await cluster.client.list(releaseCommands, { namespace: 'default' })).items).toEqual([]);
    await cluster.stop();
  });

  test('a newer template ends the guard early', async () => {
    const cluster = await createDeliveryCluster();
    await cluster.deploy(specOf('a'));
    await cluster.advance(20_000);
    await cluster.deploy(specOf('b'));
    await cluster.advance(5_000);
    await cluster.deploy(specOf('c'));
    await cluster.advance(20_000);
    expect((await cluster.release('2')).status?.phase).toBe('Succeeded');
    expect((await cluster.release('3')).status?.phase).toBe('Guarding');
    await cluster.stop();
  });
});
