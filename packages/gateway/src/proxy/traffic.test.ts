import { systemClock } from '@slipway/kube/platform/system-clock';
import { expect, test } from 'vitest';
import { exchangeRaw, ruleOf, World } from '../../testing/world.ts';
import { SlotLoads } from '../haproxy/slot-loads.ts';
import { Proxy } from './proxy.ts';
import { TrafficRegistry } from './traffic.ts';

const labels = (version: string) => ({ namespace: 'default', application: 'shop', service: 'shop', version });

function versions(traffic: TrafficRegistry): readonly string[] {
  return traffic
    .all()
    .map((counters) => counters.labels.version)
    .toSorted();
}

test('of the versions that no longer serve those that stopped first are forgotten', () => {
  const traffic = new TrafficRegistry(2);
  const held = ['1', '2', '3', '4', '5'].map((version) => traffic.hold(labels(version)));
  expect(versions(traffic)).toEqual(['1', '2', '3', '4', '5']);
  for (const counters of held.slice(1).toReversed()) traffic.release(counters);
  expect(versions(traffic)).toEqual(['1', '2', '3']);
});

test('counts of a version that serves again go on', () => {
  const traffic = new TrafficRegistry();
  const counters = traffic.hold(labels('1'));
  counters.record(200, 1);
  traffic.release(counters);
  expect(traffic.hold(labels('1')).requests).toBe(1);
  expect(versions(traffic)).toEqual(['1']);
});

test('the proxy holds the counters of what it serves, however many versions come and go', async () => {
  const traffic = new TrafficRegistry(1);
  const world = await new World(new Proxy({ clock: systemClock, random: Math.random, traffic })).start();
  const backend = await world.backend((_, outgoing) => outgoing.end('ok'));
  for (const version of ['2', '3', '4', '5']) {
    await world.route([
      { endpoints: [backend], version: '1', weight: 100 },
      { endpoints: [], version, weight: 0 },
    ]);
    await exchangeRaw(world.port, 'GET / HTTP/1.0\r\n\r\n');
  }
  expect(versions(traffic)).toEqual(['1', '4', '5']);
  expect(traffic.all().find((counters) => counters.labels.version === '1')?.requests).toBe(4);
  await world.close();
});

test('the slots of HAProxy hold the counters of whom they serve', () => {
  const traffic = new TrafficRegistry(1);
  const loads = new SlotLoads(traffic);
  const [first, second] = ruleOf([{ endpoints: [] }, { endpoints: [] }]).backends;
  const serving = new Map(first && second ? [['p0', first] as const, ['p1', second] as const] : []);
  for (let times = 0; times < 3; times++) loads.install(serving, new Set());
  loads.install(new Map([...serving].slice(0, 1)), new Set());
  for (const version of ['a', 'b']) traffic.release(traffic.hold(labels(version)));
  expect(versions(traffic)).toEqual(['1', 'b']);
  expect(loads.countersOf('p0')).toBe(traffic.all()[0]);
});
