/** Holds an object against the rules of its schema, in the order and the words of Kubernetes. */
import { withinBudget } from '@slipway/kube/cel/budget';
import { CelEvaluationError, CelLimitError } from '@slipway/kube/cel/types';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Fault } from '../definition.ts';
import { duplicate, forbidden, invalid, required } from '../faults.ts';
import { isJsonObject, type JsonObject } from '../shape.ts';
import { isSchema, type StructuralSchema, type ValidationRule } from '../structural-schema.ts';
import { compileRules, isRuleFault, type CompiledRule } from './rule-programs.ts';
import { asResource } from './rule-types.ts';
import { hasRules } from './has-rules.ts';

interface Place {
  readonly schema: StructuralSchema;
  readonly value: unknown;
  /** What stood there before; absent on create, and where nothing before corresponds to it. */
  readonly old: unknown;
  readonly path: string;
}

const resources = new WeakMap<StructuralSchema, StructuralSchema>();

/** One for each schema, because compiled rules are found by theirs. */
function resourceOf(schema: StructuralSchema): StructuralSchema {
  const known = resources.get(schema) ?? asResource(schema);
  resources.set(schema, known);
  return known;
}

/** Every rule that the whole object breaks. `old` is absent on create. */
export function validateRules(structural: StructuralSchema, value: unknown, old: unknown): readonly Fault[] {
  const schema = resourceOf(structural);
  let faults: Fault[] = [];
  try {
    withinBudget(() => {
      faults = [];
      validatePlace({ schema, value, old, path: '' }, faults);
    });
  } catch (error) {
    if (!(error instanceof CelLimitError)) throw error;
    faults.push(invalid(nameOf(''), schema.type, `'${error.message}': no further validation rules will be run`));
  }
  return faults;
}

/** Kubernetes names the root of an object so. */
function nameOf(path: string): string {
  return path === '' ? '<nil>' : path;
}

function validatePlace(place: Place, faults: Fault[]): void {
  const { schema, value, old, path } = place;
  if (value === null || value === undefined || !hasRules(schema) || isSettled(place)) return;
  if ((schema['x-kubernetes-validations'] ?? []).length > 0) faults.push(...validateOwn(place));
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, item] of value.entries())
      validatePlace(
        { schema: items, value: item, old: itemBefore(item, old, schema), path: `${path}[${index}]` },
        faults,
      );
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [name, child] of Object.entries(value)) {
    const next = childOf(schema, name, path);
    if (next !== undefined) validatePlace({ ...next, value: child, old: valueAt(old, name, schema) }, faults);
  }
}

/** Items of a list without keys are not found again, but where the whole list is as it was so is each of them. */
function isSettled({ schema, value, old }: Place): boolean {
  return old !== undefined && !hasTransitions(schema) && isSameJson(value, old);
}

const searched = new WeakMap<StructuralSchema, boolean>();

/** Whether a rule, at whatever depth, may speak of the value before: it is asked also where nothing has changed. */
function hasTransitions(schema: StructuralSchema): boolean {
  const known = searched.get(schema);
  if (known !== undefined) return known;
  const { items, additionalProperties, properties = {} } = schema;
  const has =
    (schema['x-kubernetes-validations'] ?? []).some(({ rule }) => rule.includes('oldSelf')) ||
    (items !== undefined && hasTransitions(items)) ||
    (isSchema(additionalProperties) && hasTransitions(additionalProperties)) ||
    Object.values(properties).some(hasTransitions);
  searched.set(schema, has);
  return has;
}

function childOf(schema: StructuralSchema, name: string, path: string): Pick<Place, 'schema' | 'path'> | undefined {
  const { properties = {}, additionalProperties } = schema;
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (property !== undefined) return { schema: property, path: path === '' ? name : `${path}.${name}` };
  return isSchema(additionalProperties) ? { schema: additionalProperties, path: `${path}[${name}]` } : undefined;
}

/** The parts of an atomic map do not last from one write to the next. */
function valueAt(old: unknown, name: string, schema: StructuralSchema): unknown {
  if (!isJsonObject(old) || schema['x-kubernetes-map-type'] === 'atomic') return undefined;
  return Object.hasOwn(old, name) ? old[name] : undefined;
}

/** Items are found again by their keys, and without keys not at all. */
function itemBefore(item: unknown, old: unknown, schema: StructuralSchema): unknown {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isJsonObject(item)) return undefined;
  return old.find((other: unknown) => isJsonObject(other) && keys.every((key) => isSameKey(item, other, key)));
}

function isSameKey(a: JsonObject, b: JsonObject, key: string): boolean {
  return isSameJson(a[key], b[key]);
}

function validateOwn(place: Place): readonly Fault[] {
  const { schema, value, old, path } = place;
  // What was accepted under earlier rules and is not touched does not stop a change of something else.
  const isUnchanged = old !== undefined && isSameJson(value, old);
  return compileRules(schema).flatMap((compiled) => {
    if (isRuleFault(compiled))
      return [invalid(nameOf(path), schema.type ?? '', `rule compile error: ${compiled.detail}`)];
    if (isUnchanged && !compiled.isTransition) return [];
    if (compiled.isTransition && old === undefined && compiled.rule.optionalOldSelf !== true) return [];
    return evaluateRule(compiled, place);
  });
}

function evaluateRule({ rule, program, message }: CompiledRule, { schema, value, old, path }: Place): readonly Fault[] {
  const values = { self: value, oldSelf: old };
  const type = schema.type ?? '';
  try {
    if (program.evaluate(values) === true) return [];
  } catch (error) {
    if (!(error instanceof CelEvaluationError) || error instanceof CelLimitError) throw error;
    return [invalid(nameOf(path), type, describeError(error.message, rule))];
  }
  const said = message === undefined ? undefined : evaluateMessage(() => message.evaluate(values));
  return [faultOf(rule, { path: failingPath(path, rule), type, message: said ?? messageOf(rule) })];
}

function describeError(message: string, rule: ValidationRule): string {
  return message.startsWith('no such overload')
    ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${textOf(rule)}`
    : `${message} evaluating rule: ${textOf(rule)}`;
}

/** Undefined where it gives none that can be shown: then the rule's own message stands. */
function evaluateMessage(evaluate: () => unknown): string | undefined {
  try {
    const said = String(evaluate()).trim();
    return said === '' || said.includes('\n') ? undefined : said;
  } catch (error) {
    if (!(error instanceof CelEvaluationError) || error instanceof CelLimitError) throw error;
    return undefined;
  }
}

function messageOf(rule: ValidationRule): string {
  const message = rule.message?.trim() ?? '';
  return message === '' ? `failed rule: ${textOf(rule)}` : message;
}

function textOf({ message, rule }: ValidationRule): string {
  const text = message?.trim() ?? '';
  return text === '' ? rule.trim() : text;
}

function failingPath(path: string, { fieldPath = '' }: ValidationRule): string {
  const below = fieldPath.replace(/^\./, '').replaceAll(/\['([^']*)'\]/g, '.$1');
  if (below === '') return nameOf(path);
  return path === '' ? below.replace(/^\./, '') : `${path}.${below.replace(/^\./, '')}`;
}

interface Broken {
  readonly path: string;
  readonly type: string;
  readonly message: string;
}

function faultOf({ reason }: ValidationRule, { path, type, message }: Broken): Fault {
  switch (reason) {
    case 'FieldValueForbidden':
      return forbidden(path, message);
    case 'FieldValueRequired':
      return required(path, message);
    case 'FieldValueDuplicate':
      return duplicate(path, type);
    default:
      return invalid(path, type, message);
  }
}
