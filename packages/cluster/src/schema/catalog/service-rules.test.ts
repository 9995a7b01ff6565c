import type { ServiceSpec } from '@slipway/kube/api.generated';
import { services } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';

const key = { namespace: 'default', name: 'web' };
const ports = [{ port: 80 }];

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});
afterEach(() => cluster.close());

async function created(spec: ServiceSpec): Promise<ServiceSpec | undefined> {
  return (await cluster.client.create(services, { metadata: key, spec: { ports, ...spec } })).spec;
}

async function changed(spec: object): Promise<ServiceSpec | undefined> {
  return (await cluster.client.patch(services, key, { type: 'merge', body: { spec } })).spec;
}

describe('a Service', () => {
  it.each<{ spec: object; fault: string }>([
    {
      spec: { type: 'NodePort', externalTrafficPolicy: 'Foo' },
      fault: 'spec.externalTrafficPolicy: Unsupported value: "Foo": supported values: "Cluster", "Local"',
    },
    {
      spec: { externalTrafficPolicy: 'Local' },
      fault: 'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    },
    {
      spec: { internalTrafficPolicy: 'Foo' },
      fault: 'spec.internalTrafficPolicy: Unsupported value: "Foo": supported values: "Cluster", "Local"',
    },
    {
      spec: { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 90_000 } } },
      fault:
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 90000: must be greater than 0 and less than 86400',
    },
    {
      spec: { type: 'ExternalName', externalName: 'a b' },
      fault: 'spec.externalName: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of',
    },
    { spec: { type: 'ExternalName' }, fault: 'spec.externalName: Required value' },
  ])('is refused for $fault', async ({ spec, fault }) => {
    await expect(created(spec)).rejects.toMatchObject({ code: 422, message: expect.stringContaining(fault) });
  });

  it('leads a client to its pod for three hours if nothing else is said', async () => {
    const spec = await created({ sessionAffinity: 'ClientIP' });
    expect(spec?.sessionAffinityConfig).toEqual({ clientIP: { timeoutSeconds: 10_800 } });
    expect(await changed({ sessionAffinity: 'None' })).not.toHaveProperty('sessionAffinityConfig');
  });

  it('loses with its type what only that type has', async () => {
    expect(await created({ type: 'NodePort' })).toMatchObject({ externalTrafficPolicy: 'Cluster' });
    expect(await changed({ type: 'ClusterIP' })).not.toHaveProperty('externalTrafficPolicy');
    expect(await changed({ externalIPs: ['10.1.2.3'] })).toMatchObject({ externalTrafficPolicy: 'Cluster' });
  });
});
