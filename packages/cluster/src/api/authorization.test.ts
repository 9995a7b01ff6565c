import type { PolicyRule } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import type { Attributes } from './attributes.ts';
import { adminIdentity, authorize, decide, nodeIdentity, type Grants, type Identity } from './authorization.ts';
import { attributesOf } from './request-attributes.ts';

const jane: Identity = { user: 'jane', groups: ['system:authenticated'] };

function granting(...rules: readonly PolicyRule[]): Grants {
  return { of: () => rules.map((rule) => ({ kind: 'rule' as const, rule, source: 'a binding' })) };
}

function asked(method: string, target: string): Attributes {
  const { pathname, searchParams } = new URL(target, 'http://localhost');
  return attributesOf({ method, path: pathname, query: searchParams });
}

const read: PolicyRule = { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] };

describe('a rule allows', () => {
  it.each([
    { name: 'a verb that it names', rule: read, request: ['GET', '/api/v1/pods'], allowed: true },
    { name: 'no other verb', rule: read, request: ['POST', '/api/v1/namespaces/a/pods'], allowed: false },
    {
      name: 'any verb by a star',
      rule: { ...read, verbs: ['*'] },
      request: ['PUT', '/api/v1/namespaces/a/pods/b'],
      allowed: true,
    },
    {
      name: 'no other group',
      rule: { ...read, apiGroups: ['apps'] },
      request: ['GET', '/api/v1/pods'],
      allowed: false,
    },
    {
      name: 'any group by a star',
      rule: { ...read, apiGroups: ['*'] },
      request: ['GET', '/apis/x.io/v1/pods'],
      allowed: true,
    },
    {
      name: 'no subresource by the resource',
      rule: read,
      request: ['GET', '/api/v1/namespaces/a/pods/b/log'],
      allowed: false,
    },
    {
      name: 'a subresource that it names',
      rule: { ...read, resources: ['pods/log'] },
      request: ['GET', '/api/v1/namespaces/a/pods/b/log'],
      allowed: true,
    },
    {
      name: 'no resource by the subresource',
      rule: { ...read, resources: ['pods/log'] },
      request: ['GET', '/api/v1/pods'],
      allowed: false,
    },
    {
      name: 'a subresource of every resource',
      rule: { ...read, resources: ['*/scale'] },
      request: ['GET', '/api/v1/namespaces/a/pods/b/scale'],
      allowed: true,
    },
    {
      name: 'no resource by a subresource of all',
      rule: { ...read, resources: ['*/scale'] },
      request: ['GET', '/api/v1/pods'],
      allowed: false,
    },
    {
      name: 'everything by a star',
      rule: { ...read, resources: ['*'] },
      request: ['GET', '/api/v1/namespaces/a/pods/b/log'],
      allowed: true,
    },
    {
      name: 'an object that it names',
      rule: { ...read, resourceNames: ['b'] },
      request: ['GET', '/api/v1/namespaces/a/pods/b'],
      allowed: true,
    },
    {
      name: 'no other object',
      rule: { ...read, resourceNames: ['b'] },
      request: ['GET', '/api/v1/namespaces/a/pods/c'],
      allowed: false,
    },
    {
      name: 'no list of all by one name',
      rule: { ...read, resourceNames: ['b'] },
      request: ['GET', '/api/v1/pods'],
      allowed: false,
    },
    {
      name: 'a list of the one that it names',
      rule: { ...read, resourceNames: ['b'] },
      request: ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Db'],
      allowed: true,
    },
    {
      name: 'no list of all but the one that it names',
      rule: { ...read, resourceNames: ['b'] },
      request: ['GET', '/api/v1/pods?fieldSelector=metadata.name!%3Db'],
      allowed: false,
    },
    {
      name: 'no watch by list',
      rule: { ...read, verbs: ['list', 'get'] },
      request: ['GET', '/api/v1/pods?watch=1'],
      allowed: false,
    },
    {
      name: 'one object by get, whatever its query asks of somebody behind it',
      rule: { ...read, verbs: ['get'] },
      request: ['GET', '/api/v1/namespaces/a/pods/b?watch=true'],
      allowed: true,
    },
    {
      name: 'no list by watch, in whatever words that is asked for',
      rule: { ...read, verbs: ['list'] },
      request: ['GET', '/api/v1/namespaces/a/pods?watch=True'],
      allowed: false,
    },
    {
      name: 'no deletion of all by delete',
      rule: { ...read, verbs: ['delete'] },
      request: ['DELETE', '/api/v1/namespaces/a/pods'],
      allowed: false,
    },
    {
      name: 'no path by resources',
      rule: { ...read, resources: ['*'], verbs: ['*'] },
      request: ['GET', '/api'],
      allowed: false,
    },
    {
      name: 'a path that it names',
      rule: { verbs: ['get'], nonResourceURLs: ['/api'] },
      request: ['GET', '/api'],
      allowed: true,
    },
    {
      name: 'no path below one that it names',
      rule: { verbs: ['get'], nonResourceURLs: ['/api'] },
      request: ['GET', '/api/v1'],
      allowed: false,
    },
    {
      name: 'paths below one with a star',
      rule: { verbs: ['get'], nonResourceURLs: ['/api/*'] },
      request: ['GET', '/api/v1'],
      allowed: true,
    },
    {
      name: 'every path by a star',
      rule: { verbs: ['get'], nonResourceURLs: ['*'] },
      request: ['GET', '/openapi/v2'],
      allowed: true,
    },
    {
      name: 'no resource by paths',
      rule: { verbs: ['*'], nonResourceURLs: ['*'] },
      request: ['GET', '/api/v1/pods'],
      allowed: false,
    },
  ])('$name', ({ rule, request: [method = '', target = ''], allowed }) => {
    expect(decide(jane, asked(method, target), granting(rule)).isAllowed).toBe(allowed);
  });
});

