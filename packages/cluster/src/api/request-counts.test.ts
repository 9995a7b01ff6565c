import { expect, it } from 'vitest';
import { createCatalog } from '../schema/catalog.ts';
import { RequestCounts, unknownRequest } from './request-counts.ts';

const catalog = createCatalog();

it.each([
  ['GET', '/api/v1/pods', '', 'LIST||v1|pods||cluster'],
  ['GET', '/api/v1/namespaces/a/pods', 'watch=1', 'WATCH||v1|pods||namespace'],
  ['POST', '/apis/apps/v1/namespaces/a/deployments', '', 'POST|apps|v1|deployments||namespace'],
  ['PUT', '/apis/apps/v1/namespaces/a/deployments/d/scale', '', 'PUT|apps|v1|deployments|scale|resource'],
  ['DELETE', '/api/v1/namespaces/a/pods', '', 'DELETECOLLECTION||v1|pods||namespace'],
  ['GET', '/readyz', '', 'GET|||||'],
  ['GET', '/apis/made.up/v1/things', '', 'GET|||||'],
  ['GET', '/api/v1/namespaces/a/pods/p/made-up', '', 'GET||v1|pods|other|resource'],
  ['SPRAY', '/api/v1/pods', '', unknownRequest],
])('counts %s %s?%s as %s', (method, path, query, kind) => {
  const counts = new RequestCounts(catalog);
  expect(counts.kindOf({ method, path, query: new URLSearchParams(query) })).toBe(kind);
});

it('adds up by kind and answer, and does not grow for ever', () => {
  const counts = new RequestCounts(catalog);
  for (const status of [200, 200, 404]) counts.count('LIST||v1|pods||cluster', status);
  const pods = { verb: 'LIST', group: '', version: 'v1', resource: 'pods', subresource: '', scope: 'cluster' };
  expect(counts.samples()).toEqual([
    { labels: { ...pods, code: '200' }, value: 2 },
    { labels: { ...pods, code: '404' }, value: 1 },
  ]);
  for (let index = 0; index < 6_000; index += 1) counts.count(`LIST|made.up|v1|kind${index}||cluster`, 200);
  expect(counts.samples()).toHaveLength(5_000);
});
