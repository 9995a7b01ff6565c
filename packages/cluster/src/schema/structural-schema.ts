/** The structural schema of a custom resource: made into a schema node, and the rules beyond types that it carries. */
import { isQuantity } from '@slipway/kube/quantity';
import type { Fault, SchemaField, SchemaNode } from './definition.ts';
import { duplicate, invalid, notSupported, required, tooLong, wrongType } from './faults.ts';
import { matchesPattern } from './patterns.ts';
import { schemaNode } from './schema-data.ts';
import { isJsonObject, type JsonObject } from './shape.ts';

/** JSONSchemaProps, as far as a structural schema goes. */
export interface StructuralSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema | boolean;
  readonly items?: StructuralSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly nullable?: boolean;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly anyOf?: readonly StructuralSchema[];
  readonly oneOf?: readonly StructuralSchema[];
  readonly allOf?: readonly StructuralSchema[];
  readonly not?: StructuralSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** And not `true`, which allows everything. */
export function isSchema(value: StructuralSchema | boolean | undefined): value is StructuralSchema {
  return isJsonObject(value);
}

/** A rule in CEL of what a value must be like. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  /** From the value to the field that is at fault. */
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The node of a whole custom object: its schema, with the type and object metadata of every object. */
export function rootNode(schema: StructuralSchema): SchemaNode {
  const node = toNode(schema);
  const fields = new Map(node.kind === 'object' ? node.fields : []);
  fields.set('apiVersion', { node: { kind: 'scalar', type: 'string' }, required: false });
  fields.set('kind', { node: { kind: 'scalar', type: 'string' }, required: false });
  fields.set('metadata', { node: schemaNode(objectMeta), required: false });
  return { kind: 'object', fields, preserveUnknownFields: schema['x-kubernetes-preserve-unknown-fields'] };
}

function toNode(schema: StructuralSchema): SchemaNode {
  const { nullable } = schema;
  if (schema['x-kubernetes-int-or-string'] === true) return { kind: 'scalar', type: 'intOrString', nullable };
  switch (schema.type) {
    case 'object':
      return objectNode(schema);
    case 'array':
      return {
        kind: 'list',
        items: toNode(schema.items ?? {}),
        listType: schema['x-kubernetes-list-type'] ?? 'atomic',
        listMapKeys: schema['x-kubernetes-list-map-keys'] ?? [],
        nullable,
      };
    case 'string':
      return { kind: 'scalar', type: 'string', format: schema.format, nullable };
    case 'boolean':
      return { kind: 'scalar', type: 'boolean', nullable };
    case 'integer':
      return { kind: 'scalar', type: 'integer', format: schema.format ?? 'int64', nullable };
    case 'number':
      return { kind: 'scalar', type: 'number', nullable };
    default:
      return { kind: 'any', nullable };
  }
}

function objectNode(schema: StructuralSchema): SchemaNode {
  const { nullable, additionalProperties } = schema;
  if (isJsonObject(additionalProperties))
    return {
      kind: 'map',
      values: toNode(additionalProperties),
      mapType: schema['x-kubernetes-map-type'],
      nullable,
    };
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties === true;
  if (isOpen && schema.properties === undefined) return { kind: 'any', nullable };
  const fields = new Map(
    Object.entries(schema.properties ?? {}).map(([name, property]): [string, SchemaField] => [
      name,
      {
        node: toNode(property),
        description: property.description,
        required: schema.required?.includes(name) ?? false,
        default: property.default,
      },
    ]),
  );
  return {
    kind: 'object',
    fields,
    structType: schema['x-kubernetes-map-type'],
    preserveUnknownFields: isOpen,
    nullable,
  };
}

/** Every fault of a value, its type among them. */
export function validateStructural(value: unknown, schema: StructuralSchema, path: string): readonly Fault[] {
  if (value === null && schema.nullable === true) return [];
  const own = [
    ...validateType(value, schema, path),
    ...validateEnum(value, schema, path),
    ...validateLogic(value, schema, path),
  ];
  if (typeof value === 'string') return [...own, ...validateText(value, schema, path)];
  if (typeof value === 'number') return [...own, ...validateNumber(value, schema, path)];
  if (Array.isArray(value)) return [...own, ...validateList(value, schema, path)];
  return isJsonObject(value) ? [...own, ...validateObject(value, schema, path)] : own;
}

