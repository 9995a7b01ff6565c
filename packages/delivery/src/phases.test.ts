import { expect, test } from 'vitest';
import { runHistory } from '../testing/histories.ts';
import type { Happening } from '../testing/history.ts';
import type { World } from '../testing/simulation/world.ts';

const rounds: readonly Happening[] = Array.from({ length: 30 }, () => ({ type: 'round' }));

function live(...happenings: readonly Happening[]): World {
  return runHistory({
    strategy: { type: 'rolling' },
    routed: true,
    replicas: 2,
    happenings: [...rounds, ...happenings],
  });
}

function previousOf({ releases }: World): readonly unknown[] {
  return releases.map(({ metadata, status }) => `${metadata.name} after ${status?.previous ?? 'none'}`).toSorted();
}

test('a release says which one served when it began, and a first one none', () => {
  const world = live({ type: 'deploy', image: 'b' }, ...rounds, { type: 'deploy', image: 'c' });
  expect(previousOf(world)).toEqual(['shop-1 after none', 'shop-2 after shop-1', 'shop-3 after shop-2']);
});

test('that is where an abort leads', () => {
  const early = rounds.slice(0, 3);
  const world = live({ type: 'deploy', image: 'b' }, ...early, { type: 'command', verb: 'abort' });
  expect(previousOf(world)).toEqual(['shop-1 after none', 'shop-2 after shop-1']);
  expect(world.application.status?.serving?.release).toBe('shop-1');
});

test('a version that is gone back to says what it took over from', () => {
  const world = live({ type: 'deploy', image: 'b' }, ...rounds, { type: 'command', verb: 'rollback' }, ...rounds);
  expect(previousOf(world)).toEqual(['shop-1 after shop-2', 'shop-2 after shop-1']);
});
