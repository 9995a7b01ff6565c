import { describe, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { renderOpenApiV2 } from './openapi-v2.ts';
import { readFields } from './protobuf-wire.ts';

const document = renderOpenApiV2(createCatalog().all());
const parsed: {
  readonly paths: Readonly<
    Record<string, { readonly patch?: { readonly parameters: ReadonlyArray<{ readonly name: string }> } }>
  >;
  readonly definitions: Readonly<Record<string, { readonly properties?: Readonly<Record<string, object>> }>>;
} = JSON.parse(document.json);

/** What stands in the fields of that number. */
function fieldsNumbered(number: number, message: Uint8Array): readonly Uint8Array[] {
  return [...readFields(message)].flatMap(([found, value]) =>
    found === number && value instanceof Uint8Array ? [value] : [],
  );
}

/** What stands below, each number in the message before. */
function at(numbers: readonly number[], message: Uint8Array | undefined): readonly Uint8Array[] {
  return numbers.reduce<readonly Uint8Array[]>(
    (found, number) => found.flatMap((each) => fieldsNumbered(number, each)),
    [message ?? new Uint8Array()],
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

  it('says of every patch that it may be a dry run, which kubectl before 1.27 looks for here', () => {
    const patches = Object.entries(parsed.paths).flatMap(([path, { patch }]) =>
      patch === undefined ? [] : [{ path, names: patch.parameters.map(({ name }) => name) }],
    );
    expect(patches.length).toBeGreaterThan(20);
    expect(patches.filter(({ names }) => !names.includes('dryRun'))).toEqual([]);
  });

  it('says so in protobuf', () => {
    const path = '/apis/apps/v1/namespaces/{namespace}/deployments/{name}';
    const [paths = new Uint8Array()] = fieldsNumbered(8, document.protobuf);
    const item = fieldsNumbered(2, paths).find((entry) => text(fieldsNumbered(1, entry)[0]) === path);
    const [operation = new Uint8Array()] = at([2, 8], item);
    const parameters = fieldsNumbered(8, operation).flatMap((each) => at([1, 2, 3, 4], each));
    expect(parameters.map(text)).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
    const kinds = fieldsNumbered(13, operation).map((each) => [text(at([1], each)[0]), text(at([2, 2], each)[0])]);
    expect(kinds).toContainEqual([
      'x-kubernetes-group-version-kind',
      JSON.stringify({ group: 'apps', version: 'v1', kind: 'Deployment' }),
    ]);
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
