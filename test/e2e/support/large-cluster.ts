/** 500 Applications and 5,000 pods of one of them, which are there for the server and for nobody else. */
import { applications, type Application } from '@slipway/delivery/api/application';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { pods } from '@slipway/kube/resources';

export const fleet = 500;
export const podsOfOne = 5_000;
export const namespace = 'fleet';
const createdAt = '2026-01-01T00:00:00Z';

function nameOf(index: number): string {
  return index === 0 ? 'huge' : `service-${String(index).padStart(3, '0')}`;
}

const manyApplications: readonly Application[] = Array.from({ length: fleet }, (_, index) => ({
  apiVersion: 'slipway.dev/v1alpha1',
  kind: 'Application',
  metadata: { namespace, name: nameOf(index), uid: `a${index}`, resourceVersion: '1', creationTimestamp: createdAt },
  spec: { version: '1', replicas: index === 0 ? podsOfOne : 10, template: {} },
  status: {
    phase: 'Stable',
    readyReplicas: index === 0 ? podsOfOne : 10,
    serving: { version: '1', release: `${nameOf(index)}-1`, hash: 'h1' },
  },
}));

function podOf(application: string, index: number): Pod {
  const isReady = application !== 'huge' || index % 1_000 !== 0;
  return {
    metadata: {
      namespace,
      name: `${application}-${String(index).padStart(4, '0')}`,
      uid: `${application}-${index}`,
      resourceVersion: '1',
      creationTimestamp: createdAt,
      labels: { 'slipway.dev/application': application, 'slipway.dev/serves': 'true' },
      annotations: { 'slipway.dev/version': '1' },
    },
    spec: { nodeName: `node-${index % 100}`, containers: [{ name: 'web', image: 'registry.example.org/web:1' }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False', reason: 'Probe', message: 'answers 503' }],
      containerStatuses: [
        {
          name: 'web',
          image: 'registry.example.org/web:1',
          imageID: '',
          ready: isReady,
          restartCount: isReady ? 0 : 2,
        },
      ],
    },
  };
}

const manyPods: readonly Pod[] = manyApplications.flatMap(({ metadata: { name = '' }, spec }) =>
  Array.from({ length: spec.replicas ?? 0 }, (_, index) => podOf(name, index)),
);

/** For the server there are all of them, and for nobody else: no controller works on them. */
export function withMany(client: KubeClient): KubeClient {
  return new Proxy(client, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      if (property !== 'list') return value.bind(target);
      return async (type: object, ...options: readonly unknown[]) => {
        const list = await Reflect.apply(value, target, [type, ...options]);
        const more = type === pods ? manyPods : type === applications ? manyApplications : [];
        return { ...list, items: [...list.items, ...more] };
      };
    },
  });
}
