import type { Deployment, DeploymentCondition, Pod, ReplicaSet } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { describe, expect, it } from 'vitest';
import { calculatePodTemplateHash, isSameTemplate } from './pod-template-hash.ts';
import { calculateProportions } from './proportional-scaling.ts';
import { reconcileDeployment, type DeploymentAction } from './reconcile-deployment.ts';
import { calculateRolloutLimits, replicasOf } from './rollout-limits.ts';

const now = Date.UTC(2026, 0, 1);
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
const oldTemplate = { ...template, spec: { containers: [{ name: 'web', image: 'web:0' }] } };

type Spec = NonNullable<Deployment['spec']>;

function deployment(spec: Partial<Spec> = {}, status: Deployment['status'] = {}): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'd', generation: 2 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: 600,
      ...spec,
    },
    status,
  };
}

interface SetShape {
  readonly name?: string;
  readonly replicas: number;
  readonly available?: number;
  readonly template?: Spec['template'];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner?: 'd' | 'other' | 'none';
  readonly labels?: Readonly<Record<string, string>>;
}

function replicaSet(shape: SetShape): ReplicaSet {
  const { name = 'web-a', replicas, available = replicas, owner = 'd', labels = { app: 'web' } } = shape;
  return {
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      generation: 1,
      creationTimestamp: formatTime(now - 1_000),
      labels,
      annotations: {
        'deployment.kubernetes.io/revision': '1',
        'deployment.kubernetes.io/desired-replicas': '3',
        'deployment.kubernetes.io/max-replicas': '4',
        ...shape.annotations,
      },
      ownerReferences:
        owner === 'none'
          ? undefined
          : [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: owner, controller: true }],
    },
    spec: { replicas, selector: { matchLabels: labels }, template: shape.template ?? template },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}

function plan(subject: Deployment, candidates: readonly ReplicaSet[], pods: readonly Pod[] = []) {
  return reconcileDeployment({ deployment: subject, candidates, podsOf: () => pods }, now);
}

function kinds(actions: readonly DeploymentAction[]): readonly string[] {
  return actions.map((action) =>
    action.kind === 'update' ? `${action.before.metadata.name}=${replicasOf(action.after)}` : action.kind,
  );
}

function condition(subject: ReturnType<typeof plan>, type: string): DeploymentCondition | undefined {
  return subject.status?.conditions?.find((each) => each.type === type);
}

describe('limits of a rollout', () => {
  it.each([
    { name: 'surge rounds up, unavailable down', replicas: 10, surge: '25%', unavailable: '25%', limits: [3, 2] },
    { name: 'numbers are taken as they are', replicas: 10, surge: 2, unavailable: 1, limits: [2, 1] },
    { name: 'both nothing: one may be missing', replicas: 3, surge: '0%', unavailable: '10%', limits: [0, 1] },
    { name: 'no more can be missing than there are', replicas: 2, surge: 0, unavailable: 5, limits: [0, 2] },
    { name: 'nothing is missing of nothing', replicas: 0, surge: 1, unavailable: 1, limits: [1, 0] },
  ])('$name', ({ replicas, surge, unavailable, limits }) => {
    const rollingUpdate = { maxSurge: surge, maxUnavailable: unavailable };
    const { maxSurge, maxUnavailable } = calculateRolloutLimits(
      deployment({ replicas, strategy: { type: 'RollingUpdate', rollingUpdate } }),
    );
    expect([maxSurge, maxUnavailable]).toEqual(limits);
  });
});

describe('a change of size amid a rollout is shared out', () => {
  const sized = (name: string, replicas: number, maximum: number): ReplicaSet =>
    replicaSet({ name, replicas, annotations: { 'deployment.kubernetes.io/max-replicas': String(maximum) } });
  it.each([
    { name: 'in proportion', to: 15, surge: 3, before: [5, 8], maximum: 13, after: [7, 11] },
    { name: 'shrinking likewise', to: 5, surge: 0, before: [8, 2], maximum: 10, after: [4, 1] },
    {
      name: 'what rounding leaves goes to the largest',
      to: 6,
      surge: 0,
      before: [3, 1, 1],
      maximum: 5,
      after: [4, 1, 1],
    },
    { name: 'all of it at size zero', to: 0, surge: 3, before: [8, 5], maximum: 13, after: [0, 0] },
  ])('$name', ({ to, surge, before, maximum, after }) => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: 1 } } as const;
    const sets = before.map((replicas, index) => sized(`web-${index}`, replicas, maximum));
    const sizes = calculateProportions(deployment({ replicas: to, strategy }), sets);
    expect(sets.map((each) => sizes.get(each))).toEqual(after);
  });
});

