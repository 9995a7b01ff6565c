import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '@slipway/kube/object';
import { parseAllDocuments, type Document } from 'yaml';
import { usageFailure } from '../failure.ts';
import { describeSystemError, isSystemError } from '../system-error.ts';

export interface Manifest {
  /** File and number of the document, for messages. */
  readonly source: string;
  readonly object: KubeObject;
}

/** The objects in a file, or in the files of a directory in the order of their names. */
export async function readManifests(path: string): Promise<readonly Manifest[]> {
  try {
    const files = await listFiles(path);
    return (await Promise.all(files.map(readDocuments))).flat();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw usageFailure(`${error.path ?? path} cannot be read: ${describeSystemError(error)}`, error);
  }
}

async function listFiles(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.(ya?ml|json)$/.test(name)).toSorted();
  if (names.length === 0) throw usageFailure(`${path} holds no manifests (*.yaml, *.yml, *.json)`);
  return names.map((name) => join(path, name));
}

/** Objects of a megabyte are refused by every API server; a file may hold several. */
const maximumBytes = 8 * 1024 * 1024;

async function readText(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > maximumBytes)
    throw usageFailure(
      `${file} has ${size} bytes: expected manifests of ${maximumBytes} at most; divide it into several files`,
    );
  const bytes = await readFile(file);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw usageFailure(`${file} is not text: expected YAML or JSON in UTF-8`);
}

/** Anchors that name each other grow without bound: the parser stops at a hundred. */
function valueOf(document: Document.Parsed, source: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw usageFailure(`${source} cannot be read: ${error.message}; write out what its anchors stand for`, error);
  }
}

async function readDocuments(file: string): Promise<readonly Manifest[]> {
  const documents = [...parseAllDocuments(await readText(file))];
  const manifests = documents.flatMap((document, index) => {
    const source = documents.length === 1 ? file : `${file}, document ${index + 1}`;
    const [error] = document.errors;
    if (error !== undefined) throw usageFailure(`${source} is not YAML: ${error.message.trimEnd()}`, error);
    const value = valueOf(document, source);
    return value === null || value === undefined ? [] : [{ source, object: requireObject(value, source) }];
  });
  if (manifests.length === 0) throw usageFailure(`${file} is empty: expected at least one Kubernetes object`);
  return manifests;
}

function requireObject(value: unknown, source: string): KubeObject {
  if (isObject(value)) return value;
  throw usageFailure(`${source} is no Kubernetes object: expected a mapping with apiVersion, kind and metadata.name`);
}

function isObject(value: unknown): value is KubeObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    'metadata' in value &&
    typeof value.metadata === 'object' &&
    value.metadata !== null &&
    'name' in value.metadata &&
    typeof value.metadata.name === 'string'
  );
}
