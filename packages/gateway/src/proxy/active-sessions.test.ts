import { expect, test } from 'vitest';
import { ActiveSessions } from './active-sessions.ts';

/** A request that is answered at once. */
function visit(active: ActiveSessions, id: string): void {
  active.enter(id)();
}

function counted(maxKnown?: number): { active: ActiveSessions; at(seconds: number): ActiveSessions } {
  let now = 0;
  const active = new ActiveSessions({ idleSeconds: 60, now: () => now * 1_000, maxKnown });
  return {
    active,
    at: (seconds) => {
      now = seconds;
      return active;
    },
  };
}

test('a session counts until it was idle for its time', () => {
  const { at } = counted();
  visit(at(0), 'a');
  visit(at(30), 'b');
  visit(at(50), 'a');
  expect(at(89).count()).toBe(2);
  expect(at(90).count()).toBe(1);
  expect(at(110).count()).toBe(0);
});

test('none is no answer before a whole idle time has been watched', () => {
  const { at } = counted();
  expect(at(59).count()).toBeUndefined();
  expect(at(60).count()).toBe(0);
});

test('more than can be known by name still count until they would have been over', () => {
  const { active, at } = counted(10);
  for (let second = 0; second < 40; second++) visit(at(second), `early-${second}`);
  expect(active.count()).toBe(40);
  // One that was forgotten and comes back counts twice: too many keeps a version, too few would take it away.
  visit(active, 'early-0');
  expect(active.count()).toBe(41);
  expect(at(59).count()).toBe(41);
  expect(at(80).count()).toBeLessThan(41);
  expect(at(80).count()).toBeGreaterThanOrEqual(20);
  expect(at(99).count()).toBe(0);
});

test('a longer idle time counts from the next look on', () => {
  const { active, at } = counted();
  visit(at(0), 'a');
  active.idleSeconds = 600;
  expect(at(599).count()).toBe(1);
  expect(at(600).count()).toBe(0);
});

test('a session with a request underway is not idle, however long that takes', () => {
  const { at } = counted();
  const leaveFirst = at(0).enter('a');
  const leaveSecond = at(1).enter('a');
  at(100);
  leaveFirst();
  expect(at(900).count()).toBe(1);
  at(1_000);
  leaveSecond();
  expect(at(1_059).count()).toBe(1);
  expect(at(1_060).count()).toBe(0);
});
