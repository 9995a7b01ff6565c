/** Looks at the rules of a schema before it is served: whether they can be compiled, what they cost, where they stand. */
import { withinTime } from '@slipway/kube/cel/budget';
import { CelLimitError } from '@slipway/kube/cel/types';
import type { Fault } from '../definition.ts';
import { forbidden, invalid, notSupported, required, tooMany } from '../faults.ts';
import { GoText } from '../go-text.ts';
import { isSchema, type StructuralSchema, type ValidationRule } from '../structural-schema.ts';
import { compileRules, isRuleFault, type Compilation } from './rule-programs.ts';
import { asResource, mostItems } from './rule-types.ts';
import { hasRules } from './has-rules.ts';

const reasons = ['FieldValueInvalid', 'FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate'];

/** Of one schema: each is compiled, in the server's own time. */
const maximumRules = 500;
/** For all rules of a schema. A rule takes a tenth of one, and the first of a process some tens. */
const maximumCompileMilliseconds = 1_000;
/** Operations that one rule may take by its estimate, for the largest object that the schema allows. */
const maximumRuleCost = 10_000_000;
/** And all rules of a schema together. */
const maximumSchemaCost = 100_000_000;

interface Place {
  readonly schema: StructuralSchema;
  readonly path: string;
  /** How many values in one object can stand here. */
  readonly occurrences: number;
  /** Above here values cannot be found again after a write, and so have no value before. */
  readonly uncorrelatable?: string | undefined;
}

export function checkRules(schema: StructuralSchema, path: string): readonly Fault[] {
  if (!hasRules(schema)) return [];
  const places = [...placesOf({ schema: asResource(schema), path, occurrences: 1 })];
  const count = places.reduce((sum, place) => sum + rulesOf(place).length, 0);
  if (count > maximumRules) return [tooMany(`${path}.x-kubernetes-validations`, count, maximumRules)];
  try {
    return withinTime(() => checkPlaces(places, path), maximumCompileMilliseconds);
  } catch (error) {
    if (!(error instanceof CelLimitError)) throw error;
    return [forbidden(path, `x-kubernetes-validations take more than ${maximumCompileMilliseconds} ms to compile`)];
  }
}

