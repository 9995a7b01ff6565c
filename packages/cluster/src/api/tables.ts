/** Objects as rows, for `kubectl get`. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
import type { KubeObject } from '@slipway/kube/object';
import type { TableColumn } from '../schema/definition.ts';

export interface TableOptions {
  readonly now: number;
  /** What each row carries beside its cells. */
  readonly includeObject: 'None' | 'Metadata' | 'Object';
  /** Of the group meta.k8s.io. */
  readonly version: 'v1' | 'v1beta1';
  readonly metadata: object;
  /** In a watch only the first table names the columns. */
  readonly withColumns: boolean;
}

export function toTable(
  columns: readonly TableColumn[],
  objects: readonly KubeObject[],
  options: TableOptions,
): object {
  const columnDefinitions = columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority,
  }));
  const apiVersion = `meta.k8s.io/${options.version}`;
  return {
    kind: 'Table',
    apiVersion,
    metadata: options.metadata,
    columnDefinitions: options.withColumns ? columnDefinitions : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.now)),
      ...(options.includeObject === 'None'
        ? {}
        : { object: options.includeObject === 'Object' ? object : partialMetadata(object, apiVersion) }),
    })),
  };
}

export function partialMetadata(object: KubeObject, apiVersion: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}
