/**
 * Whether the schema of a custom resource is structural: every value has one type, said outside of logic.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
import { isSameJson } from '@slipway/kube/json-equality';
import type { Fault } from './definition.ts';
import { forbidden, invalid, required } from './faults.ts';
import { branchesOf, partsOf, type SchemaPlace } from './schema-places.ts';
import { isJsonObject } from './shape.ts';
import type { StructuralSchema } from './structural-schema.ts';

export function checkStructure(schema: StructuralSchema, path: string): readonly Fault[] {
  const ofRoot = schema.nullable === true ? [forbidden(`${path}.nullable`, 'nullable cannot be true at the root')] : [];
  return [...ofRoot, ...checkPlace({ schema, path, level: 'root' })];
}

function checkPlace(place: SchemaPlace): readonly Fault[] {
  const { schema, path } = place;
  return [
    ...checkType(place),
    ...checkExtensions(schema, path),
    ...checkOpenness(place),
    ...checkObjectFields(place),
    ...branchesOf(schema, path).flatMap((branch) => checkBranch(branch, schema)),
    ...partsOf(schema, path).flatMap(checkPlace),
  ];
}

const untyped = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
} as const;

function checkType({ schema, path, level }: SchemaPlace): readonly Fault[] {
  const { type = '', items } = schema;
  const field = `${path}.type`;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const mayBeAnything =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (isEmbedded && type !== 'object') {
    const detail = 'must be object if x-kubernetes-embedded-resource is true';
    return [type === '' ? required(field, detail) : invalid(field, type, detail)];
  }
  if (type === '') return mayBeAnything ? [] : [required(field, untyped[level])];
  if (level === 'root' && type !== 'object') return [invalid(field, type, 'must be object at the root')];
  return type === 'array' && items === undefined ? [required(`${path}.items`, 'must be specified')] : [];
}

function checkExtensions(schema: StructuralSchema, path: string): readonly Fault[] {
  if (schema['x-kubernetes-int-or-string'] !== true) return [];
  const names = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const;
  return names
    .filter((name) => schema[name] === true)
    .map((name) => invalid(`${path}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true'));
}

function checkOpenness({ schema, path, level }: SchemaPlace): readonly Fault[] {
  if (schema.additionalProperties === undefined) return [];
  const field = `${path}.additionalProperties`;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  return [
    ...(level === 'root' ? [forbidden(field, 'must not be used at the root')] : []),
    ...(isEmbedded ? [forbidden(field, 'must not be used if x-kubernetes-embedded-resource is set')] : []),
  ];
}

/** What every object has is said already. */
function checkObjectFields({ schema, path, level }: SchemaPlace): readonly Fault[] {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  if (level !== 'root' && !isEmbedded) return [];
  const { properties = {} } = schema;
  const { metadata } = properties;
  const isEmpty = Object.keys(properties).length === 0 && schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return [
    ...['kind', 'apiVersion'].flatMap((name) =>
      checkFieldType(properties[name], 'string', `${path}.properties[${name}]`),
    ),
    ...checkFieldType(metadata, 'object', `${path}.properties[metadata]`),
    ...(level === 'root' && metadata !== undefined && !isPlainMetadata(metadata)
      ? [forbidden(`${path}.properties[metadata]`, implicit)]
      : []),
    ...(isEmbedded && isEmpty ? [required(`${path}.properties`, closed)] : []),
  ];
}

const implicit = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
const closed =
  'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';

function checkFieldType(schema: StructuralSchema | undefined, type: string, path: string): readonly Fault[] {
  if (schema === undefined || schema.type === type) return [];
  return [invalid(`${path}.type`, schema.type ?? '', `must be ${type}`)];
}

/** Only names may be held to more than they are anyway. */
function isPlainMetadata({
  type: _,
  description: __,
  default: ___,
  properties = {},
  ...rest
}: StructuralSchema): boolean {
  const ofNames = Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
  return ofNames && Object.keys(rest).length === 0;
}

const emptyInBranches = ['type', 'title', 'description', 'additionalProperties'] as const;
const falseInBranches = [
  'nullable',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
] as const;

/** A branch of logic narrows what is specified outside of it: it gives no types and knows no other fields. */
function checkBranch(
  { schema, path }: Omit<SchemaPlace, 'level'>,
  outside: StructuralSchema | undefined,
): readonly Fault[] {
  if (isIntOrString(schema, outside)) return [];
  const words: Readonly<Record<string, unknown>> = { ...schema };
  return [
    ...emptyInBranches
      .filter((word) => words[word] !== undefined)
      .map((word) => forbidden(`${path}.${word}`, 'must be empty to be structural')),
    ...(schema.default === undefined ? [] : [forbidden(`${path}.default`, 'must be undefined to be structural')]),
    ...falseInBranches
      .filter((word) => words[word] === true)
      .map((word) => forbidden(`${path}.${word}`, 'must be false to be structural')),
    ...branchesOf(schema, path).flatMap((branch) => checkBranch(branch, outside)),
    ...partsOf(schema, path).flatMap((part) => checkBranch(part, outsideOf(part.path.slice(path.length), outside))),
    ...missingOutside(schema, { path, outside }),
  ];
}

/** The part that a branch speaks of, outside of it. */
function outsideOf(step: string, outside: StructuralSchema | undefined): StructuralSchema | undefined {
  return outside === undefined ? undefined : partsOf(outside, '').find(({ path }) => path === step)?.schema;
}

function missingOutside(
  schema: StructuralSchema,
  { path, outside }: { readonly path: string; readonly outside: StructuralSchema | undefined },
): readonly Fault[] {
  if (outside === undefined) return [];
  return partsOf(schema, '')
    .filter(({ path: step }) => !step.startsWith('.additionalProperties') && outsideOf(step, outside) === undefined)
    .map(({ path: step }) => required(`${outsidePathOf(path)}${step}`, `because it is defined in ${path}${step}`));
}

/** `spec.anyOf[0].properties[a]` narrows `spec.properties[a]`. */
function outsidePathOf(path: string): string {
  return path.replaceAll(/\.(?:allOf\[\d+\]|anyOf\[\d+\]|oneOf\[\d+\]|not)(?=\.|$)/g, '');
}

/** How the two types of an int-or-string are spelled for those who do not know the extension. */
function isIntOrString(schema: StructuralSchema, outside: StructuralSchema | undefined): boolean {
  if (outside?.['x-kubernetes-int-or-string'] !== true) return false;
  const spelled = [{ type: 'integer' }, { type: 'string' }];
  return (
    spelled.some((each) => isSameJson(each, schema)) || (isJsonObject(schema) && isSameJson(schema.anyOf, spelled))
  );
}
