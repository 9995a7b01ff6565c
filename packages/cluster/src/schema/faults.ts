/** Faults in the words of Kubernetes' `field.Error`, so that people and tools read what they know. */
import type { Fault } from './definition.ts';
import { GoText } from './go-text.ts';
import type { NameRule } from './names.ts';

function quote(value: unknown): string {
  if (value instanceof GoText) return value.text;
  return typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? 'null');
}

const none: readonly never[] = [];

/** Most of what is judged has no faults, and nothing is made of it. */
export function joinFaults(lists: ReadonlyArray<readonly Fault[]>): readonly Fault[] {
  return lists.some((faults) => faults.length > 0) ? lists.flat() : none;
}

/**
 * What was stored with a fault may still be changed: an older version took it, and its finalizers could not be taken away.
 * Kubernetes lets such faults be in the same way where it has made a rule stricter. `findKnown` is asked where there are faults.
 */
export function newFaults(faults: readonly Fault[], findKnown: () => readonly Fault[]): readonly Fault[] {
  if (faults.length === 0) return faults;
  const known = new Set(findKnown().map(faultText));
  return faults.filter((fault) => !known.has(faultText(fault)));
}

function faultText({ field, message }: Fault): string {
  return `${field}: ${message}`;
}

export function required(field: string, detail = ''): Fault {
  return {
    reason: 'FieldValueRequired',
    field,
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
  };
}

export function invalid(field: string, value: unknown, detail: string): Fault {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${quote(value)}: ${detail}` };
}

/** A fault for each thing that the rule says of the value. */
export function misnamed(field: string, value: string, rule: NameRule): readonly Fault[] {
  return rule(value).map((fault) => invalid(field, value, fault));
}

export function wrongType(field: string, value: unknown, detail: string): Fault {
  return { ...invalid(field, value, detail), reason: 'FieldValueTypeInvalid' };
}

export function forbidden(field: string, detail: string): Fault {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${detail}` };
}

export function duplicate(field: string, value: unknown): Fault {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${quote(value)}` };
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): Fault {
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${quote(value)}: supported values: ${supported.map(quote).join(', ')}`,
  };
}

export function notFound(field: string, value: unknown): Fault {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${quote(value)}` };
}

export function tooLong(field: string, maximum: number): Fault {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${maximum} bytes` };
}

export function tooMany(field: string, actual: number, maximum: number): Fault {
  return {
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${actual}: must have at most ${maximum} items`,
  };
}
