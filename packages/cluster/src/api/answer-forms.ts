/** The forms in which answers are wanted: objects, tables for `kubectl get`, metadata alone; a Scale in place of its object. */
import type { Clock } from '@slipway/kube/clock';
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import { StatusError } from '@slipway/kube/status-error';
import type { ResourceDefinition } from '../schema/definition.ts';
import { notAcceptable, requireForm, type AcceptedForm } from './accepted-form.ts';
import { scaleColumns, toScale } from './scale.ts';
import { partialMetadata, toTable, type TableOptions } from './tables.ts';
import { warningHeaders } from './warning-header.ts';
import type { WatchStreamEvent } from './watch-event.ts';

export interface AnswerContext {
  readonly definition: ResourceDefinition;
  readonly path: { readonly subresource: string };
  readonly clock: Clock;
}

/** Throws `NotAcceptable` where it is one that there is not. */
export function formOf({ headers }: TransportRequest): AcceptedForm['form'] {
  return requireForm(headers['accept']).form;
}

function tableOptions(request: TransportRequest, at: AnswerContext, metadata: object): TableOptions {
  return {
    now: at.clock.now(),
    includeObject: includedObject(request),
    version: requireForm(request.headers['accept']).version,
    metadata,
    withColumns: true,
  };
}

const included = ['Metadata', 'None', 'Object'] as const;

function includedObject({ query }: TransportRequest): TableOptions['includeObject'] {
  const asked = query.get('includeObject') ?? '';
  const found = included.find((each) => each === (asked === '' ? 'Metadata' : asked));
  if (found !== undefined) return found;
  throw new StatusError('BadRequest', `unrecognized includeObject value: ${JSON.stringify(asked)}`);
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
      throw unlike('PartialObjectMetadata', `is a list (${goTypeOf(at.definition)}List)`);
    case 'metadataList':
      return answer({
        kind: 'PartialObjectMetadataList',
        apiVersion: metaVersion(request),
        metadata,
        items: objects.map((object) => partialMetadata(object, metaVersion(request))),
      });
    case 'object':
      return answer(listOf(objects, at.definition, metadata));
  }
}

export function listOf(objects: readonly KubeObject[], definition: ResourceDefinition, metadata: object): object {
  return { ...listHead(definition, metadata), items: objects };
}

export function listHead({ type, listKind }: ResourceDefinition, metadata: object): object {
  return { kind: listKind, apiVersion: apiVersionOf(type), metadata };
}

export interface Answer {
  readonly object: KubeObject;
  readonly request: TransportRequest;
  readonly at: AnswerContext;
  readonly status: number;
  readonly warnings: readonly string[];
}

export function one({ object, request, at, status, warnings }: Answer): TransportResponse {
  return { status, headers: warningHeaders(warnings), body: { kind: 'json', value: inForm(object, request, at) } };
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
    case 'metadataList':
      throw noList(at);
    case 'metadata':
      return partialMetadata(shown, metaVersion(request));
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
    if (formOf(request) !== 'table') yield { type, object: partialMetadata(object, metaVersion(request)) };
    else {
      const options = {
        ...tableOptions(request, at, { resourceVersion: object.metadata.resourceVersion }),
        withColumns,
      };
      // A bookmark, too, is a row: it carries its annotations.
      yield { type, object: toTable(at.definition.columns, [object], options) };
      withColumns = false;
    }
  }
}

/** Throws `NotAcceptable` for a write whose answer could not be told in the form that is wanted. */
export function requireTellable(request: TransportRequest, at: AnswerContext): void {
  const form = formOf(request);
  if (form === 'metadataList' && request.method !== 'GET') throw noList(at);
}

/** Refuses to give metadata of several objects as that of one, and the other way round. */
function unlike(asked: string, found: string): StatusError {
  return notAcceptable(`you requested ${asked}, but the requested object ${found}`);
}

function noList({ definition }: AnswerContext): StatusError {
  return unlike('PartialObjectMetadataList', `is not a list (${goTypeOf(definition)})`);
}

/** As Kubernetes calls the type of its own; it has one for all custom resources. */
function goTypeOf({ type, schema }: ResourceDefinition): string {
  if (schema.kind !== 'object' || schema.name === undefined) return '*unstructured.Unstructured';
  return `*${type.group === '' ? 'core' : (type.group.split('.')[0] ?? '')}.${type.kind}`;
}

function metaVersion({ headers }: TransportRequest): string {
  return `meta.k8s.io/${requireForm(headers['accept']).version}`;
}

export function answer(value: unknown, warnings: readonly string[] = []): TransportResponse {
  return { status: 200, headers: warningHeaders(warnings), body: { kind: 'json', value } };
}
