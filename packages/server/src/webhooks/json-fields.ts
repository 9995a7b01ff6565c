/** Reads what somebody else has sent: field by field, and nothing that has not the expected shape. Pure. */

/** A message whose form is not the documented one. Its text says which field, and what was expected. */
export class Unreadable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unreadable';
  }
}

const maximumText = 2_000;

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf8', { fatal: true }).decode(body));
  } catch {
    throw new Unreadable('the body is no JSON: let the sender send application/json');
  }
}

/** Undefined where any of the way is missing. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = fieldAt(value, ...path);
  return typeof found === 'string' && found.length > 0 && found.length <= maximumText ? found : undefined;
}

export function requireText(value: unknown, ...path: readonly string[]): string {
  const found = textAt(value, ...path);
  if (found === undefined) throw new Unreadable(`${path.join('.')} is missing or no text`);
  return found;
}

/** More entries than `maximum` are no message that anybody meant. */
export function listAt(value: unknown, maximum: number, ...path: readonly string[]): readonly unknown[] {
  const found = fieldAt(value, ...path);
  if (!Array.isArray(found)) throw new Unreadable(`${path.join('.')} is missing or no list`);
  if (found.length > maximum)
    throw new Unreadable(`${path.join('.')} has ${found.length} entries, expected ${maximum} at most`);
  return found;
}

/** Of seconds since 1970, or of a text of ISO 8601: in milliseconds. Undefined where it is neither. */
export function timeAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = fieldAt(value, ...path);
  const time = typeof found === 'number' ? found * 1_000 : typeof found === 'string' ? Date.parse(found) : Number.NaN;
  return Number.isFinite(time) && time > 0 ? time : undefined;
}
