import { describe, expect, test } from 'vitest';
import { pod } from '../../testing/release.ts';
import {
  describePicture,
  describeVersions,
  fitRows,
  formatLatency,
  formatRate,
  layOutPicture,
} from './traffic-picture-model.ts';

const none = { failing: 0, starting: 0, ending: 0, ready: 0, serving: 0 };

const input = {
  split: { '1': 75, '2': 25 },
  serving: '1',
  candidate: '2',
  counts: [
    { version: '1', states: { ...none, serving: 1 } },
    { version: '2', states: { ...none, serving: 1 } },
    { version: '0', states: { ...none, failing: 1 } },
  ],
  pods: [
    pod('a'),
    pod('b', { version: '2' }),
    pod('h', { hook: 'migrate' }),
    pod('c', { version: '0', state: 'failing' }),
  ],
};

describe('the versions of a picture', () => {
  test('begin with what serves and end with what comes', () => {
    const nodes = describeVersions(input);
    expect(nodes.map(({ version, role, weight }) => [version, role, weight])).toEqual([
      ['1', 'serving', 75],
      ['0', 'other', 0],
      ['2', 'candidate', 25],
    ]);
    expect(nodes.flatMap(({ dots }) => dots.map(({ name, state }) => `${name} ${state}`))).toEqual([
      'a serving',
      'c failing',
      'b serving',
    ]);
    expect(describePicture(nodes)).toContain('version 2 takes 25 % with 1 of 1 pods ready');
  });
  test('have room for one that only ends beside one other, and no more', () => {
    const ends = { version: '0', states: { ...none, ending: 1 } };
    const rows = (counts: typeof input.counts, candidate?: string) =>
      describeVersions({ ...input, counts: [...counts, ends], split: {}, candidate }).map(({ version }) => version);
    expect(rows(input.counts.slice(0, 1))).toEqual(['1', '0']);
    expect(rows(input.counts.slice(0, 2), '2')).toEqual(['1', '2']);
  });
  test('leave out what is there for a moment only, and never what serves, comes or has a share', () => {
    const shown = (split: Readonly<Record<string, number>>, rows: number) =>
      fitRows(describeVersions({ ...input, split }), rows).map(({ version }) => version);
    expect(shown({ '1': 100 }, 2)).toEqual(['1', '2']);
    expect(shown({ '1': 100 }, 3)).toEqual(['1', '0', '2']);
    expect(shown({ '1': 50, '0': 50 }, 2)).toEqual(['1', '0', '2']);
    expect(shown({ '1': 100 }, 1)).toEqual(['1', '2']);
  });
  test('have the figures of the last point', () => {
    const points = [
      { at: '2026-01-01T00:00:00Z', rate: 1, errorRate: 1 },
      { at: '2026-01-01T00:00:05Z', rate: 40, errorRate: 10, p95: 0.2 },
    ];
    const traffic = { namespace: 'default', name: 'shop', counted: true, versions: [{ version: '1', points }] };
    expect(describeVersions({ ...input, traffic })[0]).toMatchObject({ rate: 40, errorShare: 0.25, p95: 0.2 });
  });
});

describe('the dots of a version', () => {
  const dotsOf = (states: Partial<typeof none>) => {
    const counts = [{ version: '1', states: { ...none, ...states } }];
    return describeVersions({ split: {}, pods: [pod('a')], counts })[0]?.dots ?? [];
  };
  const count = (dots: ReturnType<typeof dotsOf>, state: string) => dots.filter((dot) => dot.state === state).length;

  test('have no names where not all of its pods are known', () => {
    expect(dotsOf({ serving: 2, failing: 1 })).toEqual([
      { state: 'serving' },
      { state: 'serving' },
      { state: 'failing' },
    ]);
  });
  test.each([
    { name: 'are as many as there is room for', states: { serving: 5_000 }, serving: 60, failing: 0 },
    { name: 'show what is not well', states: { serving: 4_998, failing: 2 }, serving: 58, failing: 2 },
    { name: 'show what serves', states: { serving: 3_000, failing: 1_000, starting: 1_000 }, serving: 40, failing: 20 },
    { name: 'may all be of what fails', states: { failing: 5_000 }, serving: 0, failing: 60 },
  ])('$name', ({ states, serving, failing }) => {
    const dots = dotsOf(states);
    expect([dots.length, count(dots, 'serving'), count(dots, 'failing')]).toEqual([60, serving, failing]);
  });
});

describe('the layout', () => {
  const { bands, boxes, height, gateway } = layOutPicture(describeVersions(input), 1_000);
  test('gives each version a row, and a band to those that have a share', () => {
    expect([boxes.length, bands.map(({ version }) => version)]).toEqual([3, ['1', '2']]);
    expect((bands[0]?.thickness ?? 0) / (bands[1]?.thickness ?? 1)).toBeCloseTo(3);
  });
  test('is as high for one version as for two', () => {
    const [one, two] = [1, 2].map((count) => layOutPicture(describeVersions(input).slice(0, count), 1_000));
    expect(one?.height).toBe(two?.height);
    expect(one?.boxes[0]?.top).toBe(((one?.height ?? 0) - (one?.boxes[0]?.height ?? 0)) / 2);
  });
  test('stays within its frame', () => {
    expect(boxes.every(({ left, width, top, height: own }) => left + width === 1_000 && top + own <= height)).toBe(
      true,
    );
    expect(gateway.top).toBeGreaterThanOrEqual(0);
  });
});

test('figures stand below each other by their points', () => {
  expect([0, 0.25, 7, 340.4, 1_960].map(formatRate)).toEqual(['0.0', '0.3', '7.0', '340.4', '2.0 k']);
  expect([0.0123, 0.022, 2.34].map(formatLatency)).toEqual(['12.3 ms', '22.0 ms', '2.3 s']);
});
