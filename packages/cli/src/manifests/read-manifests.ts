import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments, type Document } from 'yaml';
import { usageFailure } from '../failure.ts';
import { describeSystemError, isSystemError } from '../system-error.ts';
import { requireObjects, type Manifest } from './manifest.ts';

/** What stands for standard input where a file is named, as for kubectl. */
const standardInput = '-';

/** What a path is called in messages. */
export function describePath(path: string): string {
  return path === standardInput ? 'standard input' : path;
}

/** The objects in a file, in the files of a directory in the order of their names, or for `-` in what `input` holds. */
export async function readManifests(
  path: string,
  input: AsyncIterable<Uint8Array> = process.stdin,
): Promise<readonly Manifest[]> {
  try {
    if (path === standardInput) return readDocuments(describePath(path), await collectBytes(input));
    const files = await listFiles(path);
    return (await Promise.all(files.map(readFileDocuments))).flat();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw usageFailure(`${error.path ?? describePath(path)} cannot be read: ${describeSystemError(error)}`, error);
  }
}

/** Directories in a directory are not looked into, whatever they are called: so kubectl does without --recursive. */
async function listFiles(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /\.(ya?ml|json)$/.test(name)).toSorted();
  const files = names.map((name) => join(path, name));
  const areDirectories = await Promise.all(files.map(async (file) => (await stat(file)).isDirectory()));
  const found = files.filter((_, index) => areDirectories[index] === false);
  if (found.length === 0)
    throw usageFailure(
      `${path} is a directory and holds no manifests: expected files named *.yaml, *.yml or *.json (directories in it are not looked into)`,
    );
  return found;
}

/** Objects of a megabyte are refused by every API server; a file may hold several. */
const maximumBytes = 8 * 1024 * 1024;

async function readFileDocuments(file: string): Promise<readonly Manifest[]> {
  const { size } = await stat(file);
  if (size > maximumBytes) throw tooLarge(file, `has ${size} bytes`);
  return readDocuments(file, await readFile(file));
}

async function collectBytes(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > maximumBytes) throw tooLarge(describePath(standardInput), 'holds more');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(source: string, reason: string): Error {
  return usageFailure(
    `${source} ${reason}: expected manifests of ${maximumBytes} bytes at most; divide it into several files`,
  );
}

function decode(source: string, bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw usageFailure(`${source} is not text: expected YAML or JSON in UTF-8`);
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

function readDocuments(file: string, bytes: Uint8Array): readonly Manifest[] {
  const documents = [...parseAllDocuments(decode(file, bytes))];
  const manifests = documents.flatMap((document, index) => {
    const source = documents.length === 1 ? file : `${file}, document ${index + 1}`;
    const [error] = document.errors;
    if (error !== undefined) throw usageFailure(`${source} is not YAML: ${error.message.trimEnd()}`, error);
    const value = valueOf(document, source);
    return value === null || value === undefined ? [] : requireObjects(value, source);
  });
  if (manifests.length === 0) throw usageFailure(`${file} is empty: expected at least one Kubernetes object`);
  return manifests;
}
