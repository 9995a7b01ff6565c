import type { AutoscalingV2HorizontalPodAutoscalerStatus } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import { deployments, events, horizontalPodAutoscalers } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createControlledCluster,
  getDeployment,
  webDeployment,
  type ControlledCluster,
} from '../../../testing/controlled-cluster.ts';
import { reconcileAutoscaler } from './reconcile-autoscaler.ts';

let cluster: ControlledCluster;

beforeEach(async () => {
  cluster = await createControlledCluster();
});

afterEach(() => cluster.stop());

const key = { namespace: 'default', name: 'web' };

async function given(minReplicas: number, maxReplicas: number): Promise<void> {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const spec = { scaleTargetRef, minReplicas, maxReplicas };
  await cluster.client.create(horizontalPodAutoscalers, { metadata: key, spec });
  await cluster.advance(20_000);
}

async function statusOf(): Promise<AutoscalingV2HorizontalPodAutoscalerStatus | undefined> {
  return (await cluster.client.get(horizontalPodAutoscalers, key)).status;
}

describe('a HorizontalPodAutoscaler', () => {
  it.each([
    { replicas: 5, minimum: 1, maximum: 3, size: 3 },
    { replicas: 1, minimum: 2, maximum: 3, size: 2 },
    { replicas: 2, minimum: 1, maximum: 3, size: 2 },
    { replicas: 0, minimum: 1, maximum: 3, size: 0 },
  ])('makes $size of $replicas between $minimum and $maximum', async ({ replicas, minimum, maximum, size }) => {
    await cluster.client.create(deployments, webDeployment({ replicas }));
    await given(minimum, maximum);
    expect((await getDeployment(cluster.client)).spec?.replicas).toBe(size);
    const { currentReplicas = 0, ...status } = (await statusOf()) ?? {};
    expect(currentReplicas).toBe(size);
    expect(status).toMatchObject({ desiredReplicas: size, observedGeneration: 1 });
  });

  it('has nothing to write where nothing has changed, of no replicas neither', async () => {
    await cluster.client.create(deployments, webDeployment({ replicas: 0 }));
    await given(1, 3);
    const autoscaler = await cluster.client.get(horizontalPodAutoscalers, key);
    const again = reconcileAutoscaler({ autoscaler, scale: { wanted: 0, current: 0 } }, cluster.clock.now());
    expect(again).toMatchObject({ actions: [], status: undefined });
  });

  it('says that there is nothing that measures', async () => {
    await cluster.client.create(deployments, webDeployment({ replicas: 5 }));
    await given(1, 3);
    const { conditions } = (await statusOf()) ?? {};
    expect(findCondition(conditions, 'AbleToScale')).toMatchObject({ status: 'True', reason: 'SucceededGetScale' });
    expect(findCondition(conditions, 'ScalingActive')).toMatchObject({
      status: 'False',
      reason: 'FailedGetResourceMetric',
    });
    const { items } = await cluster.client.list(events, { fieldSelector: 'reason=SuccessfulRescale' });
    expect(items.map(({ message }) => message)).toEqual([
      'New size: 3; reason: Current number of replicas above Spec.MaxReplicas',
    ]);
  });

  it('says that its target is not there, until it is', async () => {
    await given(2, 3);
    expect(findCondition((await statusOf())?.conditions, 'AbleToScale')).toMatchObject({
      status: 'False',
      reason: 'FailedGetScale',
      message: expect.stringContaining('deployments.apps "web" not found'),
    });
    await cluster.client.create(deployments, webDeployment({ replicas: 1 }));
    await cluster.advance(20_000);
    expect((await getDeployment(cluster.client)).spec?.replicas).toBe(2);
  });
});
