import { describe, expect, it } from 'vitest';
import type { Attributes } from '../attributes.ts';
import { defaultBindings, defaultRoles } from './bootstrap-policy.ts';
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
