import type { Pod } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { reconcilePodCleanup } from './pod-cleanup-controller.ts';

const now = Date.UTC(2026, 0, 1);

interface Shape {
  readonly nodeName?: string;
  readonly phase?: NonNullable<Pod['status']>['phase'];
  readonly leaving?: boolean;
}

function podOf({ nodeName, phase = 'Running', leaving }: Shape): Pod {
  return {
    metadata: { name: 'a', ...(leaving === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
    status: { phase },
  };
}

const rows: readonly {
  readonly name: string;
  readonly pod: Shape;
  readonly goneFor?: number;
  readonly kinds: readonly string[];
}[] = [
  { name: 'leaves a pod alone that waits for a node', pod: {}, kinds: [] },
  { name: 'removes a deleted pod that never had a node', pod: { leaving: true }, kinds: ['remove'] },
  { name: 'leaves a pod to its node', pod: { nodeName: 'node-a', leaving: true }, kinds: [] },
  { name: 'gives a lost node time to come back', pod: { nodeName: 'node-a' }, goneFor: 39_999, kinds: [] },
  {
    name: 'fails a running pod of a lost node before removing it',
    pod: { nodeName: 'node-a' },
    goneFor: 40_000,
    kinds: ['fail', 'remove'],
  },
  {
    name: 'keeps how a finished pod of a lost node ended',
    pod: { nodeName: 'node-a', phase: 'Succeeded' },
    goneFor: 40_000,
    kinds: ['remove'],
  },
];

describe('reconcilePodCleanup', () => {
  for (const { name, pod, goneFor, kinds } of rows) {
    it(name, () => {
      const nodeGoneSince = goneFor === undefined ? undefined : now - goneFor;
      const { actions } = reconcilePodCleanup({ pod: podOf(pod), nodeGoneSince }, now);
      expect(actions.map(({ kind }) => kind)).toEqual(kinds);
    });
  }

  it('looks again when the time of a lost node is over', () => {
    const plan = reconcilePodCleanup({ pod: podOf({ nodeName: 'node-a' }), nodeGoneSince: now - 10_000 }, now);
    expect(plan.requeueAfter).toBe(30_000);
  });
});
