import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import type { ResourceType } from '@slipway/kube/object';
import { clusterRoleBindings, clusterRoles, configMaps } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accessRoles } from '../../../../delivery/src/api/access-roles.ts';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { openAccess } from './open-access.ts';

const reviews: ResourceType = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SubjectAccessReview',
  plural: 'subjectaccessreviews',
  namespaced: false,
};

let clock: FakeClock;
let cluster: MemoryCluster;
let stopping: AbortController;
let done: Promise<void> | undefined;

beforeEach(async () => {
  clock = new FakeClock();
  cluster = await createMemoryCluster({ clock });
  stopping = new AbortController();
  done = undefined;
});

afterEach(async () => {
  stopping.abort();
  await done;
  await cluster.close();
});

function open(client: KubeClient): void {
  const { signal } = stopping;
  const added = { addedRoles: accessRoles, certificateAuthority: 'the authority' };
  done = openAccess({ client, clock, signal, random: () => 0, logger: silentLogger, ...added });
}

/** Whose every write of a binding fails, as long as it shall. */
function refusing(until: { failures: number }): KubeClient {
  const create: KubeClient['create'] = (type, object, options) => {
    const isRefused = type.kind === clusterRoleBindings.kind && until.failures > 0;
    if (!isRefused) return cluster.client.create(type, object, options);
    until.failures -= 1;
    return Promise.reject(new StatusError('ServiceUnavailable', 'the store takes no writes'));
  };
  return new Proxy(cluster.client, {
    get: (client, property) => {
      if (property === 'create') return create;
      const value: unknown = Reflect.get(client, property);
      return typeof value === 'function' ? value.bind(client) : value;
    },
  });
}

it('writes the default roles again when they could not be written', async () => {
  const until = { failures: 10 };
  open(refusing(until));
  await clock.advance(100);
  await expect(cluster.client.get(clusterRoleBindings, { name: 'system:node' })).rejects.toThrow('not found');
  await clock.advance(60_000);
  expect(until.failures).toBe(0);
  await expect(cluster.client.get(clusterRoleBindings, { name: 'system:node' })).resolves.toBeDefined();
});

it('ends while it waits to try again', async () => {
  open(refusing({ failures: Infinity }));
  await clock.advance(100);
  stopping.abort();
  await done;
  expect(clock.pendingTimers).toBe(0);
});

it('lets people see and change Applications by the roles that Kubernetes has for people', async () => {
  open(cluster.client);
  await clock.advance(1_000);
  const rights = async (name: string): Promise<readonly string[]> => {
    const { rules = [] } = await cluster.client.get(clusterRoles, { name });
    return rules.flatMap(({ apiGroups, resources = [], verbs }) =>
      apiGroups?.includes('slipway.dev') === true && resources.includes('applications') ? verbs : [],
    );
  };
  const read = ['get', 'list', 'watch'];
  const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];
  expect(await rights('view')).toEqual(read);
  expect((await rights('edit')).toSorted()).toEqual([...read, ...write].toSorted());
  expect((await rights('admin')).toSorted()).toEqual([...read, ...write].toSorted());
});

it('tells who extends the API by which authority callers come', async () => {
  open(cluster.client);
  await clock.advance(1_000);
  const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
  const { data } = await cluster.client.get(configMaps, key);
  expect(data).toEqual({ 'client-ca-file': 'the authority' });
});

it.each([
  { user: 'system:serviceaccount:kube-system:job-controller', verb: 'create', resource: 'pods', allowed: true },
  { user: 'system:serviceaccount:kube-system:job-controller', verb: 'list', resource: 'secrets', allowed: false },
  { user: 'system:serviceaccount:default:job-controller', verb: 'create', resource: 'pods', allowed: false },
  { user: 'system:kube-scheduler', verb: 'create', resource: 'pods/binding', allowed: true },
  { user: 'system:kube-scheduler', verb: 'update', resource: 'persistentvolumeclaims', allowed: true },
  { user: 'system:kube-scheduler', verb: 'list', resource: 'secrets', allowed: false },
  { user: 'system:kube-controller-manager', verb: 'watch', resource: 'secrets', allowed: true },
  { user: 'system:kube-controller-manager', verb: 'delete', resource: 'nodes', allowed: false },
  { user: 'system:kube-proxy', verb: 'watch', resource: 'services', allowed: true },
  { user: 'system:kube-proxy', verb: 'list', resource: 'pods', allowed: false },
])('lets $user $verb $resource: $allowed', async ({ user, verb, resource, allowed }) => {
  open(cluster.client);
  await clock.advance(1_000);
  const [plural, subresource] = resource.split('/');
  const attributes = { namespace: 'default', verb, resource: plural, subresource };
  const review = { spec: { user, groups: ['system:authenticated'], resourceAttributes: attributes } };
  expect(await cluster.client.create(reviews, { metadata: {}, ...review })).toMatchObject({ status: { allowed } });
});
