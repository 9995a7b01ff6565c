/** Whether a default is a value that its own schema would take, as whoever leaves the field out must be able to rely on. */
import type { Fault } from './definition.ts';
import { invalid } from './faults.ts';
import { isJsonObject, type JsonObject } from './shape.ts';
import { isSchema, validateStructural, type StructuralSchema } from './structural-schema.ts';
import { partsOf } from './schema-places.ts';

export function checkDefaults(schema: StructuralSchema, path: string): readonly Fault[] {
  return [
    ...checkDefault(schema, `${path}.default`),
    ...partsOf(schema, path).flatMap((part) => checkDefaults(part.schema, part.path)),
  ];
}

/** Kubernetes calls the fields in its messages as they stand in the default. */
function checkDefault(schema: StructuralSchema, path: string): readonly Fault[] {
  const value = schema.default;
  if (value === undefined || value === null) return [];
  if (hasUnknownFields(value, schema)) return [invalid(path, value, 'must not have unknown fields')];
  const ofTypes = checkTypes(value, schema, '');
  const faults = ofTypes.length > 0 ? ofTypes : validateStructural(value, schema, '');
  return faults.map((fault) => ({ ...fault, field: fault.field === '' ? path : `${path}.${fault.field ?? ''}` }));
}

const ofEveryObject = new Set(['apiVersion', 'kind', 'metadata']);

function hasUnknownFields(value: unknown, schema: StructuralSchema): boolean {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isJsonObject(items) && value.some((item) => hasUnknownFields(item, items));
  }
  if (!isJsonObject(value)) return false;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  return Object.entries(value).some(([name, child]) => {
    const known = schemaOf(name, schema);
    if (known !== undefined) return hasUnknownFields(child, known);
    return !isOpen(schema) && !(isEmbedded && ofEveryObject.has(name));
  });
}

function isOpen(schema: StructuralSchema): boolean {
  return schema.additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
}

function schemaOf(
  name: string,
  { properties = {}, additionalProperties }: StructuralSchema,
): StructuralSchema | undefined {
  if (Object.hasOwn(properties, name)) return properties[name];
  return isSchema(additionalProperties) ? additionalProperties : undefined;
}

function checkTypes(value: unknown, schema: StructuralSchema, name: string): readonly Fault[] {
  if (value === null && schema.nullable === true) return [];
  if (!isOfType(value, schema)) return [typeFault(value, schema, name)];
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.flatMap((item, index) => checkTypes(item, items, `${name}[${index}]`));
  }
  return isJsonObject(value) ? checkFields(value, schema, name) : [];
}

function checkFields(value: JsonObject, schema: StructuralSchema, name: string): readonly Fault[] {
  return Object.entries(value).flatMap(([key, child]) => {
    const known = schemaOf(key, schema);
    return known === undefined ? [] : checkTypes(child, known, name === '' ? key : `${name}.${key}`);
  });
}

function isOfType(value: unknown, schema: StructuralSchema): boolean {
  const actual = typeOf(value);
  if (schema['x-kubernetes-int-or-string'] === true) return actual === 'integer' || actual === 'string';
  return schema.type === undefined || actual === schema.type || (schema.type === 'number' && actual === 'integer');
}

function typeFault(value: unknown, schema: StructuralSchema, name: string): Fault {
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : schema.type;
  const actual = typeOf(value);
  const detail = `${name} in body must be of type ${wanted}: ${JSON.stringify(actual)}`;
  return { ...invalid(name, actual, detail), reason: 'FieldValueTypeInvalid' };
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
