import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '@slipway/kube/api.generated';
import { formatTime } from '@slipway/kube/clock';
import { describe, expect, it } from 'vitest';
import { reconcileDisruption, type DisruptionObserved, type ExpectedScale } from './reconcile-disruption.ts';

const now = Date.UTC(2026, 0, 1);
const ago = (seconds: number): string => formatTime(now - seconds * 1_000);

function pod(name: string, shape: { readonly ready?: boolean; readonly leaving?: boolean } = {}): Pod {
  const { ready = true, leaving = false } = shape;
  return {
    metadata: { name, ...(leaving ? { deletionTimestamp: ago(0) } : {}) },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

function pods(count: number): readonly Pod[] {
  return Array.from({ length: count }, (_, index) => pod(`p${index}`));
}

function replicas(count: number): ExpectedScale {
  return { kind: 'known', workloads: [{ name: 'web', uid: 'web', replicas: count }], unmanaged: [] };
}

type Spec = NonNullable<PodDisruptionBudget['spec']>;

function observe(spec: Spec, more: Partial<DisruptionObserved> & { readonly status?: PodDisruptionBudgetStatus } = {}) {
  const { status, ...rest } = more;
  const budget: PodDisruptionBudget = { metadata: { name: 'web', generation: 2 }, spec, status };
  return reconcileDisruption({ budget, pods: pods(3), scale: replicas(3), ...rest }, now);
}

/** `allowed, healthy/desired of expected`. */
function textOf(status: PodDisruptionBudgetStatus | undefined): string {
  if (status === undefined) return 'unchanged';
  const { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } = status;
  return `${disruptionsAllowed} allowed, ${currentHealthy}/${desiredHealthy} of ${expectedPods}`;
}

describe('reconcileDisruption', () => {
  it.each([
    { name: 'a number that must stay', spec: { minAvailable: 2 }, more: {}, text: '1 allowed, 3/2 of 3' },
    { name: 'a number that may go', spec: { maxUnavailable: 1 }, more: {}, text: '1 allowed, 3/2 of 3' },
    {
      name: 'a share that must stay is rounded up',
      spec: { minAvailable: '50%' },
      more: { pods: pods(7), scale: replicas(7) },
      text: '3 allowed, 7/4 of 7',
    },
    {
      name: 'a share that may go is rounded up',
      spec: { maxUnavailable: '30%' },
      more: { pods: pods(7), scale: replicas(7) },
      text: '3 allowed, 7/4 of 7',
    },
    {
      name: 'pods that should be there and are not count as gone',
      spec: { maxUnavailable: 1 },
      more: { pods: pods(2) },
      text: '0 allowed, 2/2 of 3',
    },
    {
      name: 'a pod that is not ready counts as gone',
      spec: { minAvailable: 2 },
      more: { pods: [pod('a'), pod('b'), pod('c', { ready: false })] },
      text: '0 allowed, 2/2 of 3',
    },
    {
      name: 'a pod that is being deleted counts as gone',
      spec: { minAvailable: 2 },
      more: { pods: [pod('a'), pod('b'), pod('c', { leaving: true })] },
      text: '0 allowed, 2/2 of 3',
    },
    {
      name: 'nothing may go of nothing',
      spec: { maxUnavailable: 1 },
      more: { pods: [], scale: replicas(0) },
      text: '0 allowed, 0/0 of 0',
    },
    { name: 'without a bound everything may go', spec: {}, more: {}, text: '3 allowed, 3/0 of 3' },
  ])('$name', ({ spec, more, text }) => {
    expect(textOf(observe(spec, more).status)).toBe(text);
  });

  const evicted = (since: string): PodDisruptionBudgetStatus => ({
    disruptionsAllowed: 0,
    currentHealthy: 3,
    desiredHealthy: 2,
    expectedPods: 3,
    disruptedPods: { p0: since },
  });

  it('counts an evicted pod as gone until its deletion shows', () => {
    const { status, requeueAfter } = observe({ minAvailable: 2 }, { status: evicted(ago(20)) });
    expect(textOf(status)).toBe('0 allowed, 2/2 of 3');
    expect(status?.disruptedPods).toEqual({ p0: ago(20) });
    expect(requeueAfter).toBe(100_000);
  });

  it('counts it again when it lives on, and says so', () => {
    const { status, actions } = observe({ minAvailable: 2 }, { status: evicted(ago(121)) });
    expect(textOf(status)).toBe('1 allowed, 3/2 of 3');
    expect(status).not.toHaveProperty('disruptedPods');
    expect(actions.map(({ reason }) => reason)).toEqual(['NotDeleted']);
  });

  it('says in a condition whether something may go', () => {
    const conditionOf = (spec: Spec): unknown => observe(spec).status?.conditions;
    expect(conditionOf({ minAvailable: 2 })).toMatchObject([
      { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', observedGeneration: 2 },
    ]);
    expect(conditionOf({ minAvailable: 3 })).toMatchObject([{ status: 'False', reason: 'InsufficientPods' }]);
  });

  it('allows nothing while nobody knows how many pods there should be', () => {
    const scale = { kind: 'unknown', why: 'Job "x" does not say how many pods it wants' } as const;
    const { status, actions } = observe({ maxUnavailable: 1 }, { scale });
    expect(status).toMatchObject({ disruptionsAllowed: 0, conditions: [{ reason: 'SyncFailed', message: scale.why }] });
    expect(actions).toMatchObject([{ reason: 'CalculateExpectedPodCountFailed' }]);
  });

  it('leaves a status that is true as it is', () => {
    const { status } = observe({ minAvailable: 2 });
    expect(observe({ minAvailable: 2 }, status === undefined ? {} : { status })).toEqual({
      actions: [],
      status: undefined,
      requeueAfter: undefined,
    });
  });
});
