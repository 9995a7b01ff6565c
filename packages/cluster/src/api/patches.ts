import { isSameJson } from '@slipway/kube/json-equality';
import { applyMergePatch } from '@slipway/kube/merge-patch';
import type { KubeObject } from '@slipway/kube/object';
import { StatusError } from '@slipway/kube/status-error';
import { applyPatch, Pointer, type Operation, type TestOperation } from 'rfc6902';
import { isMergedByKeys, type ResourceDefinition } from '../schema/definition.ts';
import { isJsonObject } from '../schema/shape.ts';
import { applyStrategicMergePatch } from '../schema/strategic-merge.ts';
import { leadsIntoScalar, noIndex, resolvedPointer } from './list-index.ts';
import { mediaTypeOf } from './media-type.ts';

export type PatchKind = 'json' | 'merge' | 'strategic' | 'apply';

const kinds: Readonly<Record<string, PatchKind>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** More operations than any tool sends in one patch. */
const maximumOperations = 10_000;

/** As much as Kubernetes lets the copies of one patch add up to: each of them may double the object. */
const maximumCopiedBytes = 3 * 1024 * 1024;

export function patchKind(contentType: string): PatchKind {
  const kind = kinds[mediaTypeOf(contentType)];
  if (kind === undefined)
    throw new StatusError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${Object.keys(kinds).join(', ')}`,
    );
  return kind;
}

interface PatchRequest {
  readonly kind: Exclude<PatchKind, 'apply'>;
  readonly body: unknown;
  readonly definition: ResourceDefinition;
}

/** The object as the patch makes it. The object itself is not changed. */
export function patchedObject(object: KubeObject, { kind, body, definition }: PatchRequest): unknown {
  switch (kind) {
    case 'json':
      return jsonPatched(object, body);
    case 'merge':
      return applyMergePatch(object, requireObject(body));
    case 'strategic':
      if (!isMergedByKeys(definition)) {
        throw new StatusError(
          'UnsupportedMediaType',
          'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        );
      }
      return applyStrategicMergePatch(object, requireObject(body), definition.schema);
  }
}

function requireObject(body: unknown): object {
  if (!isJsonObject(body)) throw new StatusError('BadRequest', 'the patch must be a JSON object');
  return body;
}

/** The same of what is no object of the API. */
export function jsonPatched(object: object, body: unknown): unknown {
  if (
    !Array.isArray(body) ||
    !body.every(
      (operation) =>
        isJsonObject(operation) && typeof operation['op'] === 'string' && typeof operation['path'] === 'string',
    )
  ) {
    throw new StatusError('BadRequest', 'a JSON patch must be a list of operations, each with op and path');
  }
  if (body.length > maximumOperations)
    throw new StatusError(
      'RequestEntityTooLarge',
      `the patch has ${body.length} operations, the most allowed is ${maximumOperations}`,
    );
  return operated(object, body as Operation[]);
}

/** One operation after the other, so that the first that fails is the last, and none copies more than it may. */
function operated(object: object, operations: readonly Operation[]): unknown {
  const copy = copyOfTouched(object, operations);
  let copiedBytes = 0;
  for (const [index, operation] of operations.entries()) {
    copiedBytes += copiedBy(operation, copy);
    const failure =
      copiedBytes > maximumCopiedBytes
        ? `unable to complete the copy, the accumulated size of what was copied is ${copiedBytes}, exceeding the limit ${maximumCopiedBytes}`
        : failureOf(operation, copy);
    if (failure !== undefined)
      throw new StatusError(
        'Invalid',
        `the server rejected our request due to an error in our request: operation ${index} (${operation.op} ${operation.path}): ${failure}`,
      );
  }
  return copy;
}

function isInside(place: unknown): place is string {
  return typeof place === 'string' && place.startsWith('/');
}

/** Of what no operation changes the object itself: most of it, where a status is written. */
function copyOfTouched(object: object, operations: readonly Operation[]): unknown {
  // What a client sent: `from` may be anything still.
  const places = operations.flatMap((each): readonly unknown[] => [
    ...(each.op === 'test' ? [] : [each.path]),
    ...('from' in each ? [each.from] : []),
  ]);
  if (!places.every(isInside)) return structuredClone(object);
  const touched = new Set(places.map((place) => Pointer.fromJSON(place).tokens[1]));
  const members = Object.entries(object).map(([name, value]) => [
    name,
    touched.has(name) ? structuredClone(value) : value,
  ]);
  return Object.fromEntries(members);
}

/** Applies the operation; what it says when it cannot. */
function failureOf(operation: Operation, object: unknown): string | undefined {
  const wrong = [operation.path, 'from' in operation ? operation.from : ''].find((pointer) => !isPointer(pointer));
  if (wrong !== undefined) return `${JSON.stringify(wrong)} is no JSON pointer, which begins with a slash`;
  const pointers = 'from' in operation ? [operation.from, operation.path] : [operation.path];
  const missing = pointers.find((pointer) => leadsIntoScalar(pointer, object));
  if (missing !== undefined) return `doc is missing path: ${JSON.stringify(missing)}`;
  if (operation.op === 'test')
    return isAsTested(operation, object) ? undefined : `testing value ${operation.path} failed: test failed`;
  for (const step of stepsOf(operation, object)) {
    const made = step();
    const misplaced = noIndex(made, object);
    const failure =
      misplaced === undefined
        ? applyPatch(object, [made])[0]?.message
        : `${JSON.stringify(misplaced)} is no index of the list`;
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Each to be made when those before it are done: an index from the end depends on how long a list is by then. */
function stepsOf(operation: Operation, object: unknown): readonly (() => Operation)[] {
  if (operation.op !== 'move') return [() => fromTheBeginning(operation, object)];
  const { from, path } = operation;
  const value: unknown = Pointer.fromJSON(resolvedPointer(from, object)).evaluate(object).value;
  return [
    () => fromTheBeginning({ op: 'remove', path: from }, object),
    () => fromTheBeginning({ op: 'add', path, value }, object),
  ];
}

function fromTheBeginning(operation: Operation, object: unknown): Operation {
  const path = resolvedPointer(operation.path, object, operation.op);
  return 'from' in operation
    ? { ...operation, path, from: resolvedPointer(operation.from, object) }
    : { ...operation, path };
}

/** Not by the library, which makes a text of both values to say that they differ, and cannot of every value. */
function isAsTested({ path, value }: TestOperation, object: unknown): boolean {
  return isSameJson(Pointer.fromJSON(resolvedPointer(path, object)).evaluate(object).value ?? null, value ?? null);
}

/** Counted before it is copied, and only then: what is to be copied is bounded by what was copied before. */
function copiedBy(operation: Operation, object: unknown): number {
  if (operation.op !== 'copy' || !isPointer(operation.from)) return 0;
  // Nothing where there is nothing: the copy itself fails then.
  const from = Pointer.fromJSON(resolvedPointer(operation.from, object));
  const text: string | undefined = JSON.stringify(from.evaluate(object).value);
  return text === undefined ? 0 : Buffer.byteLength(text);
}

function isPointer(text: unknown): boolean {
  return typeof text === 'string' && (text === '' || text.startsWith('/'));
}
