import { expect, test } from 'vitest';
import { HoldQueue, type Waiter } from './hold-queue.ts';

const much = { requests: 1_000, bytes: 1_000_000 };
const waiter = (routeAgain: () => void = () => undefined): Waiter => ({ routeAgain });

test('there is room for so many requests, and who leaves makes room', () => {
  const queue = new HoldQueue({ all: much, route: { requests: 2, bytes: 1_000 } });
  const [first, second, third] = [waiter(), waiter(), waiter()];
  expect([first, second, third].map((each) => queue.admit(each, 'shop', 10))).toEqual([true, true, false]);
  queue.leave(second);
  queue.leave(second);
  expect(queue.admit(third, 'shop', 10)).toBe(true);
  expect(queue.counters().map(({ value }) => value)).toEqual([3, 1]);
});

test('there is room for so many bytes, and who holds them is told to take no more', () => {
  const queue = new HoldQueue({ all: much, route: { requests: 10, bytes: 1_000 } });
  const [first, second] = [waiter(), waiter()];
  expect(queue.admit(first, 'shop', 400)).toBe(true);
  expect(queue.grow(first, 900)).toBe(true);
  expect(queue.admit(second, 'shop', 200)).toBe(false);
  // What has come cannot be sent back.
  expect(queue.grow(first, 1_100)).toBe(false);
  queue.leave(first);
  expect(queue.admit(second, 'shop', 1_000)).toBe(true);
  expect(queue.grow(first, 1)).toBe(false);
});

test('a route that takes all of its room leaves that of the others, as long as there is any at all', () => {
  const queue = new HoldQueue({ all: { requests: 3, bytes: 2_500 }, route: { requests: 2, bytes: 1_000 } });
  const [first, second, third] = [waiter(), waiter(), waiter()];
  expect([first, second, third].map((each) => queue.admit(each, 'shop', 400))).toEqual([true, true, false]);
  expect(queue.admit(third, 'blog', 900)).toBe(true);
  expect(queue.grow(third, 1_100)).toBe(false);
  expect(queue.admit(waiter(), 'news', 1)).toBe(false);
  queue.leave(first);
  expect(queue.grow(second, 900)).toBe(true);
  expect(queue.admit(waiter(), 'news', 600)).toBe(false);
  expect(queue.admit(waiter(), 'news', 500)).toBe(true);
});

test('who waited longest goes first, also when some leave meanwhile', () => {
  const queue = new HoldQueue();
  const seen: number[] = [];
  const waiters = Array.from({ length: 5 }, (_, index) => waiter(() => void seen.push(index)));
  for (const each of waiters) queue.admit(each, 'shop', 1);
  const [, second] = waiters;
  if (second !== undefined) queue.leave(second);
  queue.resume();
  expect(seen).toEqual([0, 2, 3, 4]);
});
