/** Label and field selectors, in the syntax of list and watch requests and in the form that objects carry. */
import type { LabelSelector } from './api.generated.ts';
import { StatusError } from './status-error.ts';

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

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
  }
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
  }
}

const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const maximumSelectorLength = 64 * 1024;

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws a `BadRequest` that names the part. */
export function parseLabelSelector(text: string): Selector {
  if (text.length > maximumSelectorLength)
    throw selectorError(`${text.slice(0, 40)}...`, `longer than ${maximumSelectorLength} characters`);
  return splitRequirements(text).map(parseRequirement);
}

/** Splits at commas that do not stand inside parentheses. */
function splitRequirements(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  const trimmed = parts.map((part) => part.trim());
  return trimmed.length === 1 && trimmed[0] === '' ? [] : trimmed;
}

function parseRequirement(part: string): SelectorRequirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const [, key = '', word, list = ''] = set;
    return checked(
      { key, operator: word === 'in' ? 'In' : 'NotIn', values: list.split(',').map((value) => value.trim()) },
      part,
    );
  }
  const equality = /^([^=!]+?)\s*(==|!=|=)\s*(.*)$/.exec(part);
  if (equality !== null) {
    const [, key = '', sign, value = ''] = equality;
    return checked({ key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] }, part);
  }
  if (part.startsWith('!')) return checked({ key: part.slice(1).trim(), operator: 'DoesNotExist', values: [] }, part);
  return checked({ key: part, operator: 'Exists', values: [] }, part);
}

function checked(requirement: SelectorRequirement, part: string): SelectorRequirement {
  if (!labelKey.test(requirement.key)) throw selectorError(part, `"${requirement.key}" is not a label key`);
  const wrong = requirement.values.find((value) => !labelValue.test(value) || value.length > 63);
  if (wrong !== undefined) throw selectorError(part, `"${wrong}" is not a label value`);
  return requirement;
}

function selectorError(part: string, why: string): StatusError {
  return new StatusError('BadRequest', `unable to parse requirement "${part}": ${why}`);
}

/** One `field=value` or `field!=value` of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

/** Behind an even number of backslashes, each two of which are one. */
const unescapedComma = /,(?<=(?<!\\)(?:\\\\)*,)/;

/** Parses `metadata.name=a,status.phase!=Running`. A backslash escapes a comma, an equals sign and itself. */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  if (text.trim() === '') return [];
  return text.split(unescapedComma).map((part) => {
    const match = /^\s*([^=!\s]+)\s*(==|!=|=)(.*)$/.exec(part);
    if (match === null)
      throw new StatusError('BadRequest', `invalid field selector "${part}": expected field=value or field!=value`);
    const [, field = '', sign, value = ''] = match;
    return { field, isEqual: sign !== '!=', value: value.replaceAll(/\\([,=\\])/g, '$1') };
  });
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
