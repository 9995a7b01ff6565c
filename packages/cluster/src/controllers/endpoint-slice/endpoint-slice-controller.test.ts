import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { endpoints, endpointSlices, services } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createMemoryCluster } from '../../../testing/memory-cluster.ts';
import { createSharedInformers, startSharedInformers } from '../shared-informers.ts';
import { startEndpointSliceController } from './endpoint-slice-controller.ts';

const stopping: AbortController[] = [];

afterEach(() => {
  for (const stop of stopping.splice(0)) stop.abort();
});

/** The kinds that were written to, in order; those of `held` are never acknowledged. */
async function writesWhile(held: string): Promise<readonly string[]> {
  const clock = new FakeClock();
  const cluster = await createMemoryCluster({ clock });
  const stop = new AbortController();
  stopping.push(stop);
  const { signal } = stop;
  const written: string[] = [];
  const create: KubeClient['create'] = (type, ...args) => {
    written.push(type.kind);
    return type.kind === held ? new Promise<never>(() => undefined) : cluster.client.create(type, ...args);
  };
  const common = { client: { ...cluster.client, create }, clock, random: () => 0.5, logger: silentLogger, signal };
  const informers = createSharedInformers({ ...common, client: cluster.client });
  startSharedInformers(informers, signal);
  startEndpointSliceController({ ...common, informers });
  await cluster.client.create(services, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
  });
  await clock.advance(100);
  return written;
}

describe('of a Service', () => {
  it.each([endpointSlices.kind, endpoints.kind])('all is written, whoever waits for its %s', async (held) => {
    expect((await writesWhile(held)).toSorted()).toEqual([endpointSlices.kind, endpoints.kind].toSorted());
  });
});
