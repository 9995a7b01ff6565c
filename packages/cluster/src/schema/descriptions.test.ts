import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createCatalog } from './catalog.ts';
import { describeField, describeType } from './descriptions.ts';
import { createOpenApiDocuments } from './openapi-v3.ts';

interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
}

const definitions = createCatalog().all();
const documents = createOpenApiDocuments(() => definitions);

function schemasOf(path: string): Readonly<Record<string, Schema>> {
  const { components }: { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } } = JSON.parse(
    documents.document(path)?.text ?? '{"components":{"schemas":{}}}',
  );
  return components.schemas;
}

const groups = [
  ...new Set(
    definitions.map(({ type }) => (type.group === '' ? `api/${type.version}` : `apis/${type.group}/${type.version}`)),
  ),
];

describe('every built-in kind', () => {
  it('is described', () => {
    const names = definitions.map(({ schema }) => (schema.kind === 'object' ? (schema.name ?? '') : ''));
    expect(names.filter((name) => describeType(name) === undefined)).toEqual([]);
  });

  it('has no field that is not', () => {
    const silent = groups.flatMap((group) =>
      Object.entries(schemasOf(group)).flatMap(([type, { properties = {} }]) =>
        Object.entries(properties).flatMap(([name, { description }]) =>
          description === undefined ? [`${type}.${name}`] : [],
        ),
      ),
    );
    expect(silent).toEqual([]);
  });
});

it('a field is described by its type where that says more', () => {
  expect(describeField('io.k8s.api.core.v1.Container', 'name')).toContain('container');
  expect(describeField('io.k8s.api.core.v1.ConfigMapKeySelector', 'name')).not.toContain('container');
});

interface Types {
  readonly types: Readonly<Record<string, { readonly fields?: ReadonlyArray<{ readonly name?: string }> }>>;
}

interface Described {
  readonly types: object;
  readonly fields: object;
}

it('nothing is described that there is not', async () => {
  const read = (name: string): Promise<string> => readFile(new URL(name, import.meta.url), 'utf8');
  const described: Described = JSON.parse(await read('descriptions.json'));
  const { types }: Types = JSON.parse(await read('kubernetes.json'));
  const known = Object.entries(types).flatMap(([name, { fields = [] }]) => {
    const type = name.slice(name.lastIndexOf('.') + 1);
    return [type, ...fields.flatMap((field) => [field.name ?? '', `${type}.${field.name ?? ''}`])];
  });
  const there = new Set(known);
  const names = [...Object.keys(described.types), ...Object.keys(described.fields)];
  expect(names.filter((name) => !there.has(name))).toEqual([]);
});
