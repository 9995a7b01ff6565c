/** What an expression knows of a value, from the structural schema of the value. */
import type { CelField, CelType } from '@slipway/kube/cel/types';
import { isSchema, type StructuralSchema } from '../structural-schema.ts';

/** Lists without a bound of their own have at most what fits into a request. */
const largestRequest = 3 * 1_024 * 1_024;

/** The type and the object metadata that expressions see of every object. */
const resourceFields: Readonly<Record<string, StructuralSchema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } },
};

/** The schema of a whole object, as expressions see it. */
export function asResource(schema: StructuralSchema): StructuralSchema {
  return { ...schema, properties: { ...schema.properties, ...resourceFields } };
}

/** Undefined for what no schema describes: expressions cannot reach it. */
export function celTypeOf(schema: StructuralSchema): CelType | undefined {
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'dyn' };
  switch (schema.type) {
    case 'object':
      return objectType(schema['x-kubernetes-embedded-resource'] === true ? asResource(schema) : schema);
    case 'array':
      return listType(schema);
    case 'string':
      return { kind: textKind(schema.format) };
    case 'boolean':
      return { kind: 'bool' };
    case 'integer':
      return { kind: 'int' };
    case 'number':
      return { kind: 'double' };
    default:
      return undefined;
  }
}

function textKind(format: string | undefined): 'string' | 'bytes' | 'duration' | 'timestamp' {
  if (format === 'byte') return 'bytes';
  if (format === 'duration') return 'duration';
  return format === 'date-time' || format === 'date' ? 'timestamp' : 'string';
}

function listType(schema: StructuralSchema): CelType | undefined {
  const items = schema.items === undefined ? undefined : celTypeOf(schema.items);
  if (schema.items === undefined || items === undefined) return undefined;
  return { kind: 'list', items, isSet: schema['x-kubernetes-list-type'] === 'set', maximum: mostItems(schema) };
}

function objectType(schema: StructuralSchema): CelType | undefined {
  const { additionalProperties } = schema;
  if (isSchema(additionalProperties)) {
    const values = celTypeOf(additionalProperties);
    return values === undefined ? undefined : { kind: 'map', values, maximum: mostItems(schema) };
  }
  const fields = Object.entries(schema.properties ?? {}).flatMap(
    ([name, property]): (readonly [string, CelField])[] => {
      const type = celTypeOf(property);
      const escaped = escapeName(name);
      if (type === undefined || escaped === undefined) return [];
      // A null is no string to the checker: what may be null is compared when its value is known.
      return [[escaped, { name, type: property.nullable === true ? { kind: 'dyn' } : type }]];
    },
  );
  return { kind: 'object', fields: new Map(fields) };
}

/** Items of a list, or keys of a map. */
export function mostItems(schema: StructuralSchema): number {
  if (schema.type === 'array') return schema.maxItems ?? Math.floor(largestRequest / (leastBytes(schema.items) + 1));
  const { additionalProperties, maxProperties } = schema;
  const value = isSchema(additionalProperties) ? leastBytes(additionalProperties) : 1;
  // A key has two quotes, a colon, and a character at least.
  return maxProperties ?? Math.floor(largestRequest / (value + 5));
}

/** Bytes of the shortest JSON for a value. */
function leastBytes(schema: StructuralSchema | undefined): number {
  switch (schema?.type) {
    case 'string':
      return 2 + (schema.minLength ?? 0);
    case 'boolean':
      return 4;
    case 'array':
      return 2;
    case 'object':
      return (schema.required ?? []).reduce(
        (sum, name) => sum + name.length + 4 + leastBytes(schema.properties?.[name]),
        2,
      );
    default:
      return 1;
  }
}

const keywords = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return'.split(' '),
);

/** As Kubernetes makes names of fields into names of the language: `x-prop` is `x__dash__prop`. Undefined where it cannot. */
export function escapeName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  if (keywords.has(name)) return `__${name}__`;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
