import { expect, test } from 'vitest';
import { formatMetrics } from './metrics.ts';
import { TrafficRegistry } from './proxy/traffic.ts';

test('counters of one name are one metric with a series for each of their labels', async () => {
  const counter = { name: 'slipway_copies_total', help: 'Copies' };
  const counters = [
    { ...counter, labels: { outcome: '2xx' }, value: 3 },
    { name: 'slipway_held_total', help: 'Held', value: 2 },
    { ...counter, labels: { outcome: 'dropped' }, value: 1 },
  ];
  const { text } = await formatMetrics({ traffic: new TrafficRegistry(), counters: () => counters });
  const lines = text.split('\n').filter((line) => /copies|held/.test(line));
  expect(lines).toEqual([
    '# HELP slipway_copies_total Copies',
    '# TYPE slipway_copies_total counter',
    'slipway_copies_total{outcome="2xx"} 3',
    'slipway_copies_total{outcome="dropped"} 1',
    '# HELP slipway_held_total Held',
    '# TYPE slipway_held_total counter',
    'slipway_held_total 2',
  ]);
});
