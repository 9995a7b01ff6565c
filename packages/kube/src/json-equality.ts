/** Whether two values have the same JSON, whatever the order of their keys; a key without a value is no key. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) return isSameList(a, b);
  return isRecord(a) && isRecord(b) && isSameRecord(a, b, nothing);
}

/** The same, whatever stands under the keys that are left out. */
export function isSameJsonBut(leftOut: ReadonlySet<string>, a: object, b: object): boolean {
  return a === b || (isRecord(a) && isRecord(b) && isSameRecord(a, b, leftOut));
}

const nothing: ReadonlySet<string> = new Set();

/** Every look compares statuses: without a copy, and without a function for each key. */
function isSameRecord(a: JsonRecord, b: JsonRecord, leftOut: ReadonlySet<string>): boolean {
  for (const key of Object.keys(a)) if (!leftOut.has(key) && !isSameJson(a[key], b[key])) return false;
  for (const key of Object.keys(b)) if (b[key] !== undefined && a[key] === undefined && !leftOut.has(key)) return false;
  return true;
}

type JsonRecord = Readonly<Record<string, unknown>>;

function isSameList(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item, index) => isSameJson(item, b[index]));
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null;
}

/**
 * The value with every part that is the same JSON as in `before` replaced by that part itself, and `before` where all of it
 * is: whoever compares the two later is done at the first look.
 */
export function withSharedParts<T>(value: T, before: T): T;
export function withSharedParts(value: unknown, before: unknown): unknown {
  if (value === before) return before;
  if (Array.isArray(value)) return Array.isArray(before) ? sharedList(value, before) : value;
  return isRecord(value) && isRecord(before) && !Array.isArray(before) ? sharedRecord(value, before) : value;
}

function sharedList(value: readonly unknown[], before: readonly unknown[]): readonly unknown[] {
  const items = value.map((item, index) => (index < before.length ? withSharedParts(item, before[index]) : item));
  if (items.length === before.length && items.every((item, index) => item === before[index])) return before;
  return items.every((item, index) => item === value[index]) ? value : items;
}

function sharedRecord(value: JsonRecord, before: JsonRecord): JsonRecord {
  let copy: Record<string, unknown> | undefined;
  let isSame = true;
  for (const key of Object.keys(value)) {
    const child = value[key];
    if (child === before[key]) continue;
    const shared = Object.hasOwn(before, key) ? withSharedParts(child, before[key]) : child;
    isSame &&= shared === before[key];
    // A key of that name is one like any other, but cannot be assigned.
    if (shared === child || key === '__proto__') continue;
    copy ??= { ...value };
    copy[key] = shared;
  }
  for (const key of Object.keys(before)) isSame &&= before[key] === undefined || value[key] !== undefined;
  return isSame ? before : (copy ?? value);
}
