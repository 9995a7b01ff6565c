import { expect, test } from 'vitest';
import { createCatalog } from './catalog.ts';
import { createOpenApiDocuments } from './openapi-v3.ts';

/** Media types of the patches that are offered for Deployments under another group. */
function patchesOffered(group: string): readonly string[] {
  const deployment = createCatalog().find('apps', 'v1', 'deployments');
  if (deployment === undefined) throw new Error('the catalog has no Deployments');
  const documents = createOpenApiDocuments(() => [{ ...deployment, type: { ...deployment.type, group } }]);
  const text = documents.document(`apis/${group}/v1`)?.text ?? '';
  return [...new Set(text.match(/application\/[a-z-]+patch\+[a-z]+/g))];
}

test('kubectl is offered a strategic merge patch for kinds of Kubernetes', () => {
  expect(patchesOffered('apps')).toContain('application/strategic-merge-patch+json');
});

test('kubectl is offered none for custom resources, which have no merge keys and refuse it', () => {
  expect(patchesOffered('slipway.dev')).toEqual([
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
  ]);
});
