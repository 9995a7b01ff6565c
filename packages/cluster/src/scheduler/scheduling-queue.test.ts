import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

function createQueue(): { queue: SchedulingQueue; clock: FakeClock; taken: () => readonly string[] } {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  const taken = (): readonly string[] => {
    const all: string[] = [];
    for (let key = queue.take(); key !== undefined; key = queue.take()) all.push(key);
    return all;
  };
  return { queue, clock, taken };
}

describe('the scheduling queue', () => {
  it('gives by priority, then in the order of arrival', () => {
    const { queue, taken } = createQueue();
    queue.add({ key: 'low-1', priority: 0 });
    queue.add({ key: 'high-1', priority: 1_000 });
    queue.add({ key: 'low-2', priority: 0 });
    queue.add({ key: 'high-2', priority: 1_000 });
    expect(taken()).toEqual(['high-1', 'high-2', 'low-1', 'low-2']);
  });

  it('does not try a pod that found no node until something changes', async () => {
    const { queue, clock, taken } = createQueue();
    queue.addUnschedulable({ key: 'a', priority: 0 });
    await clock.advance(60_000);
    expect(taken()).toEqual([]);
    queue.retryFailed();
    expect(taken()).toEqual(['a']);
  });

  it('tries only those again that the change may help', async () => {
    const { queue, clock, taken } = createQueue();
    queue.addUnschedulable({ key: 'alone', priority: 0 });
    queue.addUnschedulable({ key: 'in company', priority: 0, dependsOnPods: true });
    await clock.advance(60_000);
    queue.retryFailed(({ dependsOnPods }) => dependsOnPods === true);
    expect(taken()).toEqual(['in company']);
  });

  it('tries it again after five minutes all the same', async () => {
    const { queue, clock, taken } = createQueue();
    queue.addUnschedulable({ key: 'a', priority: 0 });
    await clock.advance(300_000);
    expect(taken()).toEqual(['a']);
  });

  it('keeps a pod back for longer with each failure, up to ten seconds', async () => {
    const { queue, clock, taken } = createQueue();
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      queue.addUnschedulable({ key: 'a', priority: 0 });
      queue.retryFailed();
      await clock.advance(seconds * 1_000 - 1);
      expect(taken()).toEqual([]);
      await clock.advance(1);
      expect(taken()).toEqual(['a']);
    }
  });

  it('tries again by itself after an error', async () => {
    const { queue, clock, taken } = createQueue();
    queue.addAfterError({ key: 'a', priority: 0 });
    await clock.advance(1_000);
    expect(taken()).toEqual(['a']);
  });

  it('forgets a pod that is gone, and its failures', async () => {
    const { queue, clock, taken } = createQueue();
    queue.addAfterError({ key: 'a', priority: 0 });
    queue.add({ key: 'b', priority: 0 });
    queue.remove('a');
    queue.remove('b');
    await clock.advance(20_000);
    expect(taken()).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