describe('without a rule', () => {
  it('administrators may do everything', () => {
    expect(() => authorize(adminIdentity, asked('DELETE', '/api/v1/nodes'), granting())).not.toThrow();
  });

  it.each([
    { name: 'may say how their pods are', request: ['PATCH', '/api/v1/namespaces/a/pods/b/status'], allowed: true },
    { name: 'may not create pods', request: ['POST', '/api/v1/namespaces/a/pods'], allowed: false },
    { name: 'may not write Secrets', request: ['PUT', '/api/v1/namespaces/a/secrets/b'], allowed: false },
  ])('nodes $name', ({ request: [method = '', target = ''], allowed }) => {
    expect(decide(nodeIdentity('a'), asked(method, target), granting()).isAllowed).toBe(allowed);
  });
});

describe('a refusal says as Kubernetes does', () => {
  it.each([
    {
      name: 'what in which namespace',
      request: ['GET', '/api/v1/namespaces/default/pods'],
      message: 'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
      details: { kind: 'pods' },
    },
    {
      name: 'which object of which group',
      request: ['PATCH', '/apis/apps/v1/namespaces/a/deployments/web/scale'],
      message:
        'deployments.apps "web" is forbidden: User "jane" cannot patch resource "deployments/scale" in API group "apps" in the namespace "a"',
      details: { kind: 'deployments', group: 'apps', name: 'web' },
    },
    {
      name: 'that it is of the whole cluster',
      request: ['GET', '/api/v1/nodes'],
      message: 'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
      details: { kind: 'nodes' },
    },
    {
      name: 'that a namespace lies in itself',
      request: ['DELETE', '/api/v1/namespaces/a'],
      message:
        'namespaces "a" is forbidden: User "jane" cannot delete resource "namespaces" in API group "" in the namespace "a"',
      details: { kind: 'namespaces', name: 'a' },
    },
    {
      name: 'which path',
      request: ['GET', '/openapi/v2'],
      message: 'forbidden: User "jane" cannot get path "/openapi/v2"',
      details: {},
    },
  ])('$name', ({ request: [method = '', target = ''], message, details }) => {
    const attempt = (): void => authorize(jane, asked(method, target), granting());
    expect(attempt).toThrow(expect.objectContaining({ reason: 'Forbidden', code: 403, message, details }));
  });

  it('which roles are missing', () => {
    const grants: Grants = {
      of: () => [{ kind: 'fault', message: 'clusterrole.rbac.authorization.k8s.io "x" not found' }],
    };
    expect(() => authorize(jane, asked('GET', '/api/v1/nodes'), grants)).toThrow(
      'at the cluster scope: RBAC: clusterrole.rbac.authorization.k8s.io "x" not found',
    );
  });
});
