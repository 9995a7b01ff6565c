import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import { expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';

const ships: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ships.sea.org' },
  spec: {
    group: 'sea.org',
    names: { plural: 'ships', kind: 'Ship' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

it('finds what there is now, whatever was asked for before', () => {
  const catalog = createCatalog();
  const find = () => catalog.find('sea.org', 'v1', 'ships')?.type.kind;
  expect(find()).toBeUndefined();
  catalog.addCustomResource(ships);
  expect(find()).toBe('Ship');
  expect(catalog.find('sea.org', 'v2', 'ships')).toBeUndefined();
  expect(catalog.find('', 'v1', 'pods')?.type.kind).toBe('Pod');
  expect(find()).toBe('Ship');
  catalog.removeCustomResource('ships.sea.org');
  expect(find()).toBeUndefined();
});
