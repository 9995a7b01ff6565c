import { expect, test } from 'vitest';
import { summary } from '../../testing/summary.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import type { SocketEvents } from '../api/live-stream.ts';
import { FleetStore } from './fleet-store.ts';

function openFleet() {
  const clock = createVirtualClock();
  const opened: { readonly path: string; readonly events: SocketEvents }[] = [];
  const store = new FleetStore({
    clock,
    random: () => 1,
    open: (path, events) => {
      opened.push({ path, events });
      return () => undefined;
    },
    onRefused: () => undefined,
  });
  const tell = (frame: object) => opened.at(-1)?.events.onMessage(JSON.stringify(frame));
  store.start();
  opened[0]?.events.onOpen();
  tell({ type: 'snapshot', first: true, last: true, items: [summary({ name: 'shop' })], after: 'a.1' });
  return { clock, store, tell, paths: () => opened.map(({ path }) => path) };
}

test('a stream on which nothing changes stays open for an hour, by a frame every 20 seconds, and nothing is drawn', () => {
  const { clock, store, tell, paths } = openFleet();
  let drawn = 0;
  store.fleet.subscribe(() => {
    drawn += 1;
  });
  for (let told = 0; told < 180; told += 1) {
    clock.advance(20_000);
    tell({ type: 'changes', changed: [], removed: [], after: `a.${told + 2}` });
  }
  expect({ paths: paths(), connection: store.connection.read(), drawn }).toEqual({
    paths: ['/api/v1/applications/stream'],
    connection: 'open',
    drawn: 0,
  });
  store.stop();
});

test('one that is silent for 30 seconds is lost, and goes on from the last frame, with or without a change', () => {
  const { clock, store, tell, paths } = openFleet();
  tell({ type: 'changes', changed: [], removed: [], after: 'a.7' });
  clock.advance(29_999);
  expect(paths()).toHaveLength(1);
  clock.advance(1);
  expect(paths()).toEqual(['/api/v1/applications/stream', '/api/v1/applications/stream?after=a.7']);
  store.stop();
});
