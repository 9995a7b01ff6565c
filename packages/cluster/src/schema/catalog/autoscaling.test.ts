import type { AutoscalingV2HorizontalPodAutoscalerSpec } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { horizontalPodAutoscaler } from './autoscaling.ts';

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

function scalerOf(spec: Partial<AutoscalingV2HorizontalPodAutoscalerSpec> = {}) {
  return { metadata: {}, spec: { scaleTargetRef, maxReplicas: 10, ...spec } };
}

describe('a HorizontalPodAutoscaler', () => {
  it('aims at 80% of CPU unless it says otherwise', () => {
    expect(horizontalPodAutoscaler.applyDefaults(scalerOf({ behavior: {} }))).toMatchObject({
      spec: {
        minReplicas: 1,
        metrics: [{ resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
        behavior: { scaleUp: { stabilizationWindowSeconds: 0 }, scaleDown: { selectPolicy: 'Max' } },
      },
    });
    expect(faultsOf(horizontalPodAutoscaler, scalerOf({ behavior: {} }))).toEqual([]);
  });

  it.each<{ readonly spec: object; readonly fault: string }>([
    { spec: { maxReplicas: 0 }, fault: 'spec.maxReplicas: Invalid value: 0: must be greater than 0' },
    {
      spec: { minReplicas: 11 },
      fault: 'spec.maxReplicas: Invalid value: 10: must be greater than or equal to `minReplicas`',
    },
    { spec: { scaleTargetRef: {} }, fault: 'spec.scaleTargetRef.kind: Required value' },
    {
      spec: { metrics: [{ type: 'Resource' }] },
      fault: 'spec.metrics[0].resource: Required value: must populate information for the given metric source',
    },
    {
      spec: { metrics: [{ type: 'Weather' }] },
      fault:
        'spec.metrics[0].type: Unsupported value: "Weather": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
    },
    {
      spec: { metrics: [{ type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue' } } }] },
      fault:
        'spec.metrics[0].pods.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    },
    {
      spec: { behavior: { scaleDown: { policies: [] } } },
      fault: 'spec.behavior.scaleDown.policies: Required value: must specify at least one Policy',
    },
  ])('is refused with $fault', ({ spec, fault }) => {
    expect(faultsOf(horizontalPodAutoscaler, scalerOf(spec))).toContain(fault);
  });

  it('shows what it measures', () => {
    expect(columnsOf(horizontalPodAutoscaler)).toEqual([
      'Name',
      'Reference',
      'Targets',
      'MinPods',
      'MaxPods',
      'Replicas',
      'Age',
    ]);
    const cpu = {
      type: 'Resource' as const,
      resource: { name: 'cpu', target: { type: 'Utilization' as const, averageUtilization: 80 } },
    };
    const rps = {
      type: 'Pods' as const,
      pods: { metric: { name: 'rps' }, target: { type: 'AverageValue' as const, averageValue: '100' } },
    };
    const currentMetrics = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 12 } } }];
    const shown = { ...scalerOf({ metrics: [cpu, rps] }), status: { currentMetrics, desiredReplicas: 1 } };
    expect(rowOf(horizontalPodAutoscaler, shown)).toMatchObject({
      Reference: 'Deployment/web',
      Targets: 'cpu: 12%/80%, <unknown>/100',
      MinPods: '<unset>',
    });
  });
});
