import type { Deployment, ReplicaSet } from '@slipway/kube/api.generated';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconcileDeployment } from './reconcile-deployment.ts';
import { availableOf, calculateRolloutLimits, replicasOf, sumOf } from './rollout-limits.ts';

interface Shape {
  readonly replicas: number;
  readonly maxUnavailable: string | number;
  readonly maxSurge: string | number;
}

const now = Date.UTC(2026, 0, 1);

function deploymentOf({ replicas, maxUnavailable, maxSurge }: Shape, image: string): Deployment {
  return {
    metadata: { name: 'web', namespace: 'default', uid: 'deployment', generation: 1 },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
    },
  };
}

/** The cluster around a Deployment: carries out plans and makes pods available as it is told. */
class World {
  deployment: Deployment;
  sets: readonly ReplicaSet[] = [];
  created = 0;

  constructor(deployment: Deployment) {
    this.deployment = deployment;
  }

  /** Returns whether anything was done. */
  reconcile(): boolean {
    const { actions, status } = reconcileDeployment(
      { deployment: this.deployment, candidates: this.sets, podsOf: () => [] },
      now,
    );
    for (const action of actions) {
      switch (action.kind) {
        case 'create':
          this.sets = [...this.sets, this.#created(action.replicaSet)];
          break;
        case 'update':
          this.sets = this.sets.map((each) =>
            each.metadata.uid === action.after.metadata.uid ? shrunk(action.after) : each,
          );
          break;
        case 'delete':
          this.sets = this.sets.filter((each) => each.metadata.uid !== action.replicaSet.metadata.uid);
          break;
        case 'adopt':
        case 'release':
        case 'setRevision':
          break;
      }
    }
    if (status !== undefined) this.deployment = { ...this.deployment, status };
    return actions.some(({ kind }) => kind !== 'setRevision') || status !== undefined;
  }

  #created(replicaSet: ReplicaSet): ReplicaSet {
    this.created += 1;
    const number = this.created;
    const creationTimestamp = new Date(now + number * 1_000).toISOString();
    return {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, uid: `rs-${number}`, generation: 1, creationTimestamp },
      status: { replicas: 0, observedGeneration: 1 },
    };
  }

  /** Each ReplicaSet makes its pods; `available` of those that are missing become available. */
  progress(available: (replicaSet: ReplicaSet, missing: number) => number): void {
    this.sets = this.sets.map((replicaSet) => {
      const size = replicasOf(replicaSet);
      const ready = availableOf(replicaSet) + available(replicaSet, size - availableOf(replicaSet));
      return {
        ...replicaSet,
        status: { replicas: size, readyReplicas: ready, availableReplicas: ready, observedGeneration: 1 },
      };
    });
  }

  get sizes(): string {
    return this.sets.map(replicasOf).join('+');
  }

  roll(image: string): void {
    const spec = deploymentOf({ replicas: 1, maxSurge: 1, maxUnavailable: 0 }, image).spec?.template;
    if (this.deployment.spec === undefined || spec === undefined) throw new Error('no spec');
    this.deployment = {
      ...this.deployment,
      metadata: { ...this.deployment.metadata, generation: (this.deployment.metadata.generation ?? 0) + 1 },
      spec: { ...this.deployment.spec, template: spec },
    };
  }
}

/** A ReplicaSet that shrinks deletes pods that are not available first. */
function shrunk(replicaSet: ReplicaSet): ReplicaSet {
  const size = replicasOf(replicaSet);
  const available = Math.min(availableOf(replicaSet), size);
  return {
    ...replicaSet,
    status: { replicas: size, availableReplicas: available, readyReplicas: available, observedGeneration: 1 },
  };
}

function assertLimits(world: World): void {
  const { maxSurge, maxUnavailable } = calculateRolloutLimits(world.deployment);
  const replicas = replicasOf(world.deployment);
  expect(sumOf(world.sets, replicasOf)).toBeLessThanOrEqual(replicas + maxSurge);
  expect(sumOf(world.sets, availableOf)).toBeGreaterThanOrEqual(replicas - maxUnavailable);
}

function started(shape: Shape): World {
  const world = new World(deploymentOf(shape, 'web:1'));
  for (let round = 0; round < 5; round++) {
    world.reconcile();
    world.progress((_, missing) => missing);
  }
  return world;
}

/** Sizes of the old and the new ReplicaSet after each step, all pods becoming available between two steps. */
function rollOut(shape: Shape): readonly string[] {
  const world = started(shape);
  world.roll('web:2');
  const steps: string[] = [world.sizes];
  for (let round = 0; round < 50; round++) {
    world.reconcile();
    assertLimits(world);
    if (world.sizes !== steps.at(-1)) steps.push(world.sizes);
    world.progress((_, missing) => missing);
  }
  return steps;
}

