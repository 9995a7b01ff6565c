import { describe, expect, it } from 'vitest';
import { parseTarget } from './request-target.ts';
import { fromWatchPath } from './watch-path.ts';

describe('a path of a watch', () => {
  it.each([
    ['/api/v1/watch/pods', '/api/v1/pods', 'watch=1'],
    ['/api/v1/watch/namespaces/a/pods?timeoutSeconds=5', '/api/v1/namespaces/a/pods', 'timeoutSeconds=5&watch=1'],
    ['/api/v1/watch/namespaces/a/pods/b', '/api/v1/namespaces/a/pods', 'watch=1&fieldSelector=metadata.name%3Db'],
    ['/api/v1/watch/namespaces/a', '/api/v1/namespaces', 'watch=1&fieldSelector=metadata.name%3Da'],
    ['/apis/apps/v1/watch/deployments?watch=0', '/apis/apps/v1/deployments', 'watch=1'],
  ])('%s is one of %s', (given, pathname, query) => {
    const found = fromWatchPath('GET', parseTarget(given));
    expect(found).toMatchObject({ pathname, search: `?${query}` });
    expect(found.searchParams.toString()).toBe(query);
  });

  it.each([
    ['POST', '/api/v1/watch/pods'],
    ['GET', '/api/v1/pods?watch=1'],
    ['GET', '/api/v1/watch'],
    ['GET', '/api/v1/watch/'],
    ['GET', '/api/v1/watch/namespaces/a/pods/b/log'],
    ['GET', '/api/v1/namespaces/a/services/b/proxy/watch/c'],
    ['GET', '/apis/apps/v1/namespaces/watch/deployments'],
  ])('is none in %s %s', (method, given) => {
    const target = parseTarget(given);
    expect(fromWatchPath(method, target)).toBe(target);
  });
});
