import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { replicaSets } from '@slipway/kube/resources';
import { describe, expect, it } from 'vitest';
import { choosePodsToDelete } from './rank-pods.ts';
import { reconcileReplicaSet, type ReplicaSetAction } from './reconcile-replica-set.ts';
import { slowStart } from './slow-start.ts';

const now = Date.UTC(2026, 0, 1);
const ago = (seconds: number): string => formatTime(now - seconds * 1_000);

interface PodShape {
  readonly name: string;
  readonly node?: string;
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed';
  /** Seconds since it became ready. */
  readonly ready?: number;
  readonly age?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly owner?: 'rs' | 'other' | 'none';
  readonly labels?: Readonly<Record<string, string>>;
  readonly leaving?: boolean;
}

function pod(shape: PodShape): Pod {
  const { name, node = 'a', phase = 'Running', ready, age = 1_000, cost, restarts = 0, owner = 'rs' } = shape;
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: ago(age),
      labels: shape.labels ?? { app: 'web' },
      annotations: cost === undefined ? undefined : { 'controller.kubernetes.io/pod-deletion-cost': cost },
      deletionTimestamp: shape.leaving === true ? ago(0) : undefined,
      ownerReferences:
        owner === 'none'
          ? undefined
          : [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true }],
    },
    spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
    status: {
      phase,
      containerStatuses: [{ name: 'web', image: '', imageID: '', ready: true, restartCount: restarts }],
      conditions: ready === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(ready) }],
    },
  };
}

function replicaSet(replicas: number, more: Partial<NonNullable<ReplicaSet['spec']>> = {}): ReplicaSet {
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'rs', generation: 3 },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } },
      ...more,
    },
  };
}

function plan(subject: ReplicaSet, candidates: readonly Pod[], isNamespaceLeaving = false) {
  const world = { type: replicaSets, candidates, podsOnNode: new Map(), isNamespaceLeaving };
  return reconcileReplicaSet({ replicaSet: subject, ...world }, now);
}

function describeActions(actions: readonly ReplicaSetAction[]): readonly string[] {
  return actions.map((action) => {
    switch (action.kind) {
      case 'createPods':
        return `create ${action.count}`;
      case 'deletePods':
        return `delete ${action.pods.map(({ metadata }) => metadata.name).join(' ')}`;
      case 'adopt':
      case 'release':
        return `${action.kind} ${action.pod.metadata.name ?? ''}`;
    }
  });
}

describe('of two pods the one goes that', () => {
  it.each([
    { name: 'has no node', goes: { node: '', ready: 500 }, stays: { phase: 'Pending' } },
    { name: 'is still pending', goes: { phase: 'Pending' }, stays: {} },
    { name: 'is not ready', goes: {}, stays: { ready: 1 } },
    { name: 'is cheaper to delete', goes: { ready: 900, cost: '-5' }, stays: { ready: 1 } },
    { name: 'shares its node with more', goes: { ready: 900, node: 'crowded' }, stays: { ready: 1 } },
    { name: 'has been ready for much shorter', goes: { ready: 5 }, stays: { ready: 900, restarts: 9 } },
    { name: 'has restarted more often', goes: { restarts: 3, age: 900 }, stays: { age: 1 } },
    { name: 'is much younger', goes: { age: 5 }, stays: { age: 900 } },
  ] as const)('$name', ({ goes, stays }) => {
    const pods = [pod({ name: 'stays', ...stays }), pod({ name: 'goes', ...goes })];
    const chosen = choosePodsToDelete(
      {
        pods,
        podsOnNode: new Map([
          ['crowded', 2],
          ['a', 1],
        ]),
        now,
      },
      1,
    );
    expect(chosen.map(({ metadata }) => metadata.name)).toEqual(['goes']);
  });

  it('takes a cost that is no number for none', () => {
    const pods = [pod({ name: 'old', ready: 900, cost: '-1e9' }), pod({ name: 'young', ready: 1 })];
    expect(choosePodsToDelete({ pods, podsOnNode: new Map(), now }, 1)[0]?.metadata.name).toBe('young');
  });
});

describe('a ReplicaSet', () => {
  it.each([
    { name: 'creates what is missing', replicas: 3, pods: [pod({ name: 'a' })], expected: ['create 2'] },
    {
      name: 'deletes what is too much',
      replicas: 1,
      pods: [pod({ name: 'a', ready: 9 }), pod({ name: 'b' })],
      expected: ['delete b'],
    },
    { name: 'is content with its size', replicas: 1, pods: [pod({ name: 'a' })], expected: [] },
    {
      name: 'replaces finished pods',
      replicas: 1,
      pods: [pod({ name: 'a', phase: 'Failed' })],
      expected: ['create 1'],
    },
    {
      name: 'replaces leaving pods at once',
      replicas: 1,
      pods: [pod({ name: 'a', leaving: true })],
      expected: ['create 1'],
    },
    {
      name: 'adopts before it creates',
      replicas: 2,
      pods: [pod({ name: 'a', owner: 'none' })],
      expected: ['adopt a', 'create 1'],
    },
    { name: 'adopts no stranger', replicas: 1, pods: [pod({ name: 'a', owner: 'other' })], expected: ['create 1'] },
    {
      name: 'adopts nothing that is leaving',
      replicas: 1,
      pods: [pod({ name: 'a', owner: 'none', leaving: true })],
      expected: ['create 1'],
    },
    {
      name: 'releases and replaces a pod whose labels were changed',
      replicas: 1,
      pods: [pod({ name: 'a', labels: { app: 'debug' } })],
      expected: ['release a', 'create 1'],
    },
    { name: 'creates no more than a burst', replicas: 2_000, pods: [], expected: ['create 500'] },
  ])('$name', ({ replicas, pods, expected }) => {
    expect(describeActions(plan(replicaSet(replicas), pods).actions)).toEqual(expected);
  });

  it('does nothing but count while it is being deleted', () => {
    const subject = replicaSet(3);
    const leaving = { ...subject, metadata: { ...subject.metadata, deletionTimestamp: ago(0) } };
    const { actions, status } = plan(leaving, [pod({ name: 'a' }), pod({ name: 'b', owner: 'none' })]);
    expect(actions).toEqual([]);
    expect(status?.replicas).toBe(1);
  });

  it('creates nothing in a namespace that is being deleted', () => {
    expect(plan(replicaSet(3), [], true).actions).toEqual([]);
  });

  it('counts what is labelled, ready and available, and looks again when the next becomes available', () => {
    const subject = replicaSet(3, { minReadySeconds: 10 });
    const pods = [
      pod({ name: 'a', ready: 60 }),
      pod({ name: 'b', ready: 4 }),
      pod({ name: 'c', labels: { app: 'web', extra: 'yes' } }),
    ];
    const { status, requeueAfter } = plan(subject, pods);
    expect(status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 3,
      conditions: undefined,
    });
    expect(requeueAfter).toBe(6_000);
  });
});

describe('a slow start', () => {
  it('doubles its batches', async () => {
    const batches: number[] = [];
    let running = 0;
    await slowStart(20, async () => {
      running += 1;
      await Promise.resolve();
      if (running > 0) batches.push(running);
      running = 0;
    });
    expect(batches).toEqual([1, 2, 4, 8, 5]);
  });

  it('stops after the batch that failed', async () => {
    let attempts = 0;
    const failing = slowStart(500, () => {
      attempts += 1;
      return attempts === 3 ? Promise.reject(new Error('refused')) : Promise.resolve();
    });
    await expect(failing).rejects.toThrow('refused');
    expect(attempts).toBe(3);
  });
});
