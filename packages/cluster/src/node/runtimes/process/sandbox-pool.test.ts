import { silentLogger } from '@slipway/kube/logger';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../../kube/testing/fake-clock.ts';
import { SandboxPool } from './sandbox-pool.ts';

interface Given {
  readonly clock: FakeClock;
  readonly pool: SandboxPool;
  made(): number;
  removed(): number;
}

async function given(furnish?: Parameters<SandboxPool['start']>[0]): Promise<Given> {
  const clock = new FakeClock();
  let [made, removed] = [0, 0];
  const create = async () => {
    made += 1;
    return { holderPid: made, address: `10.0.0.${made}`, remove: async () => void (removed += 1) };
  };
  const pool = new SandboxPool({ create, first: 2, whole: 5, clock, logger: silentLogger });
  pool.start(furnish);
  await clock.advance(0);
  return { clock, pool, made: () => made, removed: () => removed };
}

describe('namespaces made ahead', () => {
  it('are few at first, and all when it is quiet', async () => {
    const { clock, made } = await given();
    expect(made()).toBe(2);
    await clock.advance(1_000);
    expect(made()).toBe(5);
  });

  it('are not made while pods start, unless few are left', async () => {
    const { clock, pool, made } = await given();
    await clock.advance(1_000);
    for (let count = 0; count < 3; count++) await pool.take();
    await clock.advance(900);
    expect(made()).toBe(5);
    await pool.take();
    await clock.advance(900);
    expect(made()).toBe(6);
    await clock.advance(100);
    expect(made()).toBe(9);
  });

  it('are not made beside the pods of one moment that take them all', async () => {
    const { clock, pool, made } = await given();
    await clock.advance(1_000);
    await Promise.all(Array.from({ length: 5 }, () => pool.take()));
    await clock.advance(50);
    expect(made()).toBe(5);
    await clock.advance(50);
    expect(made()).toBe(7);
  });

  it('are not made beside pods that took long to get as far as a start', async () => {
    const { clock, pool, made } = await given();
    await clock.advance(1_000);
    await Promise.all(Array.from({ length: 5 }, () => pool.take()));
    await clock.advance(90);
    pool.noteActivity();
    await clock.advance(90);
    expect(made()).toBe(5);
    await clock.advance(10);
    expect(made()).toBe(7);
  });

  it('are not made beside what begins when pods have become ready', async () => {
    const { clock, pool, made } = await given();
    await clock.advance(1_000);
    await pool.take();
    await clock.advance(990);
    pool.noteActivity();
    await clock.advance(990);
    expect(made()).toBe(5);
    await clock.advance(10);
    expect(made()).toBe(6);
  });

  it('are furnished when all are there and it is quiet, and those go first', async () => {
    const furnished: number[] = [];
    const furnish = async ({ holderPid }: { holderPid: number }) => void furnished.push(holderPid);
    const { clock, pool } = await given(furnish);
    expect(furnished).toEqual([]);
    await clock.advance(1_000);
    expect([furnished, pool.furnished]).toEqual([[1, 2, 3, 4, 5], 5]);
    const taken = await pool.take();
    await clock.advance(900);
    expect([furnished.length, pool.furnished]).toEqual([5, 4]);
    await clock.advance(100);
    expect(furnished).toEqual([1, 2, 3, 4, 5, 6]);
    expect(taken.holderPid).toBe(5);
  });

  it('are made for the pod where none is ready', async () => {
    const { pool, made } = await given();
    const all = await Promise.all([pool.take(), pool.take(), pool.take()]);
    expect(new Set(all.map(({ holderPid }) => holderPid)).size).toBe(3);
    expect(made()).toBeGreaterThanOrEqual(3);
  });

  it('come after the one of a pod that finds none ready', async () => {
    const clock = new FakeClock();
    const kernel: PromiseWithResolvers<void>[] = [];
    const create = async () => {
      const turn = Promise.withResolvers<void>();
      const holderPid = kernel.push(turn);
      await turn.promise;
      return { holderPid, address: `10.0.0.${holderPid}`, remove: async () => undefined };
    };
    const pool = new SandboxPool({ create, first: 2, whole: 5, clock, logger: silentLogger });
    const taken = pool.take();
    await clock.advance(100);
    for (const turn of kernel) turn.resolve();
    expect([kernel.length, (await taken).holderPid]).toEqual([2, 1]);
  });

  it('go with the pool, and no more are made', async () => {
    const { clock, pool, made, removed } = await given();
    await pool.stop();
    await clock.advance(10_000);
    expect([made(), removed()]).toEqual([2, 2]);
  });
});
