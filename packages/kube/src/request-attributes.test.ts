import { describe, expect, test } from 'vitest';
import { attributesOf } from './request-attributes.ts';

describe('attributesOf', () => {
  test.each([
    ['GET /api/v1/namespaces/a/pods', 'list /pods'],
    ['GET /api/v1/pods?watch=true', 'watch /pods'],
    ['GET /api/v1/namespaces/a/pods/web:80/proxy/health', 'get /pods/proxy'],
    ['GET /api/v1/namespaces/a', 'get /namespaces'],
    ['PUT /api/v1/namespaces/a/finalize', 'update /namespaces/finalize'],
    ['POST /apis/apps/v1/namespaces/a/replicasets?dryRun=All', 'create apps/replicasets'],
    ['DELETE /api/v1/namespaces/a/secrets/s', 'delete /secrets'],
    ['DELETE /api/v1/namespaces/a/secrets', 'deletecollection /secrets'],
    ['GET /version', 'get /'],
    ['GET /apis/apps/v1', 'get /'],
  ])('%s is %s', (request, expected) => {
    const [method = '', target = ''] = request.split(' ');
    const [path = '', query] = target.split('?');
    const { verb, group, resource } = attributesOf({ method, path, query: new URLSearchParams(query) });
    expect(`${verb} ${group}/${resource}`).toBe(expected);
  });
});
