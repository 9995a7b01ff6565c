/** The ways down in the schema of a custom resource, each with its path as Kubernetes writes it. */
import { isJsonObject } from './shape.ts';
import { isSchema, type StructuralSchema } from './structural-schema.ts';

export interface SchemaPlace {
  readonly schema: StructuralSchema;
  readonly path: string;
  readonly level: 'root' | 'field' | 'item';
}

/** To the schemas of what a value holds. */
export function partsOf(schema: StructuralSchema, path: string): readonly SchemaPlace[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    ...Object.entries(properties).map(([name, child]): SchemaPlace => {
      return { schema: child, path: `${path}.properties[${name}]`, level: 'field' };
    }),
    ...(isSchema(additionalProperties)
      ? [{ schema: additionalProperties, path: `${path}.additionalProperties`, level: 'field' as const }]
      : []),
    ...(isJsonObject(items) ? [{ schema: items, path: `${path}.items`, level: 'item' as const }] : []),
  ];
}

/** To the schemas that the same value is held against as well. */
export function branchesOf(schema: StructuralSchema, path: string): readonly Omit<SchemaPlace, 'level'>[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = schema;
  return [
    ...Object.entries({ allOf, anyOf, oneOf }).flatMap(([name, branches]) =>
      branches.map((branch, index) => ({ schema: branch, path: `${path}.${name}[${index}]` })),
    ),
    ...(not === undefined ? [] : [{ schema: not, path: `${path}.not` }]),
  ];
}