function checkPlaces(places: readonly Place[], path: string): readonly Fault[] {
  const faults = places.flatMap(checkPlace);
  const cost = places.reduce((sum, place) => sum + costOfPlace(place), 0);
  return cost <= maximumSchemaCost
    ? faults
    : [
        ...faults,
        forbidden(
          path,
          `x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of ${factorOf(cost / maximumSchemaCost)} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
        ),
      ];
}

function rulesOf({ schema }: Place): readonly ValidationRule[] {
  return schema['x-kubernetes-validations'] ?? [];
}

/** Every place with rules, and what stands above it. */
function* placesOf(place: Place): Generator<Place> {
  const { schema, path, occurrences, uncorrelatable } = place;
  if (!hasRules(schema)) return;
  if (rulesOf(place).length > 0) yield place;
  const { items, additionalProperties, properties = {} } = schema;
  if (items !== undefined)
    yield* placesOf({
      schema: items,
      path: `${path}.items`,
      occurrences: occurrences * mostItems(schema),
      uncorrelatable: uncorrelatable ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : path),
    });
  const inner = uncorrelatable ?? (schema['x-kubernetes-map-type'] === 'atomic' ? path : undefined);
  if (isSchema(additionalProperties))
    yield* placesOf({
      schema: additionalProperties,
      path: `${path}.additionalProperties`,
      occurrences: occurrences * mostItems(schema),
      uncorrelatable: inner,
    });
  for (const [name, property] of Object.entries(properties))
    yield* placesOf({ schema: property, path: `${path}.properties[${name}]`, occurrences, uncorrelatable: inner });
}

function checkPlace(place: Place): readonly Fault[] {
  return compileRules(place.schema).flatMap((compiled, index) => {
    const path = `${place.path}.x-kubernetes-validations[${index}]`;
    return [
      ...checkTexts(compiled.rule, path),
      ...checkFieldPath(compiled.rule, path, place),
      ...checkCompiled(compiled, path, place),
    ];
  });
}

function checkTexts({ rule, message, messageExpression, reason }: ValidationRule, path: string): readonly Fault[] {
  const isBlank = (text: string | undefined): boolean => text !== undefined && text !== '' && text.trim() === '';
  return [
    ...(rule.trim() === '' ? [required(`${path}.rule`, 'rule is not specified')] : []),
    ...(isBlank(message) ? [invalid(`${path}.message`, message, 'message must be non-empty if specified')] : []),
    ...(message?.trim().includes('\n') === true
      ? [invalid(`${path}.message`, message, 'message must not contain line breaks')]
      : []),
    ...((message ?? '') === '' && rule.trim().includes('\n')
      ? [required(`${path}.message`, 'message must be specified if rule contains line breaks')]
      : []),
    ...(isBlank(messageExpression)
      ? [required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified')]
      : []),
    ...(reason === undefined || reasons.includes(reason) ? [] : [notSupported(`${path}.reason`, reason, reasons)]),
  ];
}

/** `.name.first`, `.labels['app']`: along the schema of the value, and not into lists. */
function checkFieldPath({ fieldPath }: ValidationRule, path: string, { schema }: Place): readonly Fault[] {
  if (fieldPath === undefined || fieldPath === '') return [];
  const parts = [...fieldPath.matchAll(/\.([A-Za-z_][\w-]*)|\['([^']+)'\]/g)];
  const isRead = parts.map(([part]) => part).join('') === fieldPath;
  const found = parts.reduce<StructuralSchema | undefined>((at, [, name, key]) => below(at, name ?? key ?? ''), schema);
  if (isRead && found !== undefined) return [];
  return [
    invalid(`${path}.fieldPath`, fieldPath, `fieldPath must be a valid path: does not refer to a field of the schema`),
  ];
}

function below(schema: StructuralSchema | undefined, name: string): StructuralSchema | undefined {
  const { properties = {}, additionalProperties } = schema ?? {};
  if (Object.hasOwn(properties, name)) return properties[name];
  return isSchema(additionalProperties) ? additionalProperties : undefined;
}

function checkCompiled(compiled: Compilation, path: string, place: Place): readonly Fault[] {
  const { rule } = compiled;
  if (rule.rule.trim() === '') return [];
  if (isRuleFault(compiled)) return [invalid(`${path}.${compiled.place}`, goRule(rule), compiled.detail)];
  const cost = costOf(compiled, place);
  return [
    ...(compiled.isTransition && place.uncorrelatable !== undefined
      ? [
          invalid(
            `${path}.rule`,
            rule.rule,
            `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`,
          ),
        ]
      : []),
    ...(rule.optionalOldSelf !== undefined && !compiled.isTransition
      ? [
          invalid(
            `${path}.optionalOldSelf`,
            rule.optionalOldSelf,
            'optionalOldSelf may not be set if oldSelf is not used in rule',
          ),
        ]
      : []),
    ...(cost > maximumRuleCost
      ? [
          forbidden(
            `${path}.rule`,
            `estimated rule cost exceeds budget by factor of ${factorOf(cost / maximumRuleCost)} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`,
          ),
        ]
      : []),
  ];
}

/** Kubernetes shows the whole rule where it cannot be compiled. */
function goRule({
  rule,
  message = '',
  messageExpression = '',
  reason,
  fieldPath = '',
  optionalOldSelf,
}: ValidationRule) {
  const texts = Object.entries({ Rule: rule, Message: message, MessageExpression: messageExpression });
  const pointer = (type: string, value: unknown): string =>
    `(*${type})(${value === undefined ? 'nil' : String(value)})`;
  return new GoText(
    `apiextensions.ValidationRule{${[
      ...texts.map(([name, text]) => `${name}:${JSON.stringify(text)}`),
      `Reason:${pointer('apiextensions.FieldValueErrorReason', reason)}`,
      `FieldPath:${JSON.stringify(fieldPath)}`,
      `OptionalOldSelf:${pointer('bool', optionalOldSelf)}`,
    ].join(', ')}}`,
  );
}

function costOfPlace(place: Place): number {
  return compileRules(place.schema).reduce((sum, compiled) => sum + costOf(compiled, place), 0);
}

function costOf(compiled: Compilation, { occurrences }: Place): number {
  return isRuleFault(compiled) ? 0 : compiled.program.cost * occurrences;
}

function factorOf(factor: number): string {
  return factor > 100 ? 'more than 100x' : `${factor.toFixed(1)}x`;
}
