import type { Field } from '../http1/fields.ts';
import type { RouteCondition, RouteCriteria } from '../routing/routing-table.ts';
import { cookieOf } from './cookies.ts';

/** Whether a request fulfils every condition. */
export function isFulfilled({ headers, cookies }: RouteCriteria, fields: readonly Field[]): boolean {
  return (
    headers.every((header) => fields.some(({ key, value }) => key === header.name && holds(header, value))) &&
    cookies.every((cookie) => {
      const value = cookieOf(fields, cookie.name);
      return value !== undefined && holds(cookie, value);
    })
  );
}

function holds({ kind, value: wanted }: RouteCondition, value: string): boolean {
  switch (kind) {
    case 'present':
      return true;
    case 'exact':
      return value === wanted;
    case 'prefix':
      return value.startsWith(wanted);
  }
}
