import { describe, expect, it } from 'vitest';
import { parseTarget } from './request-target.ts';

describe('the target of a request', () => {
  it.each([
    ['/api/v1/pods', '/api/v1/pods', ''],
    ['/api?watch=1&a=/../b', '/api', '?watch=1&a=/../b'],
    ['/pods/a/proxy/../../../nodes', '/pods/a/proxy/../../../nodes', ''],
    ['/pods/a/proxy/%2e%2e/%2E/x', '/pods/a/proxy/%2e%2e/%2E/x', ''],
    ['/pods/a/proxy/b\\..\\c//d', '/pods/a/proxy/b\\..\\c//d', ''],
    ['/api#part', '/api', ''],
  ])('%s is taken as it is', (target, pathname, search) => {
    expect(parseTarget(target)).toMatchObject({ pathname, search });
  });

  it.each(['//evil/api', 'api', '*', 'http://localhost/api', ''])('%s is refused', (target) => {
    expect(() => parseTarget(target)).toThrow('a path begins with one slash');
  });
});
