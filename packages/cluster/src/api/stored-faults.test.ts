import type { Deployment, Ingress, IngressSpec } from '@slipway/kube/api.generated';
import { deployments, ingresses } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';
import { storeKey } from './object-key.ts';

const key = { namespace: 'default', name: 'web' };
const labels = { app: 'web' };
const nodeSelector = { 'bad key': 'x' };

const deployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { ...key, uid: 'u', finalizers: ['example.org/hold'], creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { nodeSelector, containers: [{ name: 'web', image: 'web:1' }] } },
  },
};

const http = {
  paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
};

const ingressSpec: IngressSpec = { rules: [{ host: '*.*.a', http }], tls: [{ secretName: 'Key' }] };

const ingress: Ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { ...key, uid: 'i', finalizers: ['example.org/hold'], creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: ingressSpec,
};

let cluster: MemoryCluster;

/** Past the rules, as an older version has written it. */
function stored(type: typeof deployments | typeof ingresses, object: Deployment | Ingress): Promise<number> {
  const encode = (revision: number): string =>
    JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
  return cluster.store.write({ key: storeKey(type, key.namespace, key.name), expected: 0, encode });
}

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

describe('a Deployment that was stored with a fault', () => {
  beforeEach(() => stored(deployments, deployment));

  const patch = (body: object, subresource?: 'scale'): Promise<Deployment> =>
    cluster.client.patch(deployments, key, { type: 'merge', body }, subresource === undefined ? {} : { subresource });

  it('is not taken again', async () => {
    const again = { ...deployment, metadata: { ...key, name: 'other' } };
    await expect(cluster.client.create(deployments, again)).rejects.toThrow('bad key');
  });

  it('is scaled and annotated', async () => {
    await patch({ spec: { replicas: 3 } }, 'scale');
    await patch({ metadata: { annotations: { note: 'a' } } });
    expect(await cluster.client.get(deployments, key)).toMatchObject({
      metadata: { annotations: { note: 'a' } },
      spec: { replicas: 3, template: { spec: { nodeSelector } } },
    });
  });

  it('goes with its finalizer', async () => {
    await cluster.client.delete(deployments, key);
    expect((await cluster.client.get(deployments, key)).metadata.deletionTimestamp).toBeDefined();
    await patch({ metadata: { finalizers: null } });
    await expect(cluster.client.get(deployments, key)).rejects.toThrow('not found');
  });

  it.each<{ name: string; body: object; subresource?: 'scale'; fault: string }>([
    {
      name: 'of the same field',
      body: { spec: { template: { spec: { nodeSelector: { 'worse key': 'x' } } } } },
      fault: 'worse key',
    },
    { name: 'of another field', body: { spec: { minReadySeconds: -1 } }, fault: 'spec.minReadySeconds' },
    { name: 'of its part', body: { spec: { replicas: -1 } }, subresource: 'scale', fault: 'spec.replicas' },
    { name: 'of its metadata', body: { metadata: { labels: { a: 'b c' } } }, fault: 'metadata.labels' },
    {
      name: 'of the change',
      body: { spec: { selector: { matchLabels: { tier: 'a' } } } },
      fault: 'field is immutable',
    },
  ])('gets no new one $name', async ({ body, subresource, fault }) => {
    const refused = patch(body, subresource);
    await expect(refused).rejects.toThrow(fault);
    await expect(refused).rejects.not.toThrow('bad key');
  });
});

describe('an Ingress that was stored with faults', () => {
  beforeEach(() => stored(ingresses, ingress));

  it.each<{ name: string; spec: IngressSpec }>([
    { name: 'as it is', spec: ingressSpec },
    { name: 'mended', spec: { rules: [{ http }] } },
  ])('is written $name', async ({ spec }) => {
    expect(await cluster.client.update(ingresses, { metadata: key, spec })).toMatchObject({ spec });
  });

  it.each<{ name: string; spec: IngressSpec; fault: string }>([
    { name: 'fault', spec: { ...ingressSpec, ingressClassName: 'A' }, fault: 'spec.ingressClassName' },
    { name: 'wrong value', spec: { ...ingressSpec, tls: [{ secretName: 'Keys' }] }, fault: 'spec.tls[0].secretName' },
  ])('gets no other $name', async ({ spec, fault }) => {
    await expect(cluster.client.update(ingresses, { metadata: key, spec })).rejects.toThrow(fault);
  });
});
