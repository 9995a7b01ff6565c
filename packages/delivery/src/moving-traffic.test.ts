import type { Pod } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { releaseSpec } from '../testing/records.ts';
import type { Release } from './api/release.ts';
import { planMove } from './moving-traffic.ts';
import { annotations, labels } from './names.ts';
import type { Observation, VersionView } from './observation.ts';
import { emptyObservation } from '../testing/empty-observation.ts';

const release: Release = {
  metadata: { name: 'shop-v1', namespace: 'default' },
  spec: releaseSpec({ version: 'v1', drainSeconds: 1 }),
};

const observation: Observation = {
  ...emptyObservation({
    metadata: { name: 'shop', namespace: 'default' },
    spec: { replicas: 2, template: {}, route: { hosts: ['shop.localhost'] } },
  }),
  releases: [release],
  gateways: ['gateway'],
};

function readyPod(name: string, metadata: Pod['metadata'] = {}): Pod {
  const own = { name, labels: { [labels.release]: 'shop-v1', ...metadata.labels }, annotations: metadata.annotations };
  return { metadata: own, status: { conditions: [{ type: 'Ready', status: 'True' }] } };
}

function view(pods: readonly Pod[]): VersionView {
  const replicaSet = { metadata: { name: 'shop-v1-0' }, spec: { replicas: pods.length, selector: {} } };
  return { release, replicaSet, pods, ready: pods, backends: [], serving: [], arriving: [], listed: [] };
}

describe('moving all traffic', () => {
  const behind = readyPod('a', { labels: { [labels.backend]: 'true' } });

  test('changes the split first', () => {
    expect(planMove({ observation, to: view([behind]), from: undefined }).actions).toEqual([
      { type: 'setSplit', weights: { 'shop-v1': 100 } },
    ]);
  });

  test('calls back a pod that was about to leave before it gives its version the weight', () => {
    const left = readyPod('b', { annotations: { [annotations.leftAt]: '2026-01-01T00:00:00Z' } });
    expect(planMove({ observation, to: view([behind, left]), from: undefined }).actions).toEqual([
      { type: 'setServing', release: 'shop-v1', pods: ['b'], serves: true, backend: true, template: false },
    ]);
  });
});