describe('a rolling update goes step by step', () => {
  it.each([
    {
      name: 'never below the size, one at a time',
      shape: { replicas: 3, maxUnavailable: 0, maxSurge: 1 },
      steps: ['3', '3+1', '2+1', '2+2', '1+2', '1+3', '0+3'],
    },
    {
      name: 'one less and half more',
      shape: { replicas: 10, maxUnavailable: '10%', maxSurge: '50%' },
      steps: ['10', '9+5', '9+6', '3+6', '3+10', '0+10'],
    },
    {
      name: 'half of three is one less, rounded down',
      shape: { replicas: 3, maxUnavailable: '50%', maxSurge: 1 },
      steps: ['3', '2+1', '2+2', '0+2', '0+3'],
    },
    {
      name: 'no surge: the old go before the new come',
      shape: { replicas: 3, maxUnavailable: 1, maxSurge: 0 },
      steps: ['3', '2+0', '2+1', '1+1', '1+2', '0+2', '0+3'],
    },
    {
      name: 'two percentages that round to nothing still move: one may be missing',
      shape: { replicas: 1, maxUnavailable: '10%', maxSurge: '0%' },
      steps: ['1', '0+0', '0+1'],
    },
  ])('$name', ({ shape, steps }) => {
    expect(rollOut(shape)).toEqual(steps);
  });
});

describe('a rolling update', () => {
  const shapes = fc.record({
    replicas: fc.integer({ min: 1, max: 20 }),
    maxUnavailable: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('0%', '10%', '25%', '50%', '100%')),
    maxSurge: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('0%', '10%', '25%', '50%', '100%')),
  });

  it('keeps its limits at every step and ends, in whatever order pods become available', () => {
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (shape, stream) => {
        const world = started(shape);
        world.roll('web:2');
        for (let round = 0; round < 100; round++) {
          world.reconcile();
          assertLimits(world);
          world.progress((_, missing) => Math.ceil(missing * (stream.next().value ?? 1)));
        }
        expect(world.sets.map(replicasOf)).toEqual([0, shape.replicas]);
        expect(world.deployment.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason).toBe(
          'NewReplicaSetAvailable',
        );
      }),
      { numRuns: 100 },
    );
  });

  it('does not let a version that never becomes available eat the old one', () => {
    const world = started({ replicas: 10, maxUnavailable: 2, maxSurge: 3 });
    world.roll('web:broken');
    for (let round = 0; round < 20; round++) {
      world.reconcile();
      assertLimits(world);
      world.progress((replicaSet, missing) => (replicaSet.metadata.uid === 'rs-1' ? missing : 0));
    }
    expect(world.sizes).toBe('8+5');
  });

  it('takes pods of an old version that are not available first', () => {
    const world = started({ replicas: 4, maxUnavailable: 0, maxSurge: 1 });
    world.roll('web:broken');
    world.reconcile();
    world.progress(() => 0);
    world.roll('web:3');
    world.reconcile();
    expect(world.sizes).toBe('4+0+0');
    world.reconcile();
    expect(world.sizes).toBe('4+0+1');
  });

  it('goes back to a template that it had: the ReplicaSet gets a new revision and remembers the old one', () => {
    const world = started({ replicas: 2, maxUnavailable: 0, maxSurge: 1 });
    for (const image of ['web:2', 'web:1']) {
      world.roll(image);
      for (let round = 0; round < 20; round++) {
        world.reconcile();
        world.progress((_, missing) => missing);
      }
    }
    expect(world.sizes).toBe('2+0');
    expect(world.sets.map(({ metadata }) => metadata.annotations)).toEqual([
      expect.objectContaining({
        'deployment.kubernetes.io/revision': '3',
        'deployment.kubernetes.io/revision-history': '1',
      }),
      expect.objectContaining({ 'deployment.kubernetes.io/revision': '2' }),
    ]);
  });

  it('keeps as many old ReplicaSets as the history limit says', () => {
    const world = started({ replicas: 1, maxUnavailable: 0, maxSurge: 1 });
    for (let version = 2; version <= 14; version++) {
      world.roll(`web:${version}`);
      for (let round = 0; round < 10; round++) {
        world.reconcile();
        world.progress((_, missing) => missing);
      }
    }
    expect(world.sets).toHaveLength(11);
    expect(world.sets[0]?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('4');
  });

  it('changes nothing any more once it has ended', () => {
    const world = started({ replicas: 3, maxUnavailable: 0, maxSurge: 1 });
    world.roll('web:2');
    for (let round = 0; round < 20; round++) {
      world.reconcile();
      world.progress((_, missing) => missing);
    }
    expect(world.reconcile()).toBe(false);
  });
});
