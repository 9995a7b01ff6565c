import type { Pod } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { listPods, stateOf } from './pod-list.ts';

interface Given {
  readonly version?: string;
  readonly isReady?: boolean;
  readonly serves?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: Pod['metadata'];
  readonly status?: Pod['status'];
}

function pod(
  name: string,
  { version = '1', isReady = true, serves = true, labels, metadata, status }: Given = {},
): Pod {
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }];
  return {
    metadata: {
      name,
      annotations: { 'slipway.dev/version': version },
      labels: { ...(serves ? { 'slipway.dev/serves': 'true' } : {}), ...labels },
      ...metadata,
    },
    spec: { nodeName: 'node-a', containers: [] },
    status: { phase: 'Running', conditions, ...status },
  };
}

const waiting = (reason: string) => ({
  containerStatuses: [
    { name: 'web', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason } } },
  ],
});

describe('a pod', () => {
  it.each<readonly [string, number, Given]>([
    ['serving', 0, {}],
    ['ready', 0, { serves: false }],
    ['serving', 25, { serves: false }],
    ['starting', 0, { isReady: false }],
    ['starting', 0, { isReady: false, status: waiting('ContainerCreating') }],
    ['failing', 0, { isReady: false, status: waiting('ImagePullBackOff') }],
    ['failing', 0, { isReady: false, status: waiting('ErrImagePull') }],
    ['failing', 0, { status: { phase: 'Failed' } }],
    ['ending', 0, { metadata: { name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' } }],
    ['ending', 0, { status: { phase: 'Succeeded' } }],
  ])('is %s with %d percent and %o', (state, weight, given) => {
    expect(stateOf(pod('a', given), weight)).toBe(state);
  });
});

describe('a list of pods', () => {
  const pods = [
    pod('a'),
    pod('c', { isReady: false }),
    pod('b', { version: '2', serves: false }),
    pod('h', { isReady: false, labels: { 'slipway.dev/hook': 'migrate' } }),
  ];
  const names = (list: ReturnType<typeof listPods>) => list.items.map(({ name }) => name);

  it('begins with those that are not well, and says how many there are', () => {
    const list = listPods(pods, { '1': 100 }, { limit: 3 });
    expect(names(list)).toEqual(['c', 'h', 'b']);
    expect(list.total).toBe(4);
    expect(list.versions).toEqual([
      { version: '1', states: { failing: 0, starting: 1, ending: 0, ready: 0, serving: 1 } },
      { version: '2', states: { failing: 0, starting: 0, ending: 0, ready: 1, serving: 0 } },
    ]);
    expect(names(listPods(pods, { '1': 100 }, { limit: 3, after: list.next }))).toEqual(['a']);
  });

  it('is of those that are asked for', () => {
    expect(names(listPods(pods, {}, { limit: 9, state: 'serving' }))).toEqual(['a']);
    expect(listPods(pods, {}, { limit: 9, search: 'H' })).toMatchObject({ total: 1, items: [{ name: 'h' }] });
    expect(listPods(pods, {}, { limit: 9, search: 'node-a' }).total).toBe(4);
  });
});