describe('a Deployment', () => {
  it('creates the ReplicaSet of its template, with everything kubectl reads', () => {
    const { actions, status } = plan(deployment(), []);
    const [create, revision] = actions;
    if (create?.kind !== 'create') throw new Error('nothing is created');
    const { metadata, spec } = create.replicaSet;
    const hash = calculatePodTemplateHash(template, undefined);
    expect(metadata.name).toBe(`web-${hash}`);
    expect(metadata.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(metadata.annotations).toEqual({
      'deployment.kubernetes.io/revision': '1',
      'deployment.kubernetes.io/desired-replicas': '3',
      'deployment.kubernetes.io/max-replicas': '4',
    });
    expect(metadata.ownerReferences).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'd', controller: true, blockOwnerDeletion: true },
    ]);
    expect(spec?.selector.matchLabels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(spec?.template?.metadata?.labels).toEqual({ app: 'web', 'pod-template-hash': hash });
    expect(spec?.replicas).toBe(3);
    expect(revision).toEqual({ kind: 'setRevision', revision: '1' });
    expect(status?.conditions).toMatchObject([
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated' },
      { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
    ]);
  });

  it('takes its own annotations to the newest ReplicaSet, but not those that are about itself', () => {
    const subject = deployment();
    const annotations = {
      'kubernetes.io/change-cause': 'v1',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    };
    const [create] = plan({ ...subject, metadata: { ...subject.metadata, annotations } }, []).actions;
    const created = create?.kind === 'create' ? create.replicaSet.metadata.annotations : undefined;
    expect(created).toHaveProperty(['kubernetes.io/change-cause'], 'v1');
    expect(created).not.toHaveProperty(['kubectl.kubernetes.io/last-applied-configuration']);
  });

  it.each([
    { name: 'adopts a ReplicaSet that nobody manages', owner: 'none', labels: { app: 'web' }, expected: ['adopt'] },
    { name: 'leaves a stranger alone', owner: 'other', labels: { app: 'web' }, expected: ['create'] },
    {
      name: 'releases one whose labels no longer match',
      owner: 'd',
      labels: { app: 'x' },
      expected: ['release', 'create'],
    },
  ] as const)('$name', ({ owner, labels, expected }) => {
    const { actions } = plan(deployment(), [replicaSet({ replicas: 3, owner, labels })]);
    expect(kinds(actions).filter((kind) => kind !== 'setRevision')).toEqual(expected);
  });

  it('follows a change of size before it goes on with a rollout', () => {
    const { actions } = plan(deployment({ replicas: 5 }), [replicaSet({ replicas: 3 })]);
    expect(kinds(actions)).toContain('web-a=5');
  });

  it('follows a change of size while it is paused, but makes no new ReplicaSet', () => {
    const old = replicaSet({ replicas: 3, template: oldTemplate });
    const decision = plan(deployment({ replicas: 4, paused: true }), [old]);
    expect(kinds(decision.actions)).toEqual(['web-a=4']);
    expect(condition(decision, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentPaused' });
  });

  it('only counts while it is being deleted', () => {
    const subject = deployment({ replicas: 5 });
    const leaving = { ...subject, metadata: { ...subject.metadata, deletionTimestamp: formatTime(now) } };
    const { actions, status } = plan(leaving, [replicaSet({ replicas: 3 })]);
    expect(actions).toEqual([]);
    expect(status).toMatchObject({ replicas: 3, observedGeneration: 2 });
  });
});

describe('Recreate', () => {
  const strategy = { type: 'Recreate' } as const;
  const ending: Pod = { metadata: { name: 'p', deletionTimestamp: formatTime(now) }, status: { phase: 'Running' } };

  it('takes the old version down first', () => {
    const old = replicaSet({ replicas: 3, template: oldTemplate });
    expect(kinds(plan(deployment({ strategy }), [old]).actions)).toEqual(['web-a=0']);
  });

  it('waits for pods that are still ending', () => {
    const old = replicaSet({ replicas: 0, template: oldTemplate });
    expect(kinds(plan(deployment({ strategy }), [old], [ending]).actions)).toEqual([]);
  });

  it('starts the new version when the last old pod is gone or has finished', () => {
    const old = replicaSet({ replicas: 0, template: oldTemplate });
    const finished: Pod = { metadata: { name: 'p' }, status: { phase: 'Succeeded' } };
    expect(kinds(plan(deployment({ strategy }), [old], [finished]).actions)).toEqual(['create', 'setRevision']);
  });

  it('brings a version back that it had', () => {
    expect(kinds(plan(deployment({ strategy }), [replicaSet({ replicas: 0 })]).actions)).toContain('web-a=3');
  });
});

describe('the condition Progressing', () => {
  const since = (reason: string, seconds: number): DeploymentCondition => ({
    type: 'Progressing',
    status: 'True',
    reason,
    lastUpdateTime: formatTime(now - seconds * 1_000),
    lastTransitionTime: formatTime(now - 900_000),
  });
  const counts = { replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 2 };
  const given = (reason: string, seconds: number, available: number) =>
    plan(deployment({}, { ...counts, conditions: [since(reason, seconds)] }), [replicaSet({ replicas: 3, available })]);

  it('says that a deadline has passed without progress', () => {
    expect(condition(given('ReplicaSetUpdated', 601, 2), 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'ReplicaSet "web-a" has timed out progressing.',
    });
  });

  it('asks to be looked at when the deadline passes', () => {
    expect(given('ReplicaSetUpdated', 500, 2).requeueAfter).toBe(101_000);
  });

  it('gives a rollout that moves its whole deadline again', () => {
    const counted = { ...counts, readyReplicas: 1, availableReplicas: 1 };
    const subject = deployment({}, { ...counted, conditions: [since('ReplicaSetUpdated', 599)] });
    const progress = condition(plan(subject, [replicaSet({ replicas: 3, available: 2 })]), 'Progressing');
    expect(progress).toMatchObject({ reason: 'ReplicaSetUpdated', lastUpdateTime: formatTime(now) });
    expect(progress?.lastTransitionTime).toBe(formatTime(now - 900_000));
  });

  it('says that all is available, and then has no deadline any more', () => {
    const decision = given('ReplicaSetUpdated', 10, 3);
    expect(condition(decision, 'Progressing')).toMatchObject({
      reason: 'NewReplicaSetAvailable',
      message: 'ReplicaSet "web-a" has successfully progressed.',
    });
    expect(decision.requeueAfter).toBeUndefined();
  });

  it('is not touched by a pod that fails after the end', () => {
    const decision = given('NewReplicaSetAvailable', 10_000, 1);
    expect(condition(decision, 'Progressing')?.reason).toBe('NewReplicaSetAvailable');
    expect(decision.requeueAfter).toBeUndefined();
  });

  it('stops at a pause and starts anew when it is over', () => {
    const paused = plan(deployment({ paused: true }, { conditions: [since('ReplicaSetUpdated', 10)] }), []);
    expect(condition(paused, 'Progressing')?.reason).toBe('DeploymentPaused');
    expect(paused.requeueAfter).toBeUndefined();
    const resumed = plan(deployment({}, { ...counts, conditions: [since('DeploymentPaused', 9_000)] }), [
      replicaSet({ replicas: 3, available: 2 }),
    ]);
    expect(condition(resumed, 'Progressing')).toMatchObject({ status: 'Unknown', reason: 'DeploymentResumed' });
  });

  it('is absent without a deadline', () => {
    const subject = deployment({ progressDeadlineSeconds: 2_147_483_647 });
    expect(condition(plan(subject, [replicaSet({ replicas: 3 })]), 'Progressing')).toBeUndefined();
  });
});

describe('a failure to make pods', () => {
  it('is said of the Deployment too', () => {
    const failing = replicaSet({ replicas: 3, available: 0 });
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no' } as const;
    const decision = plan(deployment(), [{ ...failing, status: { replicas: 0, conditions: [failure] } }]);
    expect(condition(decision, 'ReplicaFailure')).toMatchObject(failure);
  });
});

describe('the hash of a pod template', () => {
  it('differs with the collision count and nothing but the content', () => {
    const hash = calculatePodTemplateHash(template, undefined);
    expect(calculatePodTemplateHash(JSON.parse(JSON.stringify(template)), 0)).toBe(hash);
    expect(calculatePodTemplateHash(template, 1)).not.toBe(hash);
    expect(hash).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });

  it('is no difference between templates, and neither is an empty list', () => {
    const labelled = { ...template, metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } } };
    expect(isSameTemplate(template, labelled)).toBe(true);
    expect(isSameTemplate(template, { ...template, spec: { ...template.spec, tolerations: [] } })).toBe(true);
    expect(isSameTemplate(template, oldTemplate)).toBe(false);
  });
});
