/** Label and field selectors, in the syntax of list and watch requests and in the form that objects carry. */
import type { LabelSelector } from './api.generated.ts';
import { StatusError } from './status-error.ts';

/** `Gt` and `Lt` hold for whole numbers, and only in the selectors of requests. */
export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

export interface SelectorRequirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

/** All requirements must hold; none means everything. */
export type Selector = readonly SelectorRequirement[];

type Labels = Readonly<Record<string, string>> | undefined;

export function matchesLabels(selector: Selector, labels: Labels): boolean {
  return selector.every((requirement) => matchesRequirement(requirement, labels));
}

function matchesRequirement(requirement: SelectorRequirement, labels: Labels): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
  switch (requirement.operator) {
    case 'In':
      return value !== undefined && requirement.values.includes(value);
    case 'NotIn':
      return value === undefined || !requirement.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return compare(value, requirement.values[0]) > 0;
    case 'Lt':
      return compare(value, requirement.values[0]) < 0;
  }
}

/** Not a number where one of them is no whole number, which is neither greater nor less. */
function compare(value: string | undefined, other: string | undefined): number {
  if (value === undefined || other === undefined || !isWhole(value) || !isWhole(other)) return Number.NaN;
  const difference = BigInt(value) - BigInt(other);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

/** As many digits as 64 bits hold. */
export function isWhole(text: string): boolean {
  return /^-?\d{1,19}$/.test(text);
}

/** The selector of a workload: absent matches nothing, empty matches everything, as Kubernetes reads it. */
export function matchesLabelSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  return selector !== undefined && matchesLabels(requirementsOf(selector), labels);
}

/** One that asks for nothing. */
export function isEmptySelector({ matchLabels, matchExpressions }: LabelSelector): boolean {
  return Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;
}

const requirements = new WeakMap<LabelSelector, Selector>();

/** The same selector is held against every pod of a namespace. */
function requirementsOf(selector: LabelSelector): Selector {
  const known = requirements.get(selector) ?? selectorOf(selector);
  requirements.set(selector, known);
  return known;
}

export function selectorOf(selector: LabelSelector): Selector {
  const equalities = Object.entries(selector.matchLabels ?? {}).map(([key, value]): SelectorRequirement => ({
    key,
    operator: 'In',
    values: [value],
  }));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values }): SelectorRequirement => ({
    key,
    operator: parseOperator(operator),
    values: values ?? [],
  }));
  return [...equalities, ...expressions];
}

const operators: readonly SelectorOperator[] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function parseOperator(operator: string): SelectorOperator {
  const known = operators.find((candidate) => candidate === operator);
  if (known === undefined)
    throw new StatusError(
      'BadRequest',
      `"${operator}" is not a valid label selector operator, expected one of ${operators.join(', ')}`,
    );
  return known;
}

/** Whether a Service's plain map selects the labels. An empty or absent map selects nothing. */
export function matchesServiceSelector(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Labels,
): boolean {
  const entries = Object.entries(selector ?? {});
  return entries.length > 0 && entries.every(([key, value]) => labels?.[key] === value);
}

export function formatLabelSelector(selector: LabelSelector): string {
  return selectorOf(selector).map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: SelectorRequirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.toSorted().join(',')})`;
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.toSorted().join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'Gt':
    case 'Lt':
      return `${key}${operator === 'Gt' ? '>' : '<'}${values[0] ?? ''}`;
  }
}

/** One `field=value` or `field!=value` of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

/** Behind an even number of backslashes, each two of which are one. */
const unescapedComma = /,(?<=(?<!\\)(?:\\\\)*,)/;

/** Parses `metadata.name=a,status.phase!=Running`. A backslash escapes a comma, an equals sign and itself. Throws a `BadRequest`. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return text
    .split(unescapedComma)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
      if (match === null)
        throw new StatusError('BadRequest', `invalid selector: '${text}'; can't understand '${part}'`);
      const [, field = '', sign, value = ''] = match;
      return { field, isEqual: sign !== '!=', value: unescaped(value) };
    });
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.?)|[,=]/gsu, (found: string, escaped: string | undefined) => {
    if (escaped === undefined) throw badField(`unescaped character in value: ${String(found.codePointAt(0))}`);
    if (!['\\', ',', '='].includes(escaped)) throw badField(`invalid escape sequence: ${found}`);
    return escaped;
  });
}

function badField(why: string): StatusError {
  return new StatusError('BadRequest', `invalid field selector: ${why}`);
}

/** Text that `parseFieldSelector` reads as the same. */
export function formatFieldSelector(requirements: readonly FieldRequirement[]): string {
  return requirements
    .map(({ field, isEqual, value }) => `${field}${isEqual ? '=' : '!='}${value.replaceAll(/[,=\\]/g, '\\$&')}`)
    .join(',');
}

/** `read` gives the value of a field, or undefined for a field that cannot be selected by; the caller refuses those before. */
export function matchesFields(
  requirements: readonly FieldRequirement[],
  read: (field: string) => string | undefined,
): boolean {
  return requirements.every(({ field, isEqual, value }) => (read(field) === value) === isEqual);
}
