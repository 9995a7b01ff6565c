/**
 * What the API server knows of one resource: made from the catalog for built-in kinds and from a
 * CustomResourceDefinition for others. The server has no other knowledge of kinds.
 */
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import type { StatusCause } from '@slipway/kube/status-error';

/** Where a field stands in a merge: how lists and maps are joined, for strategic merge patch and server-side apply alike. */
export type SchemaNode =
  | {
      readonly kind: 'scalar';
      /** Of a type in the API that has a name of its own, such as `io.k8s.apimachinery.pkg.apis.meta.v1.Time`. */
      readonly name?: string | undefined;
      readonly type:
        | 'string'
        | 'boolean'
        | 'integer'
        | 'number'
        | 'bytes'
        | 'time'
        | 'microTime'
        | 'duration'
        | 'quantity'
        | 'intOrString';
      readonly format?: string | undefined;
      readonly enum?: readonly unknown[] | undefined;
      readonly default?: unknown;
      readonly nullable?: boolean | undefined;
    }
  | {
      readonly kind: 'object';
      /** Of the type in the API, such as `io.k8s.api.core.v1.Probe`; custom resources have none. */
      readonly name?: string | undefined;
      readonly fields: ReadonlyMap<string, SchemaField>;
      readonly structType?: 'atomic' | 'granular' | undefined;
      readonly preserveUnknownFields?: boolean | undefined;
      readonly nullable?: boolean | undefined;
    }
  | {
      readonly kind: 'map';
      readonly values: SchemaNode;
      readonly mapType?: 'atomic' | 'granular' | undefined;
      readonly nullable?: boolean | undefined;
    }
  | {
      readonly kind: 'list';
      readonly items: SchemaNode;
      readonly listType: 'atomic' | 'set' | 'map';
      readonly listMapKeys: readonly string[];
      readonly nullable?: boolean | undefined;
    }
  /** RawExtension, JSON, FieldsV1, x-kubernetes-preserve-unknown-fields without fields: anything goes, merged as one value. */
  | {
      readonly kind: 'any';
      /** Of a type in the API that has a name of its own. */
      readonly name?: string | undefined;
      readonly nullable?: boolean | undefined;
    };

export interface SchemaField {
  readonly node: SchemaNode;
  /** What a person is told of it; only custom resources bring their own. */
  readonly description?: string | undefined;
  readonly required: boolean;
  /** A struct that is there although it is empty, as `spec`: nobody adds it, and nobody takes it away. */
  readonly byValue?: boolean | undefined;
  /** An empty value of it, as `0` or `[]`, says something; of other fields it is as if they were not there. */
  readonly pointer?: boolean | undefined;
  readonly default?: unknown;
  readonly patchStrategy?: string | undefined;
  readonly patchMergeKey?: string | undefined;
}

export interface TableColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string | undefined;
  readonly description: string;
  /** 0 is always shown, others only with `-o wide`. */
  readonly priority: number;
  /** `now` in milliseconds, for ages. */
  cell(object: KubeObject, now: number): string | number | boolean | null;
}

/** One fault of one field; all faults of an object are returned at once. `reason` is a Kubernetes cause such as FieldValueRequired. */
export type Fault = StatusCause;

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string | undefined;
}

/** Of a version that is served beside the one in which objects are stored. */
export interface Conversion {
  readonly stored: ResourceType;
  /** `current` is the stored object, where there is one: what this version cannot say stays as it is. */
  toStored(object: KubeObject, current: KubeObject | undefined): KubeObject;
  fromStored(object: KubeObject): KubeObject;
  /** What more is asked of an object that is created in this version. */
  validate?(object: KubeObject): readonly Fault[];
  /** What more is asked of one that is changed in this version, `old` as this version says it. */
  validateUpdate?(object: KubeObject, old: KubeObject): readonly Fault[];
  /** How the field of a selector is called in the stored form; absent: as here. */
  storedField?(field: string): string;
}

export interface ObjectPart {
  /** The current object with the part as it was asked for. */
  take(asked: KubeObject, current: KubeObject): KubeObject;
  /** Beside the rules of the whole object. */
  validate(object: KubeObject, old: KubeObject): readonly Fault[];
}

export interface CreatedBelow {
  readonly type: ResourceType;
  readonly subresource: string;
}

export interface ResourceDefinition {
  readonly type: ResourceType;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** A question to the server: answered when it is created, and never stored. */
  readonly isReview?: boolean | undefined;
  /** Only created, and as a subresource: of the object that it has the name of. */
  readonly createdBelow?: CreatedBelow | undefined;
  /** Made from what nodes measure whenever somebody asks, and never stored. */
  readonly isMeasured?: boolean | undefined;
  /** Whoever replaces one that is not there creates it. */
  readonly createdByUpdate?: boolean | undefined;
  /** Absent: objects are stored in this version. */
  readonly conversion?: Conversion | undefined;
  /** Served as `<plural>/status` with the spec kept, and `metadata.generation` counting changes of the rest. */
  readonly hasStatus: boolean;
  readonly scale?: ScalePaths | undefined;
  /** Subresources with handlers of their own in the API server: `log`, `proxy`, `binding`, `eviction`, ... */
  readonly connect: readonly string[];
  /** What becomes of dependents where a delete does not say; absent: they are deleted in the background. */
  readonly defaultPropagation?: 'Orphan' | undefined;
  /** Subresources by which a part of the object is written, in the form of the whole. */
  readonly parts?: Readonly<Record<string, ObjectPart>> | undefined;
  readonly schema: SchemaNode;
  readonly columns: readonly TableColumn[];
  /** Field selectors beyond metadata.name and metadata.namespace. */
  readonly selectableFields: Readonly<Record<string, (object: KubeObject) => string>>;
  /** Fills in the documented defaults. Pure; returns the same object if nothing was missing. */
  applyDefaults(object: KubeObject): KubeObject;
  /** Before a create is validated: what a client may not set (status) is cleared, what the server owns is set. `old` is absent on create. */
  prepare(object: KubeObject, old: KubeObject | undefined): KubeObject;
  /** A status is held against the schema and the rules too when it is written: those of custom resources are. */
  readonly validatesStatus?: boolean | undefined;
  /** `validate` names values of wrong types too, beside all else; otherwise the first one is refused alone. */
  readonly validatesTypes?: boolean | undefined;
  /**
   * Rules beyond the shape, which `validateShape` covers. `stored` is the object before, whichever part of it is written;
   * absent on create. Without a subresource, the object itself is written.
   */
  validate(object: KubeObject, stored: KubeObject | undefined, subresource?: string): readonly Fault[];
  /**
   * Rules in CEL, judged after `validate`, whose faults are given. `stored` is the object before, whichever part of it is
   * written; absent on create. Throws where such a rule is met for the first time (`withLateModules`).
   */
  validateRules?(
    object: KubeObject,
    judged: { stored: KubeObject | undefined; faults: readonly Fault[] },
  ): readonly Fault[];
  /** What is accepted and not carried out here, told to whoever writes it. */
  warnings?(object: KubeObject): readonly string[];
}

/** Custom resources carry no merge keys, so Kubernetes refuses strategic merge patches for them, and offers none. */
export function isMergedByKeys({ type }: ResourceDefinition): boolean {
  return !type.group.includes('.') || type.group.endsWith('.k8s.io');
}

/** Finds definitions; custom resources come and go while it is in use. */
export interface Catalog {
  find(group: string, version: string, plural: string): ResourceDefinition | undefined;
  all(): readonly ResourceDefinition[];
  /** Called after every change of the set; returns the way to stop. */
  onChange(listener: () => void): () => void;
}
