import { createClient } from '@slipway/kube/kube-client';
import { clusterRoleBindings, clusterRoles, configMaps, secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { reconcileAggregation } from '../../controllers/cluster-role-aggregation/cluster-role-aggregation-controller.ts';
import { applyDefaultPolicy } from './reconcile-policy.ts';

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
  await applyDefaultPolicy(cluster.client);
});

afterEach(() => cluster.close());

describe('the default roles', () => {
  it('need no second write', async () => {
    const before = cluster.store.revision;
    await applyDefaultPolicy(cluster.client);
    expect(cluster.store.revision).toBe(before);
  });

  it('come as the controller of sums would leave them', async () => {
    const { items: all } = await cluster.client.list(clusterRoles);
    for (const sum of all) expect(reconcileAggregation({ sum, all })).toEqual({ actions: [] });
  });

  it('let people read, and no Secrets, by view; and these too by edit', async () => {
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
    const subjects = [{ kind: 'User', name: 'jane' }];
    await cluster.client.create(clusterRoleBindings, { metadata: { name: 'jane' }, roleRef, subjects });
    const editors = { ...roleRef, name: 'edit' };
    const joe = [{ kind: 'User', name: 'joe' }];
    await cluster.client.create(clusterRoleBindings, { metadata: { name: 'joe' }, roleRef: editors, subjects: joe });
    const clientOf = (user: string) => createClient(cluster.api.transportFor({ user, groups: [] }));
    await expect(clientOf('jane').list(configMaps)).resolves.toBeDefined();
    await expect(clientOf('jane').list(secrets)).rejects.toMatchObject({ reason: 'Forbidden' });
    await expect(clientOf('joe').list(secrets)).resolves.toBeDefined();
  });

  it('get back what they lost and keep what they got', async () => {
    const added = { verbs: ['get'], apiGroups: ['x.io'], resources: ['ships'] };
    const key = { name: 'system:public-info-viewer' };
    await cluster.client.patch(clusterRoles, key, { type: 'merge', body: { rules: [added] } });
    await applyDefaultPolicy(cluster.client);
    const { rules } = await cluster.client.get(clusterRoles, key);
    expect(rules).toContainEqual(added);
    expect(rules).toContainEqual({ verbs: ['get'], nonResourceURLs: ['/healthz'] });
  });

  it('stay as people left them where they are not to be updated', async () => {
    const key = { name: 'system:discovery' };
    const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    const body = { metadata: { annotations }, subjects: [] };
    await cluster.client.patch(clusterRoleBindings, key, { type: 'merge', body });
    await applyDefaultPolicy(cluster.client);
    expect((await cluster.client.get(clusterRoleBindings, key)).subjects).toBeUndefined();
  });
});

describe('a role that sums up others', () => {
  it('takes in whatever is labelled for it, each rule once', () => {
    const rule = { verbs: ['get'], apiGroups: ['x.io'], resources: ['ships'] };
    const labels = { 'x.io/sum': 'true' };
    const sum = {
      metadata: { name: 'sum', labels },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: labels }] },
    };
    const parts = ['a', 'b'].map((name) => ({ metadata: { name, labels }, rules: [rule] }));
    const other = { metadata: { name: 'c' }, rules: [{ ...rule, verbs: ['*'] }] };
    expect(reconcileAggregation({ sum, all: [sum, ...parts, other] })).toEqual({
      actions: [{ kind: 'setRules', rules: [rule] }],
    });
  });
});
