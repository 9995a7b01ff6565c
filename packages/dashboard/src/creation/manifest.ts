/**
 * An Application as text. The text is what counts: fields of the form read from it and write into it, and what else stands
 * there, comments too, stays as it is. Pure.
 */
import type { ApplicationSpec } from '@slipway/delivery/api/application';
import { isMap, parseDocument, type Document } from 'yaml';
import { describeProblem } from '../api/problem.ts';

export interface Manifest {
  readonly namespace: string;
  readonly name: string;
  readonly spec: ApplicationSpec;
}

export type Reading =
  | { readonly manifest: Manifest; readonly fault?: undefined }
  /** Why it is none. */
  | { readonly manifest?: undefined; readonly fault: string };

export type Path = ReadonlyArray<string | number>;

export function readManifest(text: string): Reading {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) return { fault: firstLine(error.message) };
  const value = readValue(document);
  if ('fault' in value) return value;
  const { metadata, spec, kind = 'Application' } = value.content;
  if (kind !== 'Application') return { fault: `kind is ${show(kind)}; Application is what is made here` };
  if (!isObject(spec)) return { fault: 'spec is missing: it says what is to run' };
  const { name, namespace } = isObject(metadata) ? metadata : {};
  return { manifest: { namespace: asText(namespace, 'default'), name: asText(name, ''), spec } };
}

/** What aliases refer to may be too much of it. */
function readValue(
  document: Document,
): { readonly content: Readonly<Record<string, unknown>> } | { readonly fault: string } {
  try {
    const content: unknown = document.toJS({ maxAliasCount: 100 });
    return isObject(content) ? { content } : { fault: 'this is no object: write metadata and spec' };
  } catch (error) {
    return { fault: describeProblem(error) };
  }
}

/** Undefined takes it away, with what is empty then. */
export function editManifest(text: string, path: Path, value: unknown): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  if (value === undefined || value === '') removeAt(document, path);
  else document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

function removeAt(document: Document, path: Path): void {
  if (!document.hasIn(path)) return;
  document.deleteIn(path);
  const above = path.slice(0, -1);
  // A container or a port that has lost a field is still one; an empty `limits` says nothing.
  const owner = document.getIn(above);
  if (above.length > 1 && isMap(owner) && owner.items.length === 0) removeAt(document, above);
}

export function getAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((found, key) => {
    if (Array.isArray(found)) return typeof key === 'number' ? found[key] : undefined;
    return isObject(found) ? found[key] : undefined;
  }, value);
}

/** As a new one begins. */
export const firstManifest = `apiVersion: slipway.dev/v1alpha1
kind: Application
metadata:
  namespace: default
  name: ""
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: web
          image: ""
          ports:
            - name: http
              containerPort: 8080
  service:
    ports:
      - name: http
        port: 80
        targetPort: http
  strategy:
    type: blueGreen
`;

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asText(value: unknown, otherwise: string): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
