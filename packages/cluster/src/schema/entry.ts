import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type {
  Conversion,
  CreatedBelow,
  Fault,
  ObjectPart,
  ResourceDefinition,
  ScalePaths,
  TableColumn,
} from './definition.ts';
import { joinFaults, newFaults } from './faults.ts';
import { validateMetadata } from './metadata.ts';
import type { NameRule } from './names.ts';
import { applySchemaDefaults, isJsonObject } from './shape.ts';
import { schemaNode } from './schema-data.ts';
import { ageColumn, nameColumn } from './columns.ts';

/** One kind, as the catalog writes it down. Everything that is not said has the usual answer. */
export interface CatalogEntry<T extends KubeObject> {
  readonly type: ResourceType<T>;
  /** Name of the type in the schema data. */
  readonly schemaType: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly hasStatus?: boolean;
  readonly isReview?: boolean;
  readonly createdBelow?: CreatedBelow;
  readonly isMeasured?: boolean;
  readonly createdByUpdate?: boolean;
  /** All unless said otherwise. */
  readonly verbs?: readonly string[];
  readonly conversion?: Conversion;
  readonly scale?: ScalePaths;
  readonly connect?: readonly string[];
  readonly parts?: Readonly<Record<string, Part<T>>>;
  /** What becomes of dependents where a delete does not say; the usual: they are deleted in the background. */
  readonly defaultPropagation?: 'Orphan';
  readonly nameRule: NameRule;
  /** Between name and age. */
  readonly columns?: ReadonlyArray<Column<T>>;
  /** The columns stand alone, without name and age. */
  readonly bareColumns?: boolean;
  readonly selectableFields?: Readonly<Record<string, (object: T) => string>>;
  readonly warnings?: ((object: T) => readonly string[]) | undefined;
  readonly defaults?: (object: T) => T;
  /** What a client may not set on create; the usual: the status goes. */
  readonly prepareCreate?: (object: T) => T;
  /** What an update may not change silently; the usual: the status stays. */
  readonly prepareUpdate?: (object: T, old: T) => T;
  /** `old` is absent on create. On updates what the stored object would be told too, written as it is, is left out. */
  readonly validate?: (object: T, old?: T) => readonly Fault[];
  readonly validateUpdate?: (object: T, old: T) => readonly Fault[];
  /** `old` is there on every write but a create. */
  readonly validateRules?: (object: T, old: T | undefined) => readonly Fault[];
}

const none: readonly never[] = [];

interface Part<T extends KubeObject> {
  take(asked: T, current: T): T;
  validate(object: T, old: T): readonly Fault[];
}

export interface Column<T extends KubeObject> {
  readonly name: string;
  readonly type?: TableColumn['type'];
  readonly wide?: boolean;
  cell(object: T, now: number): string | number | boolean | null;
}

export const allVerbs: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

const scalePaths: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.spec.selector',
};
export { scalePaths };

/** Turns an entry into what the API server works with. The entry's object type holds because the shape was checked before. */
export function define<T extends KubeObject>(entry: CatalogEntry<T>): ResourceDefinition {
  const of = (object: KubeObject): T => object as T;
  const hasStatus = entry.hasStatus ?? false;
  return {
    type: entry.type,
    singular: entry.type.kind.toLowerCase(),
    listKind: `${entry.type.kind}List`,
    shortNames: entry.shortNames ?? [],
    categories: entry.categories ?? [],
    verbs: verbsOf(entry),
    isReview: entry.isReview,
    createdBelow: entry.createdBelow,
    isMeasured: entry.isMeasured,
    createdByUpdate: entry.createdByUpdate,
    conversion: entry.conversion,
    hasStatus,
    scale: entry.scale,
    connect: entry.connect ?? [],
    parts: Object.fromEntries(
      Object.entries(entry.parts ?? {}).map(([subresource, part]): [string, ObjectPart] => [
        subresource,
        {
          take: (asked, current) => part.take(of(asked), of(current)),
          validate: (object, old) => part.validate(of(object), of(old)),
        },
      ]),
    ),
    defaultPropagation: entry.defaultPropagation,
    get schema() {
      return schemaNode(entry.schemaType);
    },
    columns: tableColumns(entry),
    selectableFields: Object.fromEntries(
      Object.entries(entry.selectableFields ?? {}).map(([field, read]) => [
        field,
        (object: KubeObject) => read(of(object)),
      ]),
    ),
    applyDefaults: (object) => {
      const filled = applySchemaDefaults(object, schemaNode(entry.schemaType));
      const typed = of(isJsonObject(filled) ? (filled as unknown as KubeObject) : object);
      return entry.defaults?.(typed) ?? typed;
    },
    warnings: (object) => entry.warnings?.(of(object)) ?? none,
    prepare: (object, old) => {
      if (old === undefined)
        return entry.prepareCreate?.(of(object)) ?? (hasStatus ? withStatus(object, undefined) : object);
      const kept = hasStatus ? withStatus(object, statusOf(old)) : object;
      return entry.prepareUpdate?.(of(kept), of(old)) ?? kept;
    },
    validate: (object, stored, subresource = '') => {
      // A node may be bound and finalizers may go through subresources although updates may not touch them.
      const old = subresource === '' ? stored : undefined;
      return joinFaults([
        validateMetadata(object, { nameRule: entry.nameRule, namespaced: entry.type.namespaced }, old),
        newFaults(entry.validate?.(of(object), old === undefined ? undefined : of(old)) ?? none, () =>
          stored === undefined ? none : (entry.validate?.(of(stored), of(stored)) ?? none),
        ),
        old === undefined ? none : (entry.validateUpdate?.(of(object), of(old)) ?? none),
      ]);
    },
    validateRules: (object, { stored }) =>
      entry.validateRules?.(of(object), stored === undefined ? undefined : of(stored)) ?? none,
  };
}

function verbsOf({
  verbs,
  isReview,
  createdBelow,
  isMeasured,
}: {
  readonly verbs?: readonly string[];
  readonly isReview?: boolean;
  readonly createdBelow?: CreatedBelow;
  readonly isMeasured?: boolean;
}): readonly string[] {
  if (isReview === true || createdBelow !== undefined) return ['create'];
  return isMeasured === true ? ['get', 'list'] : (verbs ?? allVerbs);
}

function tableColumns<T extends KubeObject>({ columns = [], bareColumns }: CatalogEntry<T>): readonly TableColumn[] {
  const own = columns.map((column) => tableColumn(column));
  if (bareColumns === true) return own;
  const isWide = ({ priority }: TableColumn): boolean => priority > 0;
  return [nameColumn, ...own.filter((column) => !isWide(column)), ageColumn, ...own.filter(isWide)];
}

function tableColumn<T extends KubeObject>(column: Column<T>): TableColumn {
  return {
    name: column.name,
    type: column.type ?? 'string',
    // By this kubectl finds where to say of which kind the object is, when it shows several.
    ...(column.name === nameColumn.name && column.wide !== true
      ? { format: nameColumn.format, description: nameColumn.description }
      : { description: '' }),
    priority: column.wide === true ? 1 : 0,
    cell: (object, now) => column.cell(object as T, now),
  };
}

function statusOf(object: KubeObject): unknown {
  return (object as { readonly status?: unknown }).status;
}

/** The object with that status, or without one. */
export function withStatus(object: KubeObject, status: unknown): KubeObject {
  const { status: _, ...rest } = object as KubeObject & { readonly status?: unknown };
  return status === undefined ? rest : { ...rest, ...{ status } };
}