/** As in Kubernetes, which names the type that was found where a value would stand. */
function validateType(value: unknown, schema: StructuralSchema, path: string): readonly Fault[] {
  const expected = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : schema.type;
  if (expected === undefined) return [];
  const found = typeOf(value);
  const isFit = expected.split(',').includes(found) || (expected === 'number' && found === 'integer');
  if (!isFit) return [wrongType(path, found, `${path} in body must be of type ${expected}: ${JSON.stringify(found)}`)];
  return schema.format === 'int32' && Math.abs(Number(value)) >= 2 ** 31
    ? [invalid(path, value, `Checked value must be of type ${expected} with format int32`)]
    : [];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function validateEnum(value: unknown, schema: StructuralSchema, path: string): readonly Fault[] {
  if (schema.enum === undefined || schema.enum.includes(value)) return [];
  return [notSupported(path, value, schema.enum.map(String))];
}

function validateText(value: string, schema: StructuralSchema, path: string): readonly Fault[] {
  const { minLength = 0, maxLength = Infinity, pattern, format } = schema;
  const length = [...value].length;
  const isOff = pattern !== undefined && !matchesPattern(value, pattern);
  return [
    ...(length < minLength ? [invalid(path, value, `${path} in body should be at least ${minLength} chars long`)] : []),
    ...(length > maxLength ? [tooLong(path, maxLength)] : []),
    ...(isOff ? [invalid(path, value, `${path} in body should match '${pattern}'`)] : []),
    ...(format === 'date-time' && Number.isNaN(Date.parse(value))
      ? [invalid(path, value, `${path} in body must be of type date-time: ${JSON.stringify(value)}`)]
      : []),
    ...(format === 'quantity' && !isQuantity(value)
      ? [invalid(path, value, `${path} in body must be a quantity`)]
      : []),
  ];
}

function validateNumber(value: number, schema: StructuralSchema, path: string): readonly Fault[] {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum, exclusiveMaximum } = schema;
  const isLow = exclusiveMinimum === true ? value <= minimum : value < minimum;
  const isHigh = exclusiveMaximum === true ? value >= maximum : value > maximum;
  return [
    ...(isLow
      ? [
          invalid(
            path,
            value,
            `${path} in body should be greater than ${exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`,
          ),
        ]
      : []),
    ...(isHigh
      ? [
          invalid(
            path,
            value,
            `${path} in body should be less than ${exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`,
          ),
        ]
      : []),
  ];
}

function validateList(value: readonly unknown[], schema: StructuralSchema, path: string): readonly Fault[] {
  const { minItems = 0, maxItems = Infinity, items } = schema;
  return [
    ...(value.length < minItems
      ? [invalid(path, value.length, `${path} in body should have at least ${minItems} items`)]
      : []),
    ...(value.length > maxItems
      ? [
          {
            reason: 'FieldValueTooMany',
            field: path,
            message: `Too many: ${value.length}: must have at most ${maxItems} items`,
          },
        ]
      : []),
    ...validateUnique(value, schema, path),
    ...(items === undefined
      ? []
      : value.flatMap((item, index) => validateStructural(item, items, `${path}[${index}]`))),
  ];
}

/** A set holds nothing twice, and a map in a list no key. */
function validateUnique(value: readonly unknown[], schema: StructuralSchema, path: string): readonly Fault[] {
  const { 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': keys = [] } = schema;
  if (type !== 'set' && type !== 'map') return [];
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    const named = type === 'set' ? item : keysOf(item, keys);
    const text = JSON.stringify(named);
    const isNew = !seen.has(text);
    seen.add(text);
    if (isNew) return [];
    const at = `${path}[${index}]`;
    // Keys stand there as Go prints a map.
    const shown = type === 'set' ? duplicate(at, named).message : `Duplicate value: map[string]interface {}${text}`;
    return [{ reason: 'FieldValueDuplicate', field: at, message: shown }];
  });
}

function keysOf(item: unknown, keys: readonly string[]): unknown {
  const fields = isJsonObject(item) ? item : {};
  return Object.fromEntries(keys.toSorted().map((key) => [key, fields[key]]));
}

function validateObject(value: JsonObject, schema: StructuralSchema, path: string): readonly Fault[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const { properties = {}, additionalProperties, minProperties = 0, maxProperties = Infinity } = schema;
  const count = Object.keys(value).length;
  const missing = (schema.required ?? []).filter((name) => value[name] === undefined);
  return [
    ...missing.map((name) => required(at(name))),
    ...(count < minProperties
      ? [invalid(path, count, `${path} in body should have at least ${minProperties} properties`)]
      : []),
    ...(count > maxProperties
      ? [invalid(path, count, `${path} in body should have at most ${maxProperties} properties`)]
      : []),
    ...Object.entries(value).flatMap(([name, child]) => {
      const property = Object.hasOwn(properties, name)
        ? properties[name]
        : isJsonObject(additionalProperties)
          ? (additionalProperties as StructuralSchema)
          : undefined;
      return property === undefined ? [] : validateStructural(child, property, at(name));
    }),
  ];
}

function validateLogic(value: unknown, schema: StructuralSchema, path: string): readonly Fault[] {
  const holds = (branch: StructuralSchema): boolean => validateStructural(value, branch, path).length === 0;
  const isAny = schema.anyOf === undefined || schema.anyOf.some(holds) || schema['x-kubernetes-int-or-string'] === true;
  return [
    ...(isAny ? [] : [invalid(path, value, `${path} in body must validate at least one schema (anyOf)`)]),
    ...(schema.oneOf === undefined || schema.oneOf.filter(holds).length === 1
      ? []
      : [invalid(path, value, `${path} in body must validate one and only one schema (oneOf)`)]),
    ...(schema.allOf ?? []).flatMap((branch) => validateStructural(value, branch, path)),
    ...(schema.not !== undefined && holds(schema.not)
      ? [invalid(path, value, `${path} in body must not validate the schema (not)`)]
      : []),
  ];
}
