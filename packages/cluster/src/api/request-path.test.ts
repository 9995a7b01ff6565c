import { describe, expect, it } from 'vitest';
import { parseResourcePath } from './request-path.ts';

const pod = { group: '', version: 'v1', plural: 'pods', namespace: 'a', name: 'web', subresource: '', rest: '' };

describe('paths of resources', () => {
  it.each([
    { path: '/api/v1/namespaces/a/pods/web', expected: pod },
    { path: '/api/v1/namespaces/a/pods/w%65b', expected: pod },
    { path: '/api/v1/namespaces/a/pods', expected: { ...pod, name: '' } },
    { path: '/api/v1/namespaces/a', expected: { ...pod, plural: 'namespaces', namespace: undefined, name: 'a' } },
    {
      path: '/api/v1/namespaces/a/finalize',
      expected: { ...pod, plural: 'namespaces', namespace: undefined, name: 'a', subresource: 'finalize' },
    },
    {
      path: '/apis/apps/v1/namespaces/a/deployments/web/status',
      expected: { ...pod, group: 'apps', plural: 'deployments', subresource: 'status' },
    },
    {
      path: '/api/v1/namespaces/a/pods/web/proxy/b%2Fc/d%20e/',
      expected: { ...pod, subresource: 'proxy', rest: '/b%2Fc/d%20e/' },
    },
  ])('are taken apart, and what follows stays encoded: $path', ({ path, expected }) => {
    expect(parseResourcePath(path)).toEqual(expected);
  });

  it.each(['/', '//', '/api', '/api/v1', '/apis/apps', '/apis/apps/v1', '/apis/apps/v1/', '/version'])(
    'are none: %s',
    (path) => {
      expect(parseResourcePath(path)).toBeUndefined();
    },
  );
});
