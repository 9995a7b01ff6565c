import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { KubeObject } from '@slipway/kube/object';
import { age, ageColumn, nameColumn } from './columns.ts';
import type { Fault, ResourceDefinition, TableColumn } from './definition.ts';
import { allVerbs, withStatus } from './entry.ts';
import { invalid } from './faults.ts';
import { parsePath, readPath, type Path } from './json-path.ts';
import { validateMetadata } from './metadata.ts';
import { dns1123Subdomain } from './names.ts';
import { withinPatternTime } from './patterns.ts';
import { hasRules } from './rules/has-rules.ts';
import { loadedRules } from './rules/loaded-rules.ts';
import { selectableFieldsOf } from './selectable-fields.ts';
import { applySchemaDefaults, isJsonObject } from './shape.ts';
import { rootNode, validateStructural, type StructuralSchema } from './structural-schema.ts';

type Version = CustomResourceDefinition['spec']['versions'][number];

/** What a CustomResourceDefinition adds to the catalog: one definition for each version that is served. */
export function customResources(crd: CustomResourceDefinition): readonly ResourceDefinition[] {
  return crd.spec.versions.filter(({ served }) => served).map((version) => customResource(crd, version));
}

function customResource({ spec }: CustomResourceDefinition, version: Version): ResourceDefinition {
  const { names } = spec;
  // The API's own validation of CustomResourceDefinitions has seen that there is a schema.
  const structural = (version.schema?.openAPIV3Schema ?? { type: 'object' }) as StructuralSchema;
  const schema = rootNode(structural);
  const type = {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    namespaced: spec.scope === 'Namespaced',
  };
  const hasStatus = version.subresources?.status !== undefined;
  return {
    type,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    verbs: allVerbs,
    hasStatus,
    scale: version.subresources?.scale,
    connect: [],
    schema,
    columns: printerColumns(version),
    selectableFields: selectableFieldsOf(version),
    applyDefaults: (object) => {
      const filled = applySchemaDefaults(object, schema);
      return isJsonObject(filled) ? { ...object, ...filled } : object;
    },
    prepare: (object, old) =>
      hasStatus
        ? withStatus(object, old === undefined ? undefined : (old as { readonly status?: unknown }).status)
        : object,
    validatesStatus: true,
    validatesTypes: true,
    validate: (object, stored, subresource = '') => [
      ...validateMetadata(
        object,
        { nameRule: dns1123Subdomain, namespaced: type.namespaced },
        subresource === '' ? stored : undefined,
      ),
      ...withinPatternTime(() => validateStructural(withoutMetadata(object), structural, '')),
    ],
    validateRules: (object, { stored, faults }) => {
      if (!hasRules(structural)) return [];
      return faults.some(isBlocking) ? [rulesNotChecked] : loadedRules().validateRules(structural, object, stored);
    },
  };
}

/** Of what a rule would be misled by: Kubernetes then judges by none. */
const blocking = new Set([
  'FieldValueRequired',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

function isBlocking({ reason }: Fault): boolean {
  return reason !== undefined && blocking.has(reason);
}

const rulesNotChecked = invalid(
  '<nil>',
  'null',
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
);

function withoutMetadata(object: KubeObject): unknown {
  const { metadata: _, ...rest } = object;
  return { ...rest, metadata: {} };
}

/** As in Kubernetes, one column that cannot be read leaves none. */
function printerColumns({ additionalPrinterColumns: columns = [] }: Version): readonly TableColumn[] {
  const own = columns.flatMap((column) => {
    const path = parsePath(column.jsonPath);
    return path === undefined ? [] : [printerColumn(column, path)];
  });
  return own.length === 0 || own.length < columns.length ? [nameColumn, ageColumn] : [nameColumn, ...own];
}

function printerColumn(column: NonNullable<Version['additionalPrinterColumns']>[number], path: Path): TableColumn {
  return {
    name: column.name,
    type: column.type === 'integer' || column.type === 'number' || column.type === 'boolean' ? column.type : 'string',
    format: column.format,
    description: column.description ?? '',
    priority: column.priority ?? 0,
    cell: (object, now) => cellOf(readPath(object, path), column.type, now),
  };
}

/** A value of another type than the column's is not shown, except as text. */
function cellOf(value: unknown, type: string, now: number): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : age(value, now);
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
