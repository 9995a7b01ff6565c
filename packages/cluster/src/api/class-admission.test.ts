import type { PersistentVolumeClaim, Pod } from '@slipway/kube/api.generated';
import { persistentVolumeClaims, pods, runtimeClasses, storageClasses } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

function claim(name: string, storageClassName?: string): Promise<PersistentVolumeClaim> {
  return cluster.client.create(persistentVolumeClaims, {
    metadata: { name, namespace: 'default' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
    },
  });
}

function pod(name: string, runtimeClassName: string): Promise<Pod> {
  return cluster.client.create(pods, {
    metadata: { name, namespace: 'default' },
    spec: { runtimeClassName, nodeSelector: { disk: 'fast' }, containers: [{ name: 'web', image: 'web:1' }] },
  });
}

describe('a claim that names no class', () => {
  it('gets the default one, where there is one', async () => {
    expect((await claim('before')).spec).not.toHaveProperty('storageClassName');
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    await cluster.client.create(storageClasses, { metadata: { name: 'usual', annotations }, provisioner: 'a.b/c' });
    expect((await claim('after')).spec?.storageClassName).toBe('usual');
    expect((await claim('none', '')).spec?.storageClassName).toBe('');
    expect((await claim('other', 'fast')).spec?.storageClassName).toBe('fast');
  });
});

describe('a pod that names a runtime', () => {
  it('takes what that needs beside it', async () => {
    await cluster.client.create(runtimeClasses, {
      metadata: { name: 'boxed' },
      handler: 'boxed',
      overhead: { podFixed: { memory: '64Mi' } },
      scheduling: { nodeSelector: { boxes: 'yes' } },
    });
    expect((await pod('web', 'boxed')).spec).toMatchObject({
      overhead: { memory: '64Mi' },
      nodeSelector: { disk: 'fast', boxes: 'yes' },
    });
    await expect(pod('lost', 'none')).rejects.toThrow(
      'pods "lost" is forbidden: pod rejected: RuntimeClass "none" not found',
    );
  });
});
