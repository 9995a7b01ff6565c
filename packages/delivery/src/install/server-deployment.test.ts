/** What `slipway install --server` writes, held to an API server that reads every field strictly. */
import type { Pod, PolicyRule } from '@slipway/kube/api.generated';
import { deployments, namespaces, persistentVolumeClaims, pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlledCluster, type ControlledCluster } from '../../../cluster/testing/controlled-cluster.ts';
import { homeNamespace, serverName } from './names.ts';
import { serverManifests } from './server-installation.ts';

const image = 'slipway:1';
const key = { namespace: homeNamespace, name: serverName };
let cluster: ControlledCluster;

beforeEach(async () => {
  // A pod that is told to end takes a while to.
  cluster = await createControlledCluster({ goneAfter: 1_000 });
  await cluster.client.create(namespaces, { metadata: { name: homeNamespace } });
});
afterEach(() => cluster.stop());

async function write(secret?: string): Promise<void> {
  for (const { type, object } of serverManifests({ image, secret }))
    await cluster.client.create(type, object, { fieldValidation: 'Strict', fieldManager: 'slipway-install' });
}

describe('the server with SQLite', () => {
  it('is taken by an API server, with its file on a volume that it may write as nobody', async () => {
    await write();
    const claim = await cluster.client.get(persistentVolumeClaims, key);
    expect(claim.spec).toMatchObject({ accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } });
    const { spec } = await cluster.client.get(deployments, key);
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const pod = spec?.template.spec;
    expect(pod?.securityContext).toMatchObject({
      runAsUser: 65_532,
      fsGroup: 65_532,
      fsGroupChangePolicy: 'OnRootMismatch',
    });
    expect(pod?.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: serverName } });
    const [container] = pod?.containers ?? [];
    const { mountPath } = container?.volumeMounts?.find(({ name }) => name === 'data') ?? {};
    // All that it writes to: the rest is read-only.
    expect(container?.args?.join(' ')).toContain(`--data-dir ${mountPath}`);
    expect(container?.volumeMounts?.map((mount) => mount.mountPath)).toEqual(['/tmp', mountPath]);
    expect(container?.securityContext?.readOnlyRootFilesystem).toBe(true);
  });

  it('never has two pods that could write its file, also while it is replaced', async () => {
    await write();
    const seen: number[] = [];
    const watch = async (): Promise<readonly Pod[]> => {
      const { items } = await cluster.client.list(pods, { namespace: homeNamespace });
      seen.push(items.length);
      return items;
    };
    for (let next = 2; next < 5; next += 1) {
      for (let looks = 0; looks < 200; looks += 1) {
        await cluster.advance(100);
        await watch();
      }
      const containers = [{ name: 'server', image: `slipway:${next}` }];
      const body = { spec: { template: { spec: { containers } } } };
      await cluster.client.patch(deployments, key, { type: 'strategic', body });
    }
    await cluster.advance(60_000);
    const [pod] = await watch();
    expect(pod?.spec?.containers[0]?.image).toBe('slipway:4');
    expect(Math.max(...seen)).toBe(1);
  });
});

it('the server with PostgreSQL is taken by an API server, with a volume of no claim', async () => {
  await write('slipway-database');
  const { spec } = await cluster.client.get(deployments, key);
  expect(spec).toMatchObject({ replicas: 2, strategy: { type: 'RollingUpdate' } });
  expect(spec?.template.spec?.volumes).toContainEqual({ name: 'data', emptyDir: {} });
  await expect(cluster.client.get(persistentVolumeClaims, key)).rejects.toThrow('not found');
});

describe('the rights of the server', () => {
  const creating = (given: { readonly namespace?: string; readonly triesObjects?: boolean }): readonly string[] =>
    serverManifests({ image, ...given })
      .flatMap(({ object }) => ('rules' in object ? (object.rules as readonly PolicyRule[]) : []))
      .flatMap(({ verbs, resources = [] }) => (verbs.includes('create') ? resources : []));
  const trials = ['replicasets', 'jobs', 'services'];

  it.each([{}, { namespace: 'shop' }])('are to create what runs only where dry runs are to try it: %j', (place) => {
    expect(creating(place).filter((resource) => trials.includes(resource))).toEqual([]);
    expect(creating({ ...place, triesObjects: true })).toEqual(expect.arrayContaining(trials));
  });
});
