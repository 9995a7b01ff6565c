import type { PolicyRule, RbacV1Subject } from '@slipway/kube/api.generated';
import { clusterRoleBindings, clusterRoles, pods, roleBindings, roles } from '@slipway/kube/resources';
import { createClient } from '@slipway/kube/kube-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import type { Identity } from '../authorization.ts';
import { serviceAccountGroups } from './service-account-names.ts';

const group = 'rbac.authorization.k8s.io';
const readPods: PolicyRule = { verbs: ['list'], apiGroups: [''], resources: ['pods'] };
const jane: Identity = { user: 'jane', groups: ['team', 'system:authenticated'] };
const robot: Identity = {
  user: 'system:serviceaccount:default:robot',
  groups: [...serviceAccountGroups({ namespace: 'default' }), 'system:authenticated'],
};

let cluster: MemoryCluster;

beforeEach(async () => {
  cluster = await createMemoryCluster();
  await cluster.client.create(clusterRoles, { metadata: { name: 'reader' }, rules: [readPods] });
});

afterEach(() => cluster.close());

async function mayList(identity: Identity, namespace?: string): Promise<boolean> {
  const client = createClient(cluster.api.transportFor(identity));
  return client.list(pods, { namespace }).then(
    () => true,
    () => false,
  );
}

function bindCluster(...subjects: readonly RbacV1Subject[]) {
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name: 'reader' };
  return cluster.client.create(clusterRoleBindings, { metadata: { name: 'readers' }, roleRef, subjects });
}

function bindIn(namespace: string, kind: string, ...subjects: readonly RbacV1Subject[]) {
  const roleRef = { apiGroup: group, kind, name: 'reader' };
  return cluster.client.create(roleBindings, { metadata: { name: 'readers', namespace }, roleRef, subjects });
}

describe('bindings', () => {
  it.each([
    { name: 'a user', subject: { kind: 'User', name: 'jane' }, identity: jane },
    { name: 'a group', subject: { kind: 'Group', name: 'team' }, identity: jane },
    { name: 'everybody', subject: { kind: 'Group', name: 'system:authenticated' }, identity: robot },
    {
      name: 'a service account',
      subject: { kind: 'ServiceAccount', name: 'robot', namespace: 'default' },
      identity: robot,
    },
    {
      name: 'the service accounts of a namespace',
      subject: { kind: 'Group', name: 'system:serviceaccounts:default' },
      identity: robot,
    },
  ])('of the cluster let $name in everywhere, until they go', async ({ subject, identity }) => {
    expect(await mayList(identity)).toBe(false);
    await bindCluster(subject);
    expect([await mayList(identity), await mayList(identity, 'default')]).toEqual([true, true]);
    await cluster.client.delete(clusterRoleBindings, { name: 'readers' });
    expect(await mayList(identity)).toBe(false);
  });

  it('of a namespace let in there only, with a role of the cluster', async () => {
    await bindIn('default', 'ClusterRole', { kind: 'User', name: 'jane' });
    expect([await mayList(jane, 'default'), await mayList(jane, 'kube-public'), await mayList(jane)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('mean service accounts of their own namespace where they name none', async () => {
    await cluster.client.create(roles, { metadata: { name: 'reader', namespace: 'default' }, rules: [readPods] });
    await bindIn('default', 'Role', { kind: 'ServiceAccount', name: 'robot' });
    expect(await mayList(robot, 'default')).toBe(true);
  });

  it('let nobody in by a role that there is not', async () => {
    await bindIn('default', 'Role', { kind: 'User', name: 'jane' });
    const client = createClient(cluster.api.transportFor(jane));
    await expect(client.list(pods, { namespace: 'default' })).rejects.toThrow(
      'in the namespace "default": RBAC: role.rbac.authorization.k8s.io "reader" not found',
    );
  });

  it('follow changes of their role and of their subjects', async () => {
    await bindCluster({ kind: 'User', name: 'jane' });
    expect(await mayList(jane)).toBe(true);
    await cluster.client.patch(clusterRoles, { name: 'reader' }, { type: 'merge', body: { rules: [] } });
    expect(await mayList(jane)).toBe(false);
    await cluster.client.patch(clusterRoles, { name: 'reader' }, { type: 'merge', body: { rules: [readPods] } });
    const subjects = [{ kind: 'User', name: 'joe' }];
    await cluster.client.patch(clusterRoleBindings, { name: 'readers' }, { type: 'merge', body: { subjects } });
    expect([await mayList(jane), await mayList({ user: 'joe', groups: [] })]).toEqual([false, true]);
  });

  it('keep their role', async () => {
    await bindCluster({ kind: 'User', name: 'jane' });
    const body = { roleRef: { name: 'other' } };
    await expect(
      cluster.client.patch(clusterRoleBindings, { name: 'readers' }, { type: 'merge', body }),
    ).rejects.toThrow('cannot change roleRef');
  });
});

describe('server-side apply', () => {
  it('creates for those only who may create', async () => {
    const rules = [{ verbs: ['patch'], apiGroups: [''], resources: ['pods'] }];
    await cluster.client.patch(clusterRoles, { name: 'reader' }, { type: 'merge', body: { rules } });
    await bindCluster({ kind: 'User', name: 'jane' });
    const client = createClient(cluster.api.transportFor(jane));
    const body = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'a', image: 'a' }] } };
    const applying = client.patch(
      pods,
      { namespace: 'default', name: 'a' },
      { type: 'apply', body },
      { fieldManager: 'jane' },
    );
    await expect(applying).rejects.toThrow('cannot create resource "pods"');
  });
});
