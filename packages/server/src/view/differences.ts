/** What two values of JSON differ in, field by field. Pure. */
import { isSameJson } from '@slipway/kube/json-equality';
import Type, { type Static } from 'typebox';
import { isSecretField } from '../audit/redact.ts';
import { optional } from '../optional.ts';

export const ChangeSchema = Type.Object({
  part: Type.String({ description: '`spec`, or the `ConfigMap/name` or `Secret/name` that the template refers to.' }),
  field: Type.String({ description: 'Such as `template.spec.containers[web].image`; empty: the whole part.' }),
  type: Type.Enum(['added', 'removed', 'changed']),
  before: Type.Optional(Type.String({ description: 'Text as it is, all else as JSON; absent for what is secret.' })),
  after: Type.Optional(Type.String()),
});
export type Change = Static<typeof ChangeSchema>;

export interface Compared {
  readonly part: string;
  /** Undefined: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

export function calculateChanges({ part, before, after }: Compared): readonly Change[] {
  return compare('', before, after).map(({ field, old, recent, isSecret }) => ({
    part,
    field,
    type: old === undefined ? 'added' : recent === undefined ? 'removed' : 'changed',
    ...(isSecret ? {} : { ...optional('before', asText(old)), ...optional('after', asText(recent)) }),
  }));
}

interface FieldChange {
  readonly field: string;
  readonly old: unknown;
  readonly recent: unknown;
  readonly isSecret: boolean;
}

function compare(field: string, old: unknown, recent: unknown): readonly FieldChange[] {
  if (isSameJson(old, recent)) return [];
  const [before, after] = [membersOf(old), membersOf(recent)];
  if (before === undefined || after === undefined) return [{ field, old, recent, isSecret: false }];
  const isList = Array.isArray(old) && Array.isArray(recent);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const changes = compare(pathTo(field, name, isList), before.get(name), after.get(name));
    const isSecret = [old, recent].some((owner) => isObject(owner) && isSecretField(name, owner));
    return isSecret ? changes.map((change) => ({ ...change, isSecret })) : changes;
  });
}

/** Undefined for what has no parts. */
function membersOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (Array.isArray(value)) {
    const names = namesOf(value);
    return new Map(value.map((item: unknown, index) => [names?.[index] ?? String(index), item]));
  }
  return isObject(value) ? new Map(Object.entries(value)) : undefined;
}

/** Where each item has one, and no two the same: containers, variables, ports. */
function namesOf(items: readonly unknown[]): readonly string[] | undefined {
  const names = items.map((item) => (isObject(item) ? Reflect.get(item, 'name') : undefined));
  const texts = names.filter((name) => typeof name === 'string');
  return texts.length === items.length && new Set(texts).size === items.length ? texts : undefined;
}

function pathTo(field: string, name: string, isList: boolean): string {
  if (isList) return `${field}[${name}]`;
  return field === '' ? name : `${field}.${name}`;
}

const maximumCharacters = 20_000;

function asText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(hideSecrets(value), undefined, 2);
  return text.length <= maximumCharacters ? text : `${text.slice(0, maximumCharacters)}…`;
}

/** Of what was added or removed as a whole. */
function hideSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hideSecrets);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, isSecretField(name, value) ? '(hidden)' : hideSecrets(item)]),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
