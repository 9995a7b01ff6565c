import { isSchema, type StructuralSchema } from '../structural-schema.ts';

const searched = new WeakMap<StructuralSchema, boolean>();

/** Whether there are rules in a schema, at whatever depth: where there are none no value is looked at. */
export function hasRules(schema: StructuralSchema): boolean {
  const known = searched.get(schema);
  if (known !== undefined) return known;
  const { items, additionalProperties, properties = {} } = schema;
  const has =
    (schema['x-kubernetes-validations'] ?? []).length > 0 ||
    (items !== undefined && hasRules(items)) ||
    (isSchema(additionalProperties) && hasRules(additionalProperties)) ||
    Object.values(properties).some(hasRules);
  searched.set(schema, has);
  return has;
}
