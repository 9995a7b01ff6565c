/** Fields of custom resources that field selectors may name. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#crd-selectable-fields */
import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import type { Fault } from './definition.ts';
import { duplicate, invalid, required, tooMany } from './faults.ts';
import { isJsonObject } from './shape.ts';
import type { StructuralSchema } from './structural-schema.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];
type Selectable = Pick<Version, 'selectableFields' | 'schema'>;

const maximumFields = 8;
const comparableTypes = ['boolean', 'integer', 'string'];
const onlyComparable =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';

/** By the names that selectors have for them: `spec.colour` for `.spec.colour`. */
export function selectableFieldsOf({
  selectableFields = [],
}: Selectable): Readonly<Record<string, (object: KubeObject) => string>> {
  return Object.fromEntries(
    selectableFields.map(({ jsonPath }) => {
      const names = namesIn(jsonPath) ?? [];
      return [names.join('.'), (object: KubeObject) => textAt(object, names)];
    }),
  );
}

/** Undefined for what is no plain path of names. */
function namesIn(path: string): readonly string[] | undefined {
  return /^(?:\.[^.[\]\s'"]+)+$/.test(path) ? path.slice(1).split('.') : undefined;
}

/** Nothing is found by an empty text. */
function textAt(object: unknown, names: readonly string[]): string {
  const value = names.reduce((found: unknown, name) => (isJsonObject(found) ? found[name] : undefined), object);
  return typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? String(value) : '';
}

export function checkSelectableFields({ selectableFields = [], schema }: Selectable, at: string): readonly Fault[] {
  const paths = selectableFields.map((field: { readonly jsonPath?: unknown }) =>
    typeof field.jsonPath === 'string' ? field.jsonPath : '',
  );
  const root = schema?.openAPIV3Schema ?? {};
  const faults = paths.flatMap((path, index) => [
    ...checkField(path, root as StructuralSchema, `${at}.selectableFields[${index}]`),
    ...(path !== '' && paths.indexOf(path) < index ? [duplicate(`${at}.selectableFields[${index}]`, path)] : []),
  ]);
  const count = new Set(paths).size;
  return count > maximumFields ? [...faults, tooMany(`${at}.selectableFields`, count, maximumFields)] : faults;
}

function checkField(path: string, root: StructuralSchema, at: string): readonly Fault[] {
  if (path === '') return [required(`${at}.jsonPath`)];
  const names = namesIn(path);
  const found = names?.reduce(
    (schema: StructuralSchema | undefined, name) => schema?.properties?.[name],
    root as StructuralSchema | undefined,
  );
  if (names?.[0] === 'metadata') return [invalid(at, path, 'must not point to fields in metadata')];
  if (found === undefined)
    return [invalid(`${at}.jsonPath`, path, 'is an invalid path: does not refer to a valid field')];
  return comparableTypes.includes(found.type ?? '') ? [] : [invalid(at, path, onlyComparable)];
}
