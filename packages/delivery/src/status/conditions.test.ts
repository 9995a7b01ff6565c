import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { ReleaseStatus } from '../api/release.ts';
import { boundStatus } from './bound-status.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    strategy: { type: 'blueGreen' },
    guardSeconds: 5,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...more,
  };
}

async function conditions(): Promise<Readonly<Record<string, string>>> {
  const { status } = await cluster.application();
  return Object.fromEntries((status?.conditions ?? []).map((each) => [each.type, `${each.status} ${each.reason}`]));
}

async function releaseConditions(version: string): Promise<Readonly<Record<string, string>>> {
  const { status } = await cluster.release(version);
  return Object.fromEntries((status?.conditions ?? []).map((each) => [each.type, each.status]));
}

describe('while a canary shares the traffic', () => {
  function shared(more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
    const steps = [{ setReplicas: '100%' }, { setWeight: 75 }, { pause: {} }];
    return { replicas: 4, strategy: { type: 'canary', canary: { steps } }, ...more };
  }

  async function releaseTwo(more?: Partial<ApplicationSpec>): Promise<void> {
    await cluster.deploy(spec('a', shared(more)));
    await cluster.advance(20_000);
    await cluster.deploy(spec('b', shared(more)));
    await cluster.advance(20_000);
    expect((await cluster.release('2')).status).toMatchObject({ phase: 'Paused', step: '3 of 3: pause' });
  }

  test('the pods of every version with weight serve', async () => {
    await releaseTwo({ route: { hosts: ['shop.localhost'] } });
    expect((await cluster.condition('Available'))?.message).toBe(
      '4 pods of version 1 and 4 pods of version 2 serve, while version 2 is released',
    );
  });

  test('its step is named until all traffic moves', async () => {
    await releaseTwo();
    await cluster.command('resume');
    await cluster.advance(4_000);
    const { status } = await cluster.release('2');
    expect(status).toMatchObject({ phase: 'Guarding', stepIndex: 3 });
    expect(status).not.toHaveProperty('step');
    expect(status).not.toHaveProperty('stepSince');
  });

  test('without a route its share is confirmed once so many pods are in the Service', async () => {
    await releaseTwo();
    const { status } = await cluster.release('2');
    expect(status?.split).toEqual({ weights: {}, confirmed: true, confirmedBy: 'endpoints' });
  });
});

