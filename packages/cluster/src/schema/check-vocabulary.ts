/** Which words the schema of a custom resource may use, and what lists and maps must say of themselves, as in Kubernetes. */
import type { Fault } from './definition.ts';
import { forbidden, invalid, notSupported, required } from './faults.ts';
import { branchesOf, partsOf } from './schema-places.ts';
import { isJsonObject } from './shape.ts';
import { isSchema, type StructuralSchema } from './structural-schema.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const unsupported = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'];

export function checkVocabulary(schema: StructuralSchema, path: string): readonly Fault[] {
  const below = [...partsOf(schema, path), ...branchesOf(schema, path)];
  return [
    ...checkWords(schema, path),
    ...checkMapType(schema, path),
    ...checkListType(schema, path),
    ...checkListKeys(schema, path),
    ...below.flatMap((place) => checkVocabulary(place.schema, place.path)),
  ];
}

function checkWords(schema: StructuralSchema, path: string): readonly Fault[] {
  const { type = '', items, additionalProperties, properties = {}, uniqueItems } = schema;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'];
  const isMixed =
    Object.keys(properties).length > 0 && (additionalProperties === false || isSchema(additionalProperties));
  return [
    ...(type === '' || types.includes(type) ? [] : [notSupported(`${path}.type`, type, types)]),
    ...unsupported
      .filter((word) => Object.hasOwn(schema, word))
      .map((word) => forbidden(`${path}.${word}`, `${word} is not supported`)),
    ...(items === undefined || isJsonObject(items)
      ? []
      : [forbidden(`${path}.items`, 'items must be a schema object and not an array')]),
    ...(uniqueItems === true ? [forbidden(`${path}.uniqueItems`, quadratic)] : []),
    ...(isMixed
      ? [forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive')]
      : []),
    ...(preserves === false
      ? [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, preserves, 'must be true or undefined')]
      : []),
  ];
}

const quadratic = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';

function checkMapType(schema: StructuralSchema, path: string): readonly Fault[] {
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType === undefined) return [];
  return [
    ...requireType(schema, 'object', { path, because: 'x-kubernetes-map-type is specified' }),
    ...supported(mapType, ['atomic', 'granular'], `${path}.x-kubernetes-map-type`),
  ];
}

function checkListType(schema: StructuralSchema, path: string): readonly Fault[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === undefined) return [];
  const ofType = requireType(schema, 'array', { path, because: 'x-kubernetes-list-type is specified' });
  return [
    ...ofType,
    ...(listType === 'set' && ofType.length === 0 ? checkSetItems(schema.items ?? {}, `${path}.items`) : []),
    ...supported(listType, ['atomic', 'set', 'map'], `${path}.x-kubernetes-list-type`),
  ];
}

function requireType(
  { type }: StructuralSchema,
  wanted: string,
  { path, because }: { readonly path: string; readonly because: string },
): readonly Fault[] {
  if (type === wanted) return [];
  const detail = `must be ${wanted} if ${because}`;
  return [type === undefined ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail)];
}

function supported(value: string, values: readonly string[], field: string): readonly Fault[] {
  return values.includes(value) ? [] : [notSupported(field, value, values)];
}

/** Of a set, an item is replaced as a whole. */
function checkSetItems(items: StructuralSchema, path: string): readonly Fault[] {
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const { 'x-kubernetes-list-type': listType, 'x-kubernetes-map-type': mapType } = items;
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    return [invalid(`${path}.x-kubernetes-list-type`, listType, detail)];
  if (items.type === 'object' && mapType !== 'atomic')
    return [invalid(`${path}.x-kubernetes-map-type`, mapType, detail)];
  return [];
}

function checkListKeys(schema: StructuralSchema, path: string): readonly Fault[] {
  const { 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys = [], items } = schema;
  if (listType === 'map') return checkListMap(keys, items, path);
  if (keys.length === 0) return [];
  const detail = 'must be map if x-kubernetes-list-map-keys is non-empty';
  const field = `${path}.x-kubernetes-list-type`;
  return [listType === undefined ? required(field, detail) : invalid(field, listType, detail)];
}

function checkListMap(keys: readonly string[], items: StructuralSchema | undefined, path: string): readonly Fault[] {
  const ofKeys =
    keys.length === 0
      ? [required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map')]
      : [];
  if (items === undefined)
    return [...ofKeys, required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type !== 'object')
    return [
      ...ofKeys,
      invalid(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"),
    ];
  const hasTwice = new Set(keys).size < keys.length;
  return [
    ...ofKeys,
    ...keys.flatMap((key) => checkKey(key, { keys, items, path })),
    ...(hasTwice ? [invalid(`${path}.x-kubernetes-list-map-keys`, keys, 'must not contain duplicate entries')] : []),
  ];
}

interface KeyedList {
  readonly keys: readonly string[];
  readonly items: StructuralSchema;
  readonly path: string;
}

/** A key that an item could lack, or that could be null, would name nothing. */
function checkKey(key: string, { keys, items, path }: KeyedList): readonly Fault[] {
  const property = items.properties?.[key];
  if (property === undefined)
    return [invalid(`${path}.x-kubernetes-list-map-keys`, keys, 'entries must all be names of item properties')];
  const at = `${path}.items.properties[${key}]`;
  const isScalar = property.type !== 'array' && property.type !== 'object';
  const isSure = items.required?.includes(key) === true || property.default !== undefined;
  return [
    ...(isScalar
      ? []
      : [
          invalid(`${at}.type`, property.type, "must be a scalar type if parent array's x-kubernetes-list-type is map"),
        ]),
    ...(isSure ? [] : [required(`${at}.default`, `${isKey}, so it must have a default or be a required property`)]),
    ...(property.nullable === true ? [forbidden(`${at}.nullable`, `${isKey}, so it cannot be nullable`)] : []),
  ];
}

const isKey = 'this property is in x-kubernetes-list-map-keys';
