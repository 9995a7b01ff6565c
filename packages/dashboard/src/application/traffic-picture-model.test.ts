import { describe, expect, test } from 'vitest';
import { pod } from '../../testing/release.ts';
import {
  describePicture,
  describeVersions,
  formatLatency,
  formatRate,
  layOutPicture,
  stateOfPod,
} from './traffic-picture-model.ts';

const input = {
  split: { '1': 75, '2': 25 },
  serving: '1',
  candidate: '2',
  pods: [
    pod('a'),
    pod('b', { version: '2', serves: false }),
    pod('h', { hook: 'migrate' }),
    pod('c', { version: '0', phase: 'Terminating', ready: false }),
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
    expect(nodes.flatMap(({ pods }) => pods.map(({ name, state }) => `${name} ${state}`))).toEqual([
      'a serving',
      'c ending',
      'b serving',
    ]);
    expect(describePicture(nodes)).toContain('version 2 takes 25 % with 1 of 1 pods ready');
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

describe('a pod', () => {
  test.each([
    ['serving', {}],
    ['ready', { serves: false }],
    ['starting', { ready: false }],
    ['failing', { ready: false, restarts: 2 }],
    ['failing', { ready: false, reasons: ['web waits: ImagePullBackOff'] }],
    ['failing', { phase: 'Failed', ready: false }],
    ['ending', { phase: 'Terminating' }],
  ])('is %s with %o', (state, given) => {
    expect(stateOfPod(pod('a', given))).toBe(state);
  });
});

describe('the layout', () => {
  const { bands, boxes, height, gateway } = layOutPicture(describeVersions(input), 1_000);
  test('gives each version a row, and a band to those that have a share', () => {
    expect([boxes.length, bands.map(({ version }) => version)]).toEqual([3, ['1', '2']]);
    expect((bands[0]?.thickness ?? 0) / (bands[1]?.thickness ?? 1)).toBeCloseTo(3);
  });
  test('stays within its frame', () => {
    expect(boxes.every(({ left, width, top, height: own }) => left + width === 1_000 && top + own <= height)).toBe(
      true,
    );
    expect(gateway.top).toBeGreaterThanOrEqual(0);
  });
});

test('figures have as many digits as say something', () => {
  expect([0, 0.25, 8.44, 340.4, 1_234].map(formatRate)).toEqual(['0', '0.3', '8.4', '340', '1.2 k']);
  expect([0.0123, 2.34].map(formatLatency)).toEqual(['12.3 ms', '2.3 s']);
});
