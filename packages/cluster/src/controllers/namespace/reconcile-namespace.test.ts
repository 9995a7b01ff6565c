import type { Namespace } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import { configMaps, deployments, pods } from '@slipway/kube/resources';
import { describe, expect, it } from 'vitest';
import { reconcileNamespace, type RemainingObjects } from './reconcile-namespace.ts';

const now = Date.UTC(2026, 0, 1);

function leaving(finalizers: readonly string[] = ['kubernetes']): Namespace {
  return { metadata: { name: 'shop', deletionTimestamp: '2026-01-01T00:00:00Z' }, spec: { finalizers } };
}

function remainingPods(
  count: number,
  untouched: number,
  finalizers: Readonly<Record<string, number>> = {},
): RemainingObjects {
  return { type: pods, count, untouched, finalizers: new Map(Object.entries(finalizers)) };
}

describe('reconcileNamespace', () => {
  it('leaves a namespace alone that nobody deletes', () => {
    const namespace: Namespace = { metadata: { name: 'shop' }, spec: { finalizers: ['kubernetes'] } };
    expect(reconcileNamespace({ namespace, remaining: [remainingPods(1, 1)] }, now)).toEqual({ actions: [] });
  });

  it('deletes each kind that is left', () => {
    const remaining = [remainingPods(2, 2), { ...remainingPods(1, 1), type: configMaps }];
    const { actions } = reconcileNamespace({ namespace: leaving(), remaining }, now);
    expect(actions).toEqual([
      { kind: 'deleteAll', type: pods },
      { kind: 'deleteAll', type: configMaps },
    ]);
  });

  it('does not delete again what is on its way, and looks again', () => {
    const plan = reconcileNamespace({ namespace: leaving(), remaining: [remainingPods(2, 0)] }, now);
    expect(plan.actions).toEqual([]);
    expect(plan.requeueAfter).toBeGreaterThan(0);
  });

  it('says what is left and which finalizers it waits for', () => {
    const remaining = [{ ...remainingPods(2, 0, { 'example.com/hold': 1 }), type: deployments }];
    const conditions = reconcileNamespace({ namespace: leaving(), remaining }, now).status?.conditions;
    expect(findCondition(conditions, 'NamespaceContentRemaining')?.message).toBe(
      'Some resources are remaining: deployments.apps has 2 resource instances',
    );
    expect(findCondition(conditions, 'NamespaceFinalizersRemaining')?.message).toBe(
      'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    );
  });

  it('lets an empty namespace go, and keeps the finalizers of others', () => {
    const plan = reconcileNamespace({ namespace: leaving(['kubernetes', 'example.com/hold']), remaining: [] }, now);
    expect(plan.actions).toEqual([{ kind: 'finalize', finalizers: ['example.com/hold'] }]);
  });

  it('plans nothing once its own finalizer is gone', () => {
    expect(reconcileNamespace({ namespace: leaving(['example.com/hold']), remaining: [] }, now).actions).toEqual([]);
  });

  it('does not write the same status again', () => {
    const remaining = [remainingPods(2, 0)];
    const { status } = reconcileNamespace({ namespace: leaving(), remaining }, now);
    const again = reconcileNamespace({ namespace: { ...leaving(), ...(status && { status }) }, remaining }, now + 500);
    expect(again.status).toBeUndefined();
  });
});
