import { describe, expect, it } from 'vitest';
import { omitEmptyMetadata } from './empty-metadata.ts';
import { schemaNode } from './schema-data.ts';
import type { JsonObject } from './shape.ts';

function omitted(object: JsonObject): JsonObject {
  const node = schemaNode('io.k8s.api.apps.v1.Deployment');
  if (node.kind !== 'object') throw new Error('a Deployment is no object');
  return omitEmptyMetadata(object, node);
}

describe('omitEmptyMetadata', () => {
  it.each([
    {
      name: 'labels, annotations and finalizers',
      given: { metadata: { name: 'd', labels: {}, annotations: {}, finalizers: [] } },
      kept: { metadata: { name: 'd' } },
    },
    {
      name: 'the annotations of a template',
      given: { spec: { template: { metadata: { labels: { app: 'd' }, annotations: {} } } } },
      kept: { spec: { template: { metadata: { labels: { app: 'd' } } } } },
    },
  ])('leaves out $name', ({ given, kept }) => {
    expect(omitted(given)).toEqual(kept);
  });

  it('keeps what is empty elsewhere', () => {
    const object = {
      metadata: { labels: { a: '' } },
      spec: { template: { spec: { containers: [], nodeSelector: {} } } },
    };
    expect(omitted(object)).toBe(object);
  });
});
