import type { PolicyRule } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { createClient } from '@slipway/kube/kube-client';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';

const group = 'rbac.authorization.k8s.io';
const readPods: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };
const readSecrets: PolicyRule = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] };
const subjects = [{ kind: 'User', name: 'jane' }];

let cluster: MemoryCluster;
let jane: KubeClient;

beforeEach(async () => {
  cluster = await createMemoryCluster();
  jane = createClient(cluster.api.transportFor({ user: 'jane', groups: ['system:authenticated'] }));
});

afterEach(() => cluster.close());

/** Jane may write every kind of this group, and has these rights beside. */
async function grant(...rules: readonly PolicyRule[]): Promise<void> {
  const write = { verbs: ['create', 'patch', 'update', 'get'], apiGroups: [group], resources: ['*'] };
  await cluster.client.create(clusterRoles, { metadata: { name: 'jane' }, rules: [write, ...rules] });
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'jane' };
  await cluster.client.create(clusterRoleBindings, { metadata: { name: 'jane' }, roleRef, subjects });
}

const role = { metadata: { name: 'reader', namespace: 'default' }, rules: [readPods, readSecrets] };

describe('a role', () => {
  it('holds what its writer holds', async () => {
    await grant(readPods, readSecrets);
    await expect(jane.create(roles, role)).resolves.toMatchObject({ metadata: { name: 'reader' } });
  });

  it('holds nothing more', async () => {
    await grant(readPods);
    await expect(jane.create(roles, role)).rejects.toMatchObject({
      reason: 'Forbidden',
      message: [
        'roles.rbac.authorization.k8s.io "reader" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
      ].join('\n'),
    });
  });

  it('holds nothing more after a change either', async () => {
    await grant(readPods);
    await jane.create(roles, { ...role, rules: [readPods] });
    const key = { namespace: 'default', name: 'reader' };
    await expect(
      jane.patch(roles, key, { type: 'merge', body: { rules: role.rules } }, { fieldManager: 'jane' }),
    ).rejects.toThrow('not currently held');
  });

  it('holds anything where its writer may escalate', async () => {
    await grant({ verbs: ['escalate'], apiGroups: [group], resources: ['roles'], resourceNames: ['reader'] });
    await expect(jane.create(roles, role)).resolves.toBeDefined();
  });

  it('sums up others only for those who hold everything', async () => {
    await grant();
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] };
    await expect(jane.create(clusterRoles, { metadata: { name: 'sum' }, aggregationRule })).rejects.toThrow(
      'must have cluster-admin privileges to use an aggregationRule',
    );
  });

  it('lets go of its finalizers whoever asks', async () => {
    await cluster.client.create(roles, { ...role, metadata: { ...role.metadata, finalizers: ['a.io/b'] } });
    await grant();
    const key = { namespace: 'default', name: 'reader' };
    await expect(
      jane.patch(roles, key, { type: 'merge', body: { metadata: { finalizers: [] } } }),
    ).resolves.toBeDefined();
  });
});

describe('a binding', () => {
  const binding = {
    metadata: { name: 'readers', namespace: 'default' },
    roleRef: { apiGroup: group, kind: 'Role', name: 'reader' },
    subjects,
  };

  beforeEach(() => cluster.client.create(roles, role));

  it('gives what its writer holds', async () => {
    await grant(readPods, readSecrets);
    await expect(jane.create(roleBindings, binding)).resolves.toBeDefined();
  });

  it('gives nothing more', async () => {
    await grant(readPods);
    await expect(jane.create(roleBindings, binding)).rejects.toThrow('not currently held');
  });

  it('gives anything where its writer may bind the role', async () => {
    await grant({ verbs: ['bind'], apiGroups: [group], resources: ['roles'], resourceNames: ['reader'] });
    await expect(jane.create(roleBindings, binding)).resolves.toBeDefined();
  });

  it('of a role that there is not is for those only who may bind it', async () => {
    await grant(readPods);
    const roleRef = { ...binding.roleRef, name: 'other' };
    await expect(jane.create(roleBindings, { ...binding, roleRef })).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'role.rbac.authorization.k8s.io "other" not found',
    });
  });
});
