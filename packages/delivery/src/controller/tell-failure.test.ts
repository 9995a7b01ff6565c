import { events, services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';

let cluster: DeliveryCluster;

beforeEach(async () => {
  cluster = await createDeliveryCluster();
});
afterEach(() => cluster.stop());

async function deploy(service: ApplicationSpec['service']): Promise<void> {
  const template = { spec: { containers: [{ name: 'web', image: 'a' }] } };
  await cluster.deploy({ template, guardSeconds: 0, ...(service === undefined ? {} : { service }) });
  await cluster.advance(20_000);
}

async function waitingFor(): Promise<string | undefined> {
  return (await cluster.application()).status?.waitingFor;
}

async function warnings(): Promise<readonly string[]> {
  const { items } = await cluster.client.list(events, { namespace: 'default' });
  return items.flatMap(({ reason, message }) => (reason === 'WriteRefused' ? [message ?? ''] : []));
}

describe('what the API server refuses', () => {
  test('is what the Application waits for, until spec asks for something else', async () => {
    const ports = [{ port: 80 }];
    await deploy({ ports });
    expect(await waitingFor()).toBeUndefined();
    await deploy({ ports, clusterIP: 'None' });
    expect(await waitingFor()).toMatch(/^the API server to take what was decided: .*spec\.clusterIP/);
    expect(await warnings()).toEqual([expect.stringContaining('spec.clusterIP')]);
    await deploy({ ports });
    expect(await waitingFor()).toBeUndefined();
  });

  test('is named where an object of somebody else is in the way, until that is gone', async () => {
    await deploy(undefined);
    const key = { namespace: 'default', name: 'shop' };
    await cluster.client.create(services, { metadata: key, spec: { ports: [{ port: 80 }] } });
    await deploy({ ports: [{ port: 80 }] });
    expect(await waitingFor()).toContain('the Service default/shop exists and does not belong to this Application');
    await cluster.client.delete(services, key);
    await cluster.advance(100_000);
    expect(await waitingFor()).toBeUndefined();
  });
});
