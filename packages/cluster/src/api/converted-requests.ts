/** Requests in a version in which nothing is stored: turned into requests in the other one, and their answers back. */
import { apiVersionOf, type KubeObject } from '@slipway/kube/object';
import { formatFieldSelector, parseFieldSelector } from '@slipway/kube/selector';
import type { TransportRequest, TransportResponse } from '@slipway/kube/transport';
import type { Conversion, Fault, ResourceDefinition } from '../schema/definition.ts';
import { isJsonObject } from '../schema/shape.ts';
import { invalidObject, unknownPath } from './api-errors.ts';
import { decodeObject } from './decode-object.ts';
import { decodePatched } from './invalid-patch.ts';
import { patchedObject, patchKind } from './patches.ts';
import type { ResourceRequest } from './resource-request.ts';
import { readWriteOptions } from './write-options.ts';

export interface ConvertedRequest {
  readonly request: TransportRequest;
  readonly at: ResourceRequest;
  readonly conversion: Conversion;
}

type Handle = (request: TransportRequest, at: ResourceRequest) => TransportResponse | Promise<TransportResponse>;

export async function handleConverted(converted: ConvertedRequest, handle: Handle): Promise<TransportResponse> {
  const { at, conversion } = converted;
  const { group, version, plural } = conversion.stored;
  const definition = at.catalog.find(group, version, plural);
  if (definition === undefined) throw unknownPath();
  const path = { ...at.path, group, version };
  const response = await handle(storedRequest(converted, definition), { ...at, definition, path });
  return convertedResponse(response, at.definition, conversion);
}

/** A patch says how the object of this version changes, so that it is carried out here, and becomes a replacement. */
function storedRequest({ request, at, conversion }: ConvertedRequest, stored: ResourceDefinition): TransportRequest {
  const { body, method, signal } = request;
  if (method === 'DELETE' || body === undefined || !('json' in body)) return withStoredFields(request, conversion);
  const current = at.resources.find({ definition: stored, namespace: at.path.namespace, name: at.path.name });
  const seen = current && conversion.fromStored(current);
  const kind = method === 'PATCH' ? patchKind(request.headers['content-type'] ?? '') : 'apply';
  const asObject = (json: unknown): { readonly json: unknown } => {
    const { fieldValidation } = readWriteOptions(request);
    const object = decodeObject(json, { definition: at.definition, fieldValidation, warn: () => undefined });
    const faults = faultsOf(object, { method, kind, seen, conversion });
    if (faults.length > 0) throw invalidObject(at.definition.type, object.metadata.name ?? '', faults);
    return { json: conversion.toStored(object, current) };
  };
  if (kind === 'apply') return { ...request, signal, body: asObject(body.json) };
  if (seen === undefined) return { ...request, signal, method: 'GET' };
  const patch = { kind, body: body.json };
  const patched = patchedObject(seen, { ...patch, definition: at.definition });
  return { ...request, signal, method: 'PUT', body: decodePatched(patch, patched, asObject) };
}

interface Write {
  readonly method: string;
  readonly kind: ReturnType<typeof patchKind>;
  readonly seen: KubeObject | undefined;
  readonly conversion: Conversion;
}

/** Who applies leaves the fields as they are that he does not name. */
function faultsOf(object: KubeObject, { method, kind, seen, conversion }: Write): readonly Fault[] {
  if (method === 'POST') return conversion.validate?.(object) ?? [];
  if (seen === undefined) return [];
  const becomes = method === 'PATCH' && kind === 'apply' ? { ...seen, ...object } : object;
  return conversion.validateUpdate?.(becomes, seen) ?? [];
}

/** Selects by the fields of the stored form. */
function withStoredFields(request: TransportRequest, { storedField }: Conversion): TransportRequest {
  const selector = request.query.get('fieldSelector');
  if (selector === null || storedField === undefined) return request;
  const query = new URLSearchParams(request.query);
  const stored = formatFieldSelector(
    parseFieldSelector(selector).map((each) => ({ ...each, field: storedField(each.field) })),
  );
  query.set('fieldSelector', stored);
  return { ...request, signal: request.signal, query };
}

function convertedResponse(
  response: TransportResponse,
  definition: ResourceDefinition,
  conversion: Conversion,
): TransportResponse {
  const { body } = response;
  switch (body.kind) {
    case 'json':
      return { ...response, body: { kind: 'json', value: convertedValue(body.value, definition, conversion) } };
    case 'watch':
      return { ...response, body: { kind: 'watch', events: convertedEvents(body.events, definition, conversion) } };
    case 'bytes':
      return response;
  }
}

/** Tables and metadata alone are the same in both versions. */
function convertedValue(value: unknown, { type, listKind }: ResourceDefinition, conversion: Conversion): unknown {
  if (!isJsonObject(value)) return value;
  if (value['kind'] === type.kind) return conversion.fromStored(value as unknown as KubeObject);
  if (value['kind'] !== listKind || !Array.isArray(value['items'])) return value;
  const items = value['items'].map((item: KubeObject) => conversion.fromStored(item));
  return { ...value, apiVersion: apiVersionOf(type), items };
}

async function* convertedEvents(
  events: AsyncIterable<unknown>,
  definition: ResourceDefinition,
  conversion: Conversion,
): AsyncIterable<unknown> {
  for await (const event of events) {
    yield isJsonObject(event) ? { ...event, object: convertedValue(event['object'], definition, conversion) } : event;
  }
}
