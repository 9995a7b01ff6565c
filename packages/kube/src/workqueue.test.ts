import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import { calculateBackoff, WorkQueue } from './workqueue.ts';

/** Looks that a test ends when it wants to. */
class Desk {
  readonly begun: string[] = [];
  readonly #open = new Map<string, () => void>();
  highest = 0;

  process = (key: string): Promise<void> => {
    if (this.#open.has(key)) throw new Error(`${key} is looked at twice at once`);
    this.begun.push(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open.set(key, resolve);
    this.highest = Math.max(this.highest, this.#open.size);
    return promise;
  };

  get open(): readonly string[] {
    return [...this.#open.keys()];
  }

  async end(...keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      this.#open.get(key)?.();
      this.#open.delete(key);
    }
    await settle();
  }
}

let clock: FakeClock;
let desk: Desk;

beforeEach(() => {
  clock = new FakeClock();
  desk = new Desk();
});

function createQueue(workers = 2): WorkQueue {
  const queue = new WorkQueue({ clock, random: () => 0, workers, process: desk.process });
  queue.start();
  return queue;
}

describe('a key', () => {
  test('that is added several times while it waits is looked at once', async () => {
    const queue = createQueue(1);
    queue.add('a');
    await settle();
    for (const key of ['b', 'b', 'b']) queue.add(key);
    expect(queue.length).toBe(1);
    await desk.end('a');
    await desk.end('b');
    expect(desk.begun).toEqual(['a', 'b']);
  });

  test('that is added again at the same moment is looked at once, when all of that is known', async () => {
    const queue = createQueue();
    queue.add('a');
    queue.add('a');
    await Promise.resolve().then(() => Promise.resolve());
    queue.add('a');
    expect(desk.begun).toEqual([]);
    await settle();
    expect(desk.begun).toEqual(['a']);
    await desk.end('a');
    expect(desk.begun).toEqual(['a']);
  });

  test('that is added while it is looked at is looked at again afterwards, and never by two at once', async () => {
    const queue = createQueue();
    queue.add('a');
    await settle();
    queue.add('a');
    queue.add('a');
    expect(desk.open).toEqual(['a']);
    await desk.end('a');
    expect(desk.begun).toEqual(['a', 'a']);
    await desk.end('a');
    expect(desk.begun).toEqual(['a', 'a']);
  });

  test('waits for its turn in the order in which it was added', async () => {
    const queue = createQueue(1);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    await settle();
    queue.add('a');
    for (const key of ['a', 'b', 'c', 'a']) await desk.end(key);
    expect(desk.begun).toEqual(['a', 'b', 'c', 'a']);
  });

  test('that was added before the start is looked at then', async () => {
    const queue = new WorkQueue({ clock, random: () => 0, workers: 1, process: desk.process });
    queue.add('a');
    await settle();
    expect(desk.begun).toEqual([]);
    queue.start();
    await settle();
    expect(desk.begun).toEqual(['a']);
  });
});

test('no more keys than there are workers are looked at at once', async () => {
  const queue = createQueue(3);
  for (let number = 0; number < 10; number++) queue.add(`key-${number}`);
  await settle();
  while (desk.open.length > 0) await desk.end(desk.open[0] ?? '');
  expect(desk.highest).toBe(3);
  expect(desk.begun).toHaveLength(10);
});

test('keys that are busy do not hold up the others', async () => {
  const queue = createQueue(2);
  queue.add('slow');
  await settle();
  queue.add('slow');
  for (const key of ['a', 'b', 'c']) {
    queue.add(key);
    await settle();
    await desk.end(key);
  }
  expect(desk.begun).toEqual(['slow', 'a', 'b', 'c']);
});

describe('later', () => {
  test('the key is added when its time has come', async () => {
    const queue = createQueue();
    queue.addAfter('a', 1_000);
    await clock.advance(999);
    expect(desk.begun).toEqual([]);
    await clock.advance(1);
    expect(desk.begun).toEqual(['a']);
  });

  test.each([
    { name: 'a later wish does not put off an earlier one', wishes: [1_000, 5_000], at: 1_000 },
    { name: 'an earlier wish takes the place of a later one', wishes: [5_000, 1_000], at: 1_000 },
  ])('$name', async ({ wishes, at }) => {
    const queue = createQueue();
    for (const milliseconds of wishes) queue.addAfter('a', milliseconds);
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(at);
    await desk.end('a');
    await clock.advance(10_000);
    expect(desk.begun).toEqual(['a']);
  });

  test('is over when the key is added meanwhile', async () => {
    const queue = createQueue();
    queue.addAfter('a', 1_000);
    queue.add('a');
    await desk.end('a');
    await clock.advance(5_000);
    expect(desk.begun).toEqual(['a']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('after failures', () => {
  test.each([
    { failures: 0, random: 0, expected: 5 },
    { failures: 1, random: 0, expected: 10 },
    { failures: 3, random: 1, expected: 60 },
    { failures: 13, random: 0, expected: 40_960 },
    { failures: 14, random: 0, expected: 60_000 },
    { failures: 10_000, random: 1, expected: 90_000 },
  ])('number $failures the wait is $expected ms', ({ failures, random, expected }) => {
    expect(calculateBackoff(failures, random)).toBe(expected);
  });

  test('the wait doubles, until a success', async () => {
    const queue = createQueue();
    const waits: number[] = [];
    const fail = async (): Promise<void> => {
      queue.addRateLimited('a');
      const since = clock.monotonic();
      while (desk.open.length === 0) await clock.advance(5);
      waits.push(clock.monotonic() - since);
      await desk.end('a');
    };
    for (let round = 0; round < 4; round++) await fail();
    queue.forget('a');
    await fail();
    expect(waits).toEqual([5, 10, 20, 40, 5]);
  });

  test('each key waits for itself', async () => {
    const queue = createQueue();
    for (let round = 0; round < 8; round++) queue.addRateLimited('a');
    queue.addRateLimited('b');
    await clock.advance(5);
    expect(desk.begun).toEqual(['a', 'b']);
  });
});

describe('stopping', () => {
  test('waits for what is under way and begins nothing more', async () => {
    const queue = createQueue(1);
    queue.add('a');
    await settle();
    for (const key of ['a', 'b']) queue.add(key);
    queue.addAfter('c', 1_000);
    let isStopped = false;
    const stopped = queue.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);
    await desk.end('a');
    await stopped;
    await clock.advance(10_000);
    expect(desk.begun).toEqual(['a']);
  });

  test('leaves no timer, whatever what is under way asks for at its end', async () => {
    const queue = createQueue();
    queue.add('a');
    await settle();
    queue.addAfter('b', 1_000);
    const stopped = queue.stop();
    queue.add('a');
    queue.addAfter('a', 1_000);
    queue.addRateLimited('a');
    await desk.end('a');
    await stopped;
    expect(clock.pendingTimers).toBe(0);
    expect(queue.length).toBe(0);
  });

  test('is at once where nothing is under way', async () => {
    await createQueue().stop();
    expect(desk.begun).toEqual([]);
  });
});

describe('of keys of which some go first', () => {
  const queueOf = (goesFirst: (key: string) => boolean): WorkQueue => {
    const queue = new WorkQueue({ clock, random: () => 0, workers: 1, process: desk.process, goesFirst });
    for (const key of ['new-1', 'new-2', 'begun-1', 'begun-2']) queue.add(key);
    queue.start();
    return queue;
  };
  const hasBegun = (key: string): boolean => key.startsWith('begun');

  test('those are looked at before the others, each kind in the order of its additions', async () => {
    queueOf(hasBegun);
    for (const key of ['begun-1', 'begun-2', 'new-1', 'new-2']) await desk.end(key);
    expect(desk.begun).toEqual(['begun-1', 'begun-2', 'new-1', 'new-2']);
  });

  test('one that begins to go first while it waits does so at its next addition', async () => {
    const promoted = new Set(['begun-1']);
    const queue = queueOf((key) => promoted.has(key));
    promoted.add('begun-2');
    queue.add('begun-2');
    expect(queue.length).toBe(3);
    for (const key of ['begun-1', 'begun-2', 'new-1', 'new-2']) await desk.end(key);
    expect(desk.begun).toEqual(['begun-1', 'begun-2', 'new-1', 'new-2']);
  });

  test('the others are not starved by those that never come to an end', async () => {
    const queue = queueOf(hasBegun);
    for (let look = 0; look < 40; look++) {
      const [open = ''] = desk.open;
      if (hasBegun(open)) queue.add(open);
      await desk.end(open);
    }
    expect(desk.begun).toContain('new-1');
    expect(desk.begun).toContain('new-2');
    expect(desk.begun.filter(hasBegun).length).toBeGreaterThan(30);
  });
});
