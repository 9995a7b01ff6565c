import { jobs, pods } from '@slipway/kube/resources';
import type { Job } from '@slipway/kube/api.generated';
import { afterEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { Hook, Hooks } from '../api/hook.ts';
import type { GateResult } from '../api/release.ts';

let cluster: DeliveryCluster;

afterEach(() => cluster.stop());

const inNamespace = { namespace: 'default' };

function spec(image: string, more: Partial<ApplicationSpec> = {}): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'blueGreen' },
    progressDeadlineSeconds: 30,
    guardSeconds: 0,
    drainSeconds: 0,
    keepFailedSeconds: 0,
    ...more,
  };
}

function job(name: string, image: string, more: Partial<Hook> = {}): Hook {
  return { name, job: { template: { spec: { containers: [{ name: 'main', image }] } } }, ...more };
}

async function serveFirst(more: Partial<ApplicationSpec> = {}): Promise<void> {
  cluster = await createDeliveryCluster();
  await cluster.deploy(spec('a', more));
  await cluster.advance(10_000);
  expect((await cluster.application()).status?.serving?.version).toBe('1');
}

async function jobsOf(hook?: string): Promise<readonly Job[]> {
  const labelSelector = hook === undefined ? 'slipway.dev/hook' : `slipway.dev/hook=${hook}`;
  return (await cluster.client.list(jobs, { ...inNamespace, labelSelector })).items;
}

async function phase(version = '2'): Promise<string | undefined> {
  return (await cluster.release(version)).status?.phase;
}

async function gate(name: string, version = '2'): Promise<GateResult | undefined> {
  return (await cluster.release(version)).status?.gates?.find((each) => each.name === name);
}

function before(hook: Hook): Hooks {
  return { beforePromotion: [hook] };
}

describe('a Job before promotion', () => {
  test('runs once, is told of what it is for, and then traffic moves', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'migration')) }));
    await cluster.advance(10_000);
    expect(await phase()).toBe('Succeeded');
    const [started, ...others] = await jobsOf();
    expect(others).toEqual([]);
    expect(started?.metadata.ownerReferences).toBeUndefined();
    const env = Object.fromEntries(
      (started?.spec?.template.spec?.containers[0]?.env ?? []).map(({ name, value }) => [name, value]),
    );
    expect(env).toEqual({
      APPLICATION: 'shop',
      VERSION: '2',
      STABLE_VERSION: '1',
      RELEASE: 'shop-2',
      ATTEMPT: '1',
      CANDIDATE_URL: expect.stringMatching(/^http:\/\/10\.[\d.]+:80$/),
    });
    expect(await gate('migrate')).toMatchObject({ outcome: 'passed', during: 'beforePromotion', attempt: 1 });
  });

  test('holds the release as long as it runs, longer than the deadline for progress', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'endless', { timeoutSeconds: 300 })) }));
    await cluster.advance(120_000);
    const { status } = await cluster.release('2');
    expect(status?.phase).toBe('Progressing');
    expect(status?.waitingFor).toMatch(/^hook migrate to end \(Job shop-migrate-[0-9a-f]{12}\)$/);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('that fails takes the release back and says by what', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'broken')) }));
    await cluster.advance(20_000);
    expect(await phase()).toBe('RolledBack');
    const { status } = await cluster.release('2');
    expect(status?.ending).toMatchObject({ by: 'hook' });
    expect(status?.ending?.reason).toMatch(
      /^hook migrate failed: Job shop-migrate-\w+ .*: container main of pod shop-migrate-\w+-\w+ ended with exit code 3; /,
    );
    expect(await gate('migrate')).toMatchObject({ outcome: 'failed' });
  });

  test('that fails and may do so holds nothing up', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'broken', { onFailure: 'ignore' })) }));
    await cluster.advance(20_000);
    expect(await phase()).toBe('Succeeded');
    expect(await gate('migrate')).toMatchObject({ outcome: 'failed' });
  });

  test('that does not end in time has failed', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'endless', { timeoutSeconds: 20 })) }));
    await cluster.advance(60_000);
    expect(await phase()).toBe('RolledBack');
    expect((await gate('migrate'))?.message).toMatch(/did not end within 20 s/);
  });

  test('is cancelled and stopped by an abort, and its pods go', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'endless')) }));
    await cluster.advance(10_000);
    await cluster.command('abort');
    await cluster.advance(10_000);
    expect(await phase()).toBe('RolledBack');
    expect(await gate('migrate')).toMatchObject({ outcome: 'cancelled' });
    const [stopped] = await jobsOf();
    expect(stopped?.spec?.suspend).toBe(true);
    const { items } = await cluster.client.list(pods, { ...inNamespace, labelSelector: 'slipway.dev/hook' });
    expect(items).toEqual([]);
  });

  test('that was deleted before its end was seen is not started again', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: before(job('migrate', 'endless')) }));
    await cluster.advance(10_000);
    const [running] = await jobsOf();
    await cluster.client.delete(jobs, { ...inNamespace, name: running?.metadata.name ?? '' });
    await cluster.advance(10_000);
    expect(await phase()).toBe('RolledBack');
    expect(await gate('migrate')).toMatchObject({ outcome: 'error' });
    expect(await jobsOf()).toEqual([]);
  });

  test('is run again by a retry after it has failed, and not where it had passed', async () => {
    await serveFirst();
    const hooks = { beforeRelease: [job('once', 'migration')], beforePromotion: [job('migrate', 'broken')] };
    await cluster.deploy(spec('b', { hooks }));
    await cluster.advance(20_000);
    await cluster.command('retry');
    await cluster.advance(20_000);
    expect((await jobsOf('once')).length).toBe(1);
    expect((await jobsOf('migrate')).length).toBe(2);
  });

  test('is run again by a rollback only where it is asked for every attempt', async () => {
    const hooks = { beforePromotion: [job('once', 'migration'), job('each', 'migration', { everyAttempt: true })] };
    await serveFirst({ hooks });
    await cluster.deploy(spec('b', { hooks }));
    await cluster.advance(15_000);
    expect(await phase()).toBe('Succeeded');
    await cluster.command('rollback');
    await cluster.advance(15_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect((await jobsOf('once')).length).toBe(2);
    expect((await jobsOf('each')).length).toBe(3);
  });

  test('of a third version waits for that of the second to stop', async () => {
    await serveFirst();
    const hooks = before(job('migrate', 'endless'));
    await cluster.deploy(spec('b', { hooks }));
    await cluster.advance(10_000);
    await cluster.deploy(spec('c', { hooks: before(job('migrate', 'migration')) }));
    await cluster.advance(20_000);
    expect(await phase('2')).toBe('Superseded');
    expect(await gate('migrate')).toMatchObject({ outcome: 'cancelled' });
    expect(await phase('3')).toBe('Succeeded');
    const stopped = (await jobsOf()).filter((each) => each.spec?.suspend === true);
    expect(stopped.length).toBe(1);
  });

  test('is not looked at while the Application is paused, and goes on after that', async () => {
    await serveFirst();
    const hooks = before(job('migrate', 'migration'));
    await cluster.deploy(spec('b', { hooks, paused: false }));
    await cluster.advance(600);
    await cluster.deploy(spec('b', { hooks, paused: true }));
    await cluster.advance(60_000);
    expect(await phase()).toBe('Progressing');
    await cluster.deploy(spec('b', { hooks, paused: false }));
    await cluster.advance(10_000);
    expect(await phase()).toBe('Succeeded');
    expect((await jobsOf()).length).toBe(1);
  });
});

