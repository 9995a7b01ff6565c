import type { SqlValue } from './database.ts';

/** PostgreSQL takes no NUL in a text, and what pods answer may hold one: it would be refused again for ever. Pure. */
export function storable(value: SqlValue): SqlValue {
  return typeof value === 'string' ? value.replaceAll('\0', '\u{FFFD}') : value;
}
