/** Kubernetes' functions on lists, and CEL's on sets. A list may be a `Set`, where its schema says that it is one. */
import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { isDeepStrictEqual } from 'node:util';
import { replacedName } from './names.ts';
import { CelEvaluationError } from './types.ts';

type Comparable = bigint | number | string | boolean | Date | Duration;

export function addLists(environment: Environment): void {
  const durations = 'google.protobuf.Duration';
  environment
    .registerFunction('list<T>.isSorted(): bool', isSorted)
    .registerFunction('list<T>.min(): T', (list: Iterable<Comparable>) => extreme(list, { name: 'min', sign: -1 }))
    .registerFunction('list<T>.max(): T', (list: Iterable<Comparable>) => extreme(list, { name: 'max', sign: 1 }))
    .registerFunction(`list<T>.${replacedName('indexOf')}(T): int`, (list: Iterable<unknown>, item: unknown) =>
      BigInt([...list].findIndex((other) => isDeepStrictEqual(other, item))),
    )
    .registerFunction(`list<T>.${replacedName('lastIndexOf')}(T): int`, (list: Iterable<unknown>, item: unknown) =>
      BigInt([...list].findLastIndex((other) => isDeepStrictEqual(other, item))),
    )
    .registerFunction('list<int>.sum(): int', (list: Iterable<bigint>) =>
      [...list].reduce((sum, item) => sum + item, 0n),
    )
    .registerFunction('list<double>.sum(): double', (list: Iterable<number>) =>
      [...list].reduce((sum, item) => sum + item, 0),
    )
    .registerFunction(`list<${durations}>.sum(): ${durations}`, (list: Iterable<Duration>) =>
      [...list].reduce((sum, item) => sum.addDuration(item), new Duration(0n)),
    );
  addSets(environment);
}

function addSets(environment: Environment): void {
  class SetsNamespace {
    readonly name = 'sets';
  }
  const holds = (list: Iterable<unknown>, item: unknown): boolean =>
    [...list].some((other) => isDeepStrictEqual(other, item));
  const contains = (list: Iterable<unknown>, part: Iterable<unknown>): boolean =>
    [...part].every((item) => holds(list, item));
  environment
    .registerType('SetsNamespace', SetsNamespace)
    .registerConstant('sets', 'SetsNamespace', new SetsNamespace())
    .registerFunction(
      'SetsNamespace.contains(list<T>, list<T>): bool',
      (_: unknown, list: unknown[], part: unknown[]) => contains(list, part),
    )
    .registerFunction(
      'SetsNamespace.equivalent(list<T>, list<T>): bool',
      (_: unknown, a: unknown[], b: unknown[]) => contains(a, b) && contains(b, a),
    )
    .registerFunction('SetsNamespace.intersects(list<T>, list<T>): bool', (_: unknown, a: unknown[], b: unknown[]) =>
      [...a].some((item) => holds(b, item)),
    );
}

function isSorted(list: Iterable<Comparable>): boolean {
  const items = [...list];
  return items.every((item, index) => {
    const before = items[index - 1];
    return before === undefined || before <= item;
  });
}

function extreme(
  list: Iterable<Comparable>,
  { name, sign }: { readonly name: string; readonly sign: 1 | -1 },
): Comparable {
  const [first, ...others] = list;
  if (first === undefined) throw new CelEvaluationError(`${name} called on empty list`);
  return others.reduce((best, item) => ((sign > 0 ? item > best : item < best) ? item : best), first);
}
