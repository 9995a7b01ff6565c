import type { Pod, PodSpec } from '@slipway/kube/api.generated';
import { pods, serviceAccounts } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../testing/memory-cluster.ts';

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const container = { name: 'a', image: 'a' };

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
});

afterEach(() => cluster.close());

function createPod(spec: Partial<PodSpec> = {}): Promise<Pod> {
  return cluster.client.create(pods, {
    metadata: { name: 'a', namespace: 'default' },
    spec: { containers: [container], ...spec },
  });
}

describe('a pod', () => {
  it('runs as the default account of its namespace, with its token in every container', async () => {
    const { spec } = await createPod({ initContainers: [{ ...container, name: 'b' }] });
    const [volume] = spec?.volumes ?? [];
    expect(spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' });
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
    expect(volume?.projected?.sources).toEqual([
      { serviceAccountToken: { expirationSeconds: 3_607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ]);
    const mount = { name: volume?.name, readOnly: true, mountPath };
    for (const each of [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])])
      expect(each.volumeMounts).toEqual([mount]);
  });

  it('keeps what it mounts there itself', async () => {
    const volumeMounts = [{ name: 'own', mountPath }];
    const { spec } = await createPod({
      containers: [{ ...container, volumeMounts }],
      volumes: [{ name: 'own', emptyDir: {} }],
    });
    expect(spec?.containers[0]?.volumeMounts).toEqual(volumeMounts);
    expect(spec?.volumes).toHaveLength(1);
  });

  it('gets no token where it wants none', async () => {
    const { spec } = await createPod({ automountServiceAccountToken: false });
    expect(spec?.volumes ?? []).toEqual([]);
  });

  it('gets none where its account wants none, unless it says otherwise', async () => {
    await cluster.client.create(serviceAccounts, {
      metadata: { name: 'quiet', namespace: 'default' },
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'pull' }],
    });
    const { spec } = await createPod({ serviceAccountName: 'quiet' });
    expect(spec?.volumes ?? []).toEqual([]);
    expect(spec?.imagePullSecrets).toEqual([{ name: 'pull' }]);
    await cluster.client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    const other = await createPod({ serviceAccountName: 'quiet', automountServiceAccountToken: true });
    expect(other.spec?.volumes).toHaveLength(1);
  });

  it('is refused with an account that there is not', async () => {
    await expect(createPod({ serviceAccountName: 'nobody' })).rejects.toMatchObject({
      reason: 'Forbidden',
      message:
        'pods "a" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
    });
  });
});
