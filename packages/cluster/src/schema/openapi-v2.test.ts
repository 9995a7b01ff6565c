import { describe, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { renderOpenApiV2 } from './openapi-v2.ts';
import { readFields } from './protobuf-wire.ts';

const document = renderOpenApiV2(createCatalog().all());
const parsed: {
  readonly definitions: Readonly<Record<string, { readonly properties?: Readonly<Record<string, object>> }>>;
} = JSON.parse(document.json);

/** What stands in the fields of that number. */
function fieldsNumbered(number: number, message: Uint8Array): readonly Uint8Array[] {
  return [...readFields(message)].flatMap(([found, value]) =>
    found === number && value instanceof Uint8Array ? [value] : [],
  );
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

describe('OpenAPI v2', () => {
  it('names the kinds by which clients find their schemas', () => {
    expect(parsed.definitions['io.k8s.api.apps.v1.Deployment']).toMatchObject({
      'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
    });
  });

  it('carries the merge keys of lists', () => {
    expect(parsed.definitions['io.k8s.api.core.v1.PodSpec']?.properties?.['containers']).toMatchObject({
      type: 'array',
      items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    });
  });

  it('refers to nothing that it does not have', () => {
    const references = [...document.json.matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(references.filter((name) => parsed.definitions[name] === undefined)).toEqual([]);
  });

  it('says the same in protobuf', () => {
    const [definitions = new Uint8Array()] = fieldsNumbered(9, document.protobuf);
    const named = fieldsNumbered(1, definitions).map(
      (entry) => [text(fieldsNumbered(1, entry)[0]), fieldsNumbered(2, entry)[0] ?? new Uint8Array()] as const,
    );
    expect(named.map(([name]) => name)).toEqual(Object.keys(parsed.definitions));
    const container = new Map(named).get('io.k8s.api.core.v1.Container') ?? new Uint8Array();
    const properties = fieldsNumbered(1, fieldsNumbered(25, container)[0] ?? new Uint8Array());
    expect(properties.map((property) => text(fieldsNumbered(1, property)[0]))).toEqual(
      Object.keys(parsed.definitions['io.k8s.api.core.v1.Container']?.properties ?? {}),
    );
  });
});
