import { describe, expect, test } from 'vitest';
import { CrowdedCluster, nodesMessage, quotaMessage, type Crowd } from '../../testing/crowded-cluster.ts';
import type { ApplicationSpec, Strategy } from '../api/application.ts';

const rolling: Strategy = { type: 'rolling', rolling: { maxSurge: 1, maxUnavailable: 0 } };
const blueGreen: Strategy = { type: 'blueGreen' };

function create(strategy: Strategy, crowd: Crowd, more: Partial<ApplicationSpec> = {}): CrowdedCluster {
  const spec: ApplicationSpec = {
    replicas: 4,
    strategy,
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop'] },
    healthCheck: { path: '/health', timeoutSeconds: 10 },
    guardSeconds: 600,
    drainSeconds: 2,
    keepFailedSeconds: 5,
    ...more,
  };
  const cluster = new CrowdedCluster(spec, crowd);
  cluster.advance(40);
  expect(cluster.status).toMatchObject({ phase: 'Succeeded' });
  cluster.deploy('b');
  return cluster;
}

const inside = { route: undefined };

/** Two of four pods of a rolling release have changed, and then there is no room left. */
function createHalfway(shortage: Crowd['shortage'], more: Partial<ApplicationSpec> = {}): CrowdedCluster {
  const cluster = create(rolling, { shortage, room: 5 }, more);
  for (let second = 0; second < 60 && cluster.readyPods('2') < 3; second += 1) cluster.advance(1);
  cluster.command('abort');
  return cluster;
}

describe('a stable version that the cluster has no room for while the candidate is whole', () => {
  test.each(['quota', 'nodes'] as const)(
    '%s: the candidate leaves as stable grows, and serves meanwhile',
    (shortage) => {
      const cluster = createHalfway(shortage);
      cluster.advance(60);
      expect(cluster.status).toMatchObject({ phase: 'RolledBack' });
      expect(cluster.weights).toEqual({ 1: 100 });
      expect([cluster.readyPods('1'), cluster.podCount('2'), cluster.inside('1')]).toEqual([4, 0, 4]);
    },
  );

  test.each(['quota', 'nodes'] as const)('%s: the same inside the cluster', (shortage) => {
    const cluster = createHalfway(shortage, inside);
    cluster.advance(60);
    expect(cluster.status).toMatchObject({ phase: 'RolledBack' });
    expect([cluster.readyPods('1'), cluster.podCount('2'), cluster.inside('1')]).toEqual([4, 0, 4]);
  });

  test('a node that dies in the guard is made up for by the room of the candidate', () => {
    const cluster = create(blueGreen, { shortage: 'nodes', room: 8 });
    cluster.advance(20);
    expect(cluster.status).toMatchObject({ phase: 'Guarding' });
    cluster.loseReadyPods('1', 3);
    cluster.advance(1);
    cluster.command('abort');
    cluster.advance(2);
    expect(cluster.weights).toEqual({ 1: 25, 2: 75 });
    cluster.advance(60);
    expect(cluster.status).toMatchObject({ phase: 'RolledBack' });
    expect([cluster.weights, cluster.readyPods('1')]).toEqual([{ 1: 100 }, 4]);
  });
});

describe('a stable version that can start no pod', () => {
  test.each([
    { shortage: 'image', missing: /container web: image a cannot be pulled: not found/ },
    { shortage: 'nodes', missing: new RegExp(nodesMessage) },
    { shortage: 'quota', missing: new RegExp(quotaMessage) },
  ] as const)('$shortage: carries what its ready pods can, and the release says what is missing', (given) => {
    const { shortage, missing } = given;
    const cluster = create(blueGreen, { shortage, room: 8 });
    cluster.advance(20);
    cluster.setRoom(shortage === 'image' ? 4 : 8);
    cluster.loseReadyPods('1', 2);
    // Whatever room the candidate makes, somebody else takes.
    if (shortage !== 'image') cluster.setRoom(2);
    cluster.advance(1);
    cluster.command('abort');
    cluster.advance(60);
    expect(cluster.weights).toEqual({ 1: 50, 2: 50 });
    expect([cluster.inside('1'), cluster.inside('2')]).toEqual([2, 2]);
    expect(cluster.readyPods('2')).toBe(shortage === 'image' ? 4 : 2);
    const { phase, waitingFor } = cluster.status ?? {};
    expect(phase).toBe('RollingBack');
    expect(waitingFor).toMatch(/^2 of 4 pods of version 1 to be ready \(.+\); version 2 carries 50 % until then$/);
    expect(waitingFor).toMatch(missing);
    const progressing = cluster.world.application.status?.conditions?.find(({ type }) => type === 'Progressing');
    expect(progressing).toMatchObject({
      status: 'True',
      reason: 'RollingBack',
      message: expect.stringMatching(missing),
    });
    cluster.setRoom(8);
    cluster.advance(30);
    expect(cluster.status).toMatchObject({ phase: 'RolledBack' });
    expect([cluster.weights, cluster.readyPods('1'), cluster.podCount('2')]).toEqual([{ 1: 100 }, 4, 0]);
  });

  test('inside the cluster its ready pods take their places in the Service', () => {
    const cluster = create(blueGreen, { shortage: 'image', room: 4 }, inside);
    cluster.advance(20);
    cluster.loseReadyPods('1', 2);
    cluster.advance(1);
    cluster.command('abort');
    cluster.advance(20);
    expect([cluster.inside('1'), cluster.inside('2')]).toEqual([2, 2]);
    expect(cluster.status?.waitingFor).toMatch(/; 2 pods of version 2 serve until then$/);
  });

  test('takes everything where the candidate dies', () => {
    const cluster = create(blueGreen, { shortage: 'nodes', room: 8 });
    cluster.advance(20);
    cluster.loseReadyPods('1', 2);
    cluster.setRoom(2);
    cluster.advance(1);
    cluster.command('abort');
    cluster.advance(10);
    cluster.loseReadyPods('2', 4);
    cluster.advance(2);
    expect(cluster.weights).toEqual({ 1: 100 });
  });

  test('does not hold up the end of a candidate that carries nothing', () => {
    const cluster = create({ type: 'blueGreen', blueGreen: { autoPromote: false } }, { shortage: 'image', room: 4 });
    cluster.advance(20);
    expect(cluster.status).toMatchObject({ phase: 'Paused' });
    cluster.loseReadyPods('1', 2);
    cluster.advance(1);
    cluster.command('abort');
    cluster.advance(20);
    expect(cluster.status).toMatchObject({ phase: 'RolledBack' });
    expect([cluster.weights, cluster.podCount('2')]).toEqual([{ 1: 100 }, 0]);
  });
});