describe('the conditions of an Application', () => {
  test('say that nothing is there before a first version', async () => {
    await cluster.deploy(spec('a', { paused: true }));
    await cluster.advance(1_000);
    expect(await conditions()).toMatchObject({
      Available: 'False TooFewPods',
      Promoted: 'False SpecPaused',
      Paused: 'True SpecPaused',
      Synced: 'True Synced',
    });
  });

  test.each([
    { more: { paused: true }, reason: 'SpecPaused', field: 'spec.paused is true' },
    { more: { replicas: 0 }, reason: 'ScaledToZero', field: 'spec.replicas is 0' },
  ])('do not call promoted what is not begun because $field', async ({ more, reason, field }) => {
    await cluster.deploy(spec('a'));
    await cluster.advance(20_000);
    await cluster.deploy(spec('a', more));
    await cluster.advance(1_000);
    expect(await conditions()).toMatchObject({ Promoted: 'True Stable' });
    await cluster.deploy(spec('b', more));
    await cluster.advance(1_000);
    expect(await conditions()).toMatchObject({ Promoted: `False ${reason}` });
    expect((await cluster.application()).status?.waitingFor).toContain(field);
    await cluster.deploy(spec('b'));
    await cluster.advance(20_000);
    expect(await conditions()).toMatchObject({ Promoted: 'True Stable' });
  });

  test.each([
    {
      what: 'cannot be',
      more: { version: 'b', service: { ports: [{ port: 80, targetPort: 'none' }] } },
      reason: 'Invalid',
    },
    { what: 'is another content of a version', more: { version: 'a' }, reason: 'VersionExists' },
  ])('do not call promoted during a guard what $what', async ({ more, reason }) => {
    const guard = { guardSeconds: 600 };
    await cluster.deploy(spec('a', { version: 'a', guardSeconds: 0 }));
    await cluster.advance(20_000);
    await cluster.deploy(spec('b', { version: 'b', ...guard }));
    await cluster.advance(20_000);
    expect(await conditions()).toMatchObject({ Promoted: 'True Guarding' });
    await cluster.deploy(spec('c', { ...guard, ...more }));
    await cluster.advance(1_000);
    expect(await conditions()).toMatchObject({ Promoted: `False ${reason}` });
  });

  test('turn False in the same write that first sees a new template, and True when it has all traffic', async () => {
    await cluster.deploy(spec('a'));
    await cluster.advance(20_000);
    expect(await conditions()).toMatchObject({
      Valid: 'True Valid',
      Available: 'True PodsServe',
      Progressing: 'False NoRelease',
      Promoted: 'True Stable',
      Failed: 'False NotFailed',
      NameConflict: 'False NoConflict',
      ScaledToZero: 'False Replicas',
    });
    const seen: string[] = [];
    const generations = new Set<number | undefined>();
    const { generation = 0 } = (await cluster.application()).metadata;
    await cluster.deploy(spec('b'));
    for (let look = 0; look < 300; look += 1) {
      await cluster.advance(10);
      const { status } = await cluster.application();
      if ((status?.observedGeneration ?? 0) > generation) {
        for (const each of status?.conditions ?? []) generations.add(each.observedGeneration);
        const { Available = '', Promoted = '' } = await conditions();
        seen.push(`${Available.split(' ')[0]} ${Promoted.split(' ')[0]}`);
      }
    }
    expect([...generations]).toEqual([generation + 1]);
    expect(seen[0]).toBe('False False');
    expect(seen.at(-1)).toBe('True True');
    expect((await cluster.application()).status?.phase).toBe('Guarding');
    expect(await releaseConditions('2')).toMatchObject({ Available: 'True', Progressing: 'True', Promoted: 'True' });
    await cluster.advance(20_000);
    expect(await releaseConditions('1')).toMatchObject({ Available: 'False', Progressing: 'False', Promoted: 'False' });
    expect(await releaseConditions('2')).toMatchObject({
      Available: 'True',
      Progressing: 'False',
      Promoted: 'True',
      Failed: 'False',
    });
  });

  test('say which version failed, and why', async () => {
    await cluster.deploy(spec('a'));
    await cluster.advance(20_000);
    await cluster.deploy(spec('broken', { healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 2 } }));
    await cluster.advance(20_000);
    expect(await conditions()).toMatchObject({
      Available: 'True PodsServe',
      Failed: 'True RolledBack',
      Synced: 'False VersionRefused',
      Promoted: 'False VersionRefused',
    });
    expect((await cluster.condition('Failed'))?.message).toMatch(/^version 2: health check .* answered 200: /);
    expect(await releaseConditions('2')).toMatchObject({ Available: 'False', Failed: 'True', Promoted: 'False' });
  });
});

describe('the status of a Release', () => {
  test('says what every other one waits for', async () => {
    await cluster.deploy(spec('a'));
    await cluster.advance(20_000);
    await cluster.deploy(
      spec('b', {
        strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
        keepFailedSeconds: 0,
        drainSeconds: 30,
      }),
    );
    await cluster.advance(2_000);
    await cluster.command('promote');
    await cluster.advance(2_000);
    await cluster.command('abort');
    await cluster.advance(1_000);
    await cluster.deploy(spec('c'));
    await cluster.advance(1_000);
    const { status } = await cluster.release('3');
    expect(status?.phase).toBe('Pending');
    expect(status?.waitingFor).toBe('version 2 to end first');
    await cluster.advance(60_000);
    expect((await cluster.application()).status?.serving?.version).toBe('3');
  });

  test('never grows beyond 64 KiB: the oldest goes first', () => {
    const at = '2026-01-01T00:00:00.000000Z';
    const status: ReleaseStatus = {
      phase: 'Progressing',
      transitions: Array.from({ length: 200 }, (_, index) => ({
        phase: 'Paused',
        at,
        reason: `${index} ${'x'.repeat(200)}`,
      })),
      health: Array.from({ length: 50 }, (_, index) => ({
        pod: `pod-${index}`,
        uid: `${index}`,
        outcome: 'failed',
        answer: 'y'.repeat(1_024),
        at,
      })),
    };
    const bounded = boundStatus(status);
    expect(JSON.stringify(bounded).length).toBeLessThanOrEqual(64 * 1_024);
    expect(bounded.transitions?.at(-1)).toEqual(status.transitions?.at(-1));
    expect(boundStatus({ phase: 'Paused' })).toEqual({ phase: 'Paused' });
  });
});
