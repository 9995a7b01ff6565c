import { describe, expect, it } from 'vitest';
import type { Attributes } from '../attributes.ts';
import { defaultBindings, defaultNamespaceBindings, defaultNamespaceRoles, defaultRoles } from './bootstrap-policy.ts';
import { isAllowedBy } from './policy-rules.ts';

function may(role: string, verb: string, resource: string): boolean {
  const [plural = '', subresource = ''] = resource.split('/');
  const [name = '', ...group] = plural.split('.');
  const path = { group: group.join('.'), resource: name, subresource, namespace: '', name: '' };
  const asked: Attributes = { kind: 'resource', verb, ...path };
  const found = defaultRoles([]).find(({ metadata }) => metadata.name === role);
  return (found?.rules ?? []).some((rule) => isAllowedBy(rule, asked));
}

describe('the roles of components', () => {
  it.each([
    { role: 'system:node', verb: 'create', resource: 'tokenreviews.authentication.k8s.io', allowed: true },
    { role: 'system:node', verb: 'create', resource: 'pods', allowed: true },
    { role: 'system:node', verb: 'get', resource: 'persistentvolumeclaims', allowed: true },
    { role: 'system:node', verb: 'list', resource: 'persistentvolumeclaims', allowed: false },
    { role: 'system:node', verb: 'delete', resource: 'leases.coordination.k8s.io', allowed: true },
    { role: 'system:node', verb: 'list', resource: 'leases.coordination.k8s.io', allowed: false },
    { role: 'system:node', verb: 'watch', resource: 'runtimeclasses.node.k8s.io', allowed: true },
    { role: 'system:heapster', verb: 'watch', resource: 'nodes', allowed: true },
    { role: 'system:heapster', verb: 'update', resource: 'nodes', allowed: false },
    {
      role: 'system:controller:replicaset-controller',
      verb: 'update',
      resource: 'replicasets.apps/status',
      allowed: true,
    },
    { role: 'system:controller:replicaset-controller', verb: 'list', resource: 'secrets', allowed: false },
    { role: 'system:controller:disruption-controller', verb: 'get', resource: 'ships.x.io/scale', allowed: true },
    { role: 'system:controller:disruption-controller', verb: 'get', resource: 'ships.x.io', allowed: false },
    { role: 'system:controller:generic-garbage-collector', verb: 'delete', resource: 'ships.x.io', allowed: true },
    { role: 'system:controller:endpoint-controller', verb: 'create', resource: 'events.events.k8s.io', allowed: true },
    { role: 'system:persistent-volume-provisioner', verb: 'watch', resource: 'events', allowed: true },
    { role: 'system:persistent-volume-provisioner', verb: 'list', resource: 'events', allowed: false },
    {
      role: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
      verb: 'create',
      resource: 'certificatesigningrequests.certificates.k8s.io/nodeclient',
      allowed: true,
    },
  ])('$role may $verb $resource: $allowed', ({ role, verb, resource, allowed }) => {
    expect(may(role, verb, resource)).toBe(allowed);
  });

  it('belong to those whom Kubernetes gives them', () => {
    const subjectsOf = (name: string) => defaultBindings.find(({ metadata }) => metadata.name === name)?.subjects;
    expect(subjectsOf('system:node')).toEqual([]);
    expect(subjectsOf('system:service-account-issuer-discovery')).toMatchObject([{ name: 'system:serviceaccounts' }]);
  });
});

describe('the roles of controllers', () => {
  const ofControllers = defaultBindings.filter(({ roleRef }) => roleRef.name.startsWith('system:controller:'));

  it('are bound to the service account of their name, each', () => {
    const names = defaultRoles([]).map(({ metadata }) => metadata.name);
    expect(ofControllers).toHaveLength(33);
    for (const { metadata, roleRef, subjects } of ofControllers) {
      expect(names).toContain(roleRef.name);
      expect(metadata.name).toBe(roleRef.name);
      const name = roleRef.name.replace('system:controller:', '');
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name, namespace: 'kube-system' }]);
    }
  });

  it('mean certain objects where they name some', () => {
    const found = defaultRoles([]).find(({ metadata }) => metadata.name === 'system:controller:certificate-controller');
    expect(found?.rules).toContainEqual({
      verbs: ['approve'],
      apiGroups: ['certificates.k8s.io'],
      resources: ['signers'],
      resourceNames: ['kubernetes.io/kube-apiserver-client-kubelet'],
    });
  });
});

describe('the roles in namespaces of the system', () => {
  it('are bound, each to those whom Kubernetes gives them', () => {
    const keyOf = ({
      namespace,
      name,
    }: {
      readonly namespace?: string | undefined;
      readonly name?: string | undefined;
    }) => `${namespace}/${name}`;
    const bound = defaultNamespaceBindings.map(({ metadata, roleRef }) =>
      keyOf({ namespace: metadata.namespace, name: roleRef.name }),
    );
    expect(bound).toEqual(defaultNamespaceRoles.map(({ metadata }) => keyOf(metadata)));
    expect(defaultNamespaceBindings.map(({ metadata }) => keyOf(metadata))).toContain(
      'kube-system/system::extension-apiserver-authentication-reader',
    );
  });

  it('let who extends the API read how callers show who they are, and nothing else', () => {
    const found = defaultNamespaceRoles.find(
      ({ metadata }) => metadata.name === 'extension-apiserver-authentication-reader',
    );
    expect(found?.rules).toEqual([
      {
        verbs: ['get', 'list', 'watch'],
        apiGroups: [''],
        resources: ['configmaps'],
        resourceNames: ['extension-apiserver-authentication'],
      },
    ]);
  });
});
