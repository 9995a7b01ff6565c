/** The forms in which answers are wanted: objects, tables for `kubectl get`, metadata alone; a Scale in place of its object. */
import type { Clock } from '@slipway/kube/clock';
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { ResourceDefinition } from '../schema/definition.ts';
import { scaleColumns, toScale } from './scale.ts';
import { partialMetadata, toTable, type TableOptions } from './tables.ts';
import type { WatchStreamEvent } from './watch-stream.ts';

export interface AnswerContext {
  readonly definition: ResourceDefinition;
  readonly path: { readonly subresource: string };
  readonly clock: Clock;
}

type Form = 'object' | 'table' | 'metadata';

export function formOf({ headers }: TransportRequest): Form {
  for (const accepted of (headers['accept'] ?? '').split(',')) {
    if (/as=Table/.test(accepted) && /v=v1(;|$)/.test(accepted.trim())) return 'table';
    if (/as=PartialObjectMetadata/.test(accepted)) return 'metadata';
    if (/^\s*(application\/json|\*\/\*)\s*(;q=.*)?$/.test(accepted)) return 'object';
  }
  return 'object';
}

function tableOptions(request: TransportRequest, at: AnswerContext, metadata: object): TableOptions {
  const include = request.query.get('includeObject');
  return {
    now: at.clock.now(),
    includeObject: include === 'None' || include === 'Object' ? include : 'Metadata',
    metadata,
    withColumns: true,
  };
}

export function collection(
  objects: readonly KubeObject[],
  request: TransportRequest,
  at: AnswerContext,
  metadata: { readonly resourceVersion: string },
): TransportResponse {
  switch (formOf(request)) {
    case 'table':
      return answer(toTable(at.definition.columns, objects, tableOptions(request, at, metadata)));
    case 'metadata':
      return answer({
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: objects.map(partialMetadata),
      });
    case 'object':
      return answer(listOf(objects, at.definition, metadata));
  }
}

export function listOf(
  objects: readonly KubeObject[],
  { type, listKind }: ResourceDefinition,
  metadata: object,
): object {
  return { kind: listKind, apiVersion: apiVersionOf(type), metadata, items: objects };
}

export interface Answer {
  readonly object: KubeObject;
  readonly request: TransportRequest;
  readonly at: AnswerContext;
  readonly status: number;
  readonly warnings: readonly string[];
}

export function one({ object, request, at, status, warnings }: Answer): TransportResponse {
  const headers =
    warnings.length === 0 ? {} : { warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`).join(', ') };
  return { status, headers, body: { kind: 'json', value: inForm(object, request, at) } };
}

function inForm(object: KubeObject, request: TransportRequest, at: AnswerContext): unknown {
  const { scale, columns } = at.definition;
  const isScale = at.path.subresource === 'scale' && scale !== undefined;
  const shown = isScale ? toScale(object, scale) : object;
  switch (formOf(request)) {
    case 'table': {
      const options = tableOptions(request, at, { resourceVersion: object.metadata.resourceVersion });
      return toTable(isScale ? scaleColumns : columns, [shown], options);
    }
    case 'metadata':
      return partialMetadata(shown);
    case 'object':
      return shown;
  }
}

export async function* formed(
  events: AsyncIterable<WatchStreamEvent>,
  request: TransportRequest,
  at: AnswerContext,
): AsyncIterable<unknown> {
  let withColumns = true;
  for await (const { type, object } of events) {
    if (type === 'BOOKMARK' && formOf(request) === 'metadata') yield { type, object: partialMetadata(object) };
    else if (formOf(request) === 'metadata') yield { type, object: partialMetadata(object) };
    else {
      const options = {
        ...tableOptions(request, at, { resourceVersion: object.metadata.resourceVersion }),
        withColumns,
      };
      yield { type, object: toTable(at.definition.columns, type === 'BOOKMARK' ? [] : [object], options) };
      withColumns = false;
    }
  }
}

export function answer(value: unknown): TransportResponse {
  return { status: 200, headers: {}, body: { kind: 'json', value } };
}
