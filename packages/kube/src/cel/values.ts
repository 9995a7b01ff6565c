/** JSON as the values of expressions: integers become `bigint`, objects know their fields, nothing is read before it is asked for. */
import { Optional } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { isSameJson } from '../json-equality.ts';
import { CelEvaluationError, type CelType, type ObjectType } from './types.ts';

/** An object of a declared type. A map, because that is how the evaluator reads fields; filled as fields are asked for. */
export class CelObject extends Map<string, unknown> {
  readonly json: Readonly<Record<string, unknown>>;
  readonly #read: (name: string) => unknown;

  constructor(json: Readonly<Record<string, unknown>>, read: (name: string) => unknown) {
    super();
    this.json = json;
    this.#read = read;
  }

  override get(name: string): unknown {
    if (!super.has(name)) super.set(name, this.#read(name));
    return super.get(name);
  }
}

export type ObjectClass = new (...values: ConstructorParameters<typeof CelObject>) => CelObject;

/** Every declared object type has a class of its own: by it the evaluator knows the type of a value. */
export type ObjectClasses = ReadonlyMap<ObjectType, ObjectClass>;

export function toCelValue(json: unknown, type: CelType, classes: ObjectClasses): unknown {
  if (type.kind === 'optional')
    return json === undefined ? Optional.none() : Optional.of(toCelValue(json, type.of, classes));
  if (json === null) return null;
  switch (type.kind) {
    case 'string':
    case 'bool':
      return json;
    case 'int':
      return BigInt(Number(json));
    case 'double':
      return Number(json);
    case 'bytes':
      return Uint8Array.from(Buffer.from(String(json), 'base64'));
    case 'timestamp':
      return toTimestamp(String(json));
    case 'duration':
      return toDuration(String(json));
    case 'list':
      return toList(json, type, classes);
    case 'map':
      return new Map(
        Object.entries(recordOf(json)).map(([key, value]) => [key, toCelValue(value, type.values, classes)]),
      );
    case 'object':
      return toObject(recordOf(json), type, classes);
    case 'dyn':
      return toDynamic(json);
  }
}

function toList(json: unknown, type: CelType & { readonly kind: 'list' }, classes: ObjectClasses): unknown {
  const items = Array.isArray(json) ? json : [];
  const values = items.map((item: unknown) => toCelValue(item, type.items, classes));
  return type.isSet === true ? new Set(values) : values;
}

function toObject(json: Readonly<Record<string, unknown>>, type: ObjectType, classes: ObjectClasses): CelObject {
  const Class = classes.get(type) ?? CelObject;
  return new Class(json, (name) => {
    const field = type.fields.get(name);
    const value = field === undefined || !Object.hasOwn(json, field.name) ? undefined : json[field.name];
    return field === undefined || value === undefined ? undefined : toCelValue(value, field.type, classes);
  });
}

function toDynamic(json: unknown): unknown {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map(toDynamic);
  if (typeof json === 'object' && json !== null)
    return new Map(Object.entries(json).map(([key, value]) => [key, toDynamic(value)]));
  return json;
}

function recordOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : {};
}

function toTimestamp(text: string): Date {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) throw new CelEvaluationError(`${JSON.stringify(text)} is not a time`);
  return date;
}

const durationUnits: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Go's notation: `1h30m`, `-1.5s`. */
export function toDuration(text: string): Duration {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  if (match === null) throw new CelEvaluationError(`${JSON.stringify(text)} is not a duration`);
  let nanoseconds = 0n;
  for (const [, whole = '0', fraction = '', unit = 's'] of (match[2] ?? '').matchAll(
    /(\d+)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/g,
  ))
    nanoseconds += (BigInt(`${whole}${fraction}`) * (durationUnits[unit] ?? 1n)) / 10n ** BigInt(fraction.length);
  const signed = match[1] === '-' ? -nanoseconds : nanoseconds;
  return new Duration(signed / 1_000_000_000n, Number(signed % 1_000_000_000n));
}

/** Whether two values in JSON are one to an expression. The order of a set says nothing; what no field declares counts too. */
export function isSameValue(a: unknown, b: unknown, type: CelType | undefined): boolean {
  if (a === b) return true;
  if (type?.kind === 'object') return isSameObject(recordOf(a), recordOf(b), type);
  if (type?.kind !== 'list' || !Array.isArray(a) || !Array.isArray(b)) return isSameJson(a, b);
  if (a.length !== b.length) return false;
  return type.isSet === true
    ? a.every((item) => b.includes(item))
    : a.every((item, index) => isSameValue(item, b[index], type.items));
}

type Json = Readonly<Record<string, unknown>>;

function isSameObject(a: Json, b: Json, { fields }: ObjectType): boolean {
  const types = new Map([...fields.values()].map(({ name, type }) => [name, type]));
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isSameValue(a[name], b[name], types.get(name)));
}