describe('Jobs at other times', () => {
  test('run for a first version too, and before anything of it is made', async () => {
    cluster = await createDeliveryCluster();
    await cluster.deploy(spec('a', { hooks: { beforeRelease: [job('prepare', 'endless')] } }));
    await cluster.advance(10_000);
    expect((await jobsOf('prepare')).length).toBe(1);
    const { items } = await cluster.client.list(pods, { ...inNamespace, labelSelector: 'slipway.dev/release' });
    expect(items).toEqual([]);
  });

  test('run in order, after promotion beside the guard, which does not end before them', async () => {
    await serveFirst();
    const hooks = { afterPromotion: [job('warm', 'migration'), job('tell', 'endless')] };
    await cluster.deploy(spec('b', { hooks }));
    await cluster.advance(15_000);
    expect(await phase()).toBe('Guarding');
    expect(await gate('warm')).toMatchObject({ outcome: 'passed' });
    expect((await cluster.release('2')).status?.waitingFor).toMatch(/^hook tell to end/);
    await cluster.advance(660_000);
    expect(await phase()).toBe('Succeeded');
    expect(await gate('tell')).toMatchObject({ outcome: 'failed' });
  });

  test('take a promoted version back where they are to', async () => {
    await serveFirst();
    await cluster.deploy(spec('b', { hooks: { afterPromotion: [job('smoke', 'broken', { onFailure: 'fail' })] } }));
    await cluster.advance(20_000);
    expect(await phase()).toBe('RolledBack');
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('run when the release has gone back, and only then', async () => {
    await serveFirst();
    const hooks = { onRollback: [job('undo', 'migration')] };
    await cluster.deploy(spec('broken', { hooks }));
    await cluster.advance(20_000);
    expect(await phase()).toBe('RolledBack');
    expect(await gate('undo')).toMatchObject({ outcome: 'passed' });
    expect((await jobsOf()).length).toBe(1);
  });

  test('go with the record of their release', async () => {
    await serveFirst({ history: { limit: 1, rollbackWindowSeconds: 0 } });
    const more = { history: { limit: 1, rollbackWindowSeconds: 0 } };
    await cluster.deploy(spec('b', { ...more, hooks: before(job('migrate', 'migration')) }));
    await cluster.advance(15_000);
    await cluster.deploy(spec('c', more));
    await cluster.advance(200_000);
    expect(await phase('3')).toBe('Succeeded');
    expect(await jobsOf()).toEqual([]);
  });
});

describe.each(['rolling', 'recreate', 'canary'])('%s', (type) => {
  test('gives the new version no traffic before its hook has passed', async () => {
    const strategy = { type, ...(type === 'canary' ? { canary: { steps: [{ setWeight: 50 }] } } : {}) };
    await serveFirst({ strategy });
    await cluster.deploy(spec('b', { strategy, hooks: before(job('migrate', 'broken')) }));
    await cluster.advance(30_000);
    expect(await phase()).toBe('RolledBack');
    expect((await jobsOf()).length).toBe(1);
  });
});
