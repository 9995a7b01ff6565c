import type { Pod } from '@slipway/kube/api.generated';
import { Informer } from '@slipway/kube/informer';
import { pods } from '@slipway/kube/resources';
import { afterAll, expect, test } from 'vitest';
import {
  createDeliveryCluster,
  type DeliveryCluster,
  type DeliveryClusterOptions,
} from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import { labels } from '../names.ts';

function spec(image: string): Partial<ApplicationSpec> {
  return {
    replicas: 2,
    template: { spec: { containers: [{ name: 'web', image }] } },
    service: { ports: [{ port: 80 }] },
    route: { hosts: ['shop.localhost'] },
    healthCheck: { path: '/health', type: 'probe', timeoutSeconds: 5 },
    strategy: { type: 'rolling', rolling: { maxSurge: 1, maxUnavailable: 0 } },
    guardSeconds: 1,
    drainSeconds: 1,
  };
}

interface Told {
  readonly cluster: DeliveryCluster;
  /** Of the controller, the last of which brought a pod of the second version into the Service. */
  readonly writes: number;
}

async function released(options: DeliveryClusterOptions): Promise<Told> {
  const cluster = await createDeliveryCluster(options);
  running.push(cluster);
  await cluster.deploy(spec('a'));
  await cluster.advance(30_000);
  let writes = 0;
  const labelSelector = `${labels.release}=shop-2,${labels.serves}=true`;
  const joined = new Informer<Pod>({ client: cluster.client, clock: cluster.clock, type: pods, labelSelector });
  joined.onChange(({ current }) => {
    if (current !== undefined && writes === 0) writes = cluster.deliveryWrites;
  });
  joined.start(watching.signal);
  await cluster.deploy(spec('b'));
  await cluster.advance(30_000);
  return { cluster, writes };
}

const running: DeliveryCluster[] = [];
const watching = new AbortController();
afterAll(async () => {
  watching.abort();
  for (const cluster of running) await cluster.stop();
});

test('a controller that does not know what the pods said, which serve already, goes on', async () => {
  const { writes } = await released({});
  for (const crashAfterWrites of [writes, writes + 1]) {
    const { cluster } = await released({ crashAfterWrites });
    const { status } = await cluster.release('2');
    expect([status?.phase, status?.waitingFor]).toEqual(['Succeeded', undefined]);
  }
});
