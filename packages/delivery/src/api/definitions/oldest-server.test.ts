/** That the kinds keep to what a Kubernetes 1.26 accepts, which knows less than the embedded API server. */
import type { CustomResourceDefinition, JSONSchemaProps } from '@slipway/kube/api.generated';
import { describe, expect, test } from 'vitest';
import { definitions } from './definitions.ts';

const largestDefinition = 256 * 1_024;
/** Everything that a schema of 1.26 has. https://github.com/kubernetes/kubernetes/blob/v1.26.0/staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types_jsonschema.go */
const schemaFields: ReadonlySet<string> = new Set(
  (
    'id $schema $ref description type format title default maximum exclusiveMaximum minimum exclusiveMinimum maxLength ' +
    'minLength pattern maxItems minItems uniqueItems multipleOf enum maxProperties minProperties required items allOf ' +
    'oneOf anyOf not properties additionalProperties patternProperties dependencies additionalItems definitions ' +
    'externalDocs example nullable x-kubernetes-preserve-unknown-fields x-kubernetes-embedded-resource ' +
    'x-kubernetes-int-or-string x-kubernetes-list-map-keys x-kubernetes-list-type x-kubernetes-map-type ' +
    'x-kubernetes-validations'
  ).split(' '),
);
/** Newer ones: messageExpression (1.27), reason and fieldPath (1.28), optionalOldSelf (1.29). */
const ruleFields: ReadonlySet<string> = new Set(['rule', 'message']);
/** Newer ones: selectableFields (1.30). */
const versionFields: ReadonlySet<string> = new Set(
  'name served storage deprecated deprecationWarning schema subresources additionalPrinterColumns'.split(' '),
);
/** Of CEL: optionals (1.29), sets and IP addresses (1.30 and 1.31), quantities (1.29), formats (1.31), named by what calls them. */
const newerCalls = /\b(?:optional|quantity|ip|cidr|format|sets|base64|semver)\b[.(]|\.\?|\[\?|\bisQuantity\(|\bisIP\(/;

interface Place {
  readonly path: string;
  readonly schema: JSONSchemaProps;
}

function isSchema(value: unknown): value is JSONSchemaProps {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every schema within one, itself included. */
function walk({ path, schema }: Place): readonly Place[] {
  const children = Object.entries(schema.properties ?? {}).map(([name, child]) => ({
    path: `${path}.${name}`,
    schema: child,
  }));
  const inner = [schema.items, schema.additionalProperties, schema.not].filter(isSchema);
  const branches = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  const nested = [...inner, ...branches].map((child) => ({ path: `${path}[]`, schema: child }));
  return [{ path, schema }, ...[...children, ...nested].flatMap(walk)];
}

function placesOf({ spec }: CustomResourceDefinition): readonly Place[] {
  return spec.versions.flatMap(({ schema }) =>
    schema?.openAPIV3Schema === undefined ? [] : walk({ path: '', schema: schema.openAPIV3Schema }),
  );
}

/** Paths at which something is so. */
function pathsWhere(
  definition: CustomResourceDefinition,
  isSo: (schema: JSONSchemaProps) => boolean,
): readonly string[] {
  return placesOf(definition).flatMap(({ path, schema }) => (isSo(schema) ? [path] : []));
}

function rulesOf(schema: JSONSchemaProps) {
  return schema['x-kubernetes-validations'] ?? [];
}

/** Without bounds the server takes a list for as long as a request may be, and a rule over it for too expensive. */
function unboundedBelowRules(definition: CustomResourceDefinition): readonly string[] {
  const places = placesOf(definition);
  const rules = places.flatMap(({ path, schema }) => rulesOf(schema).map(({ rule }) => ({ path, rule })));
  const lists = places.filter(({ schema }) => schema.type === 'array' && schema.maxItems === undefined);
  const isRead = (list: string): boolean =>
    rules.some(({ path, rule }) => list.startsWith(path) && isWalked(rule, list.slice(path.length)));
  return lists.flatMap(({ path }) => (isRead(path) ? [path] : []));
}

/** Whether a rule looks at each item of a list below it; to count them costs nothing. */
function isWalked(rule: string, below: string): boolean {
  const name = below.split(/[.[\]]+/).findLast((part) => part !== '') ?? 'self';
  return new RegExp(`\\b${name}\\.(?:all|exists|exists_one|map|filter)\\(`).test(rule);
}

describe.each(definitions.map((definition) => [definition.metadata.name ?? '', definition] as const))(
  '%s',
  (_, definition) => {
    test('is less than 256 KiB', () => {
      expect(JSON.stringify(definition).length).toBeLessThan(largestDefinition);
    });

    test('has no field that came after 1.26', () => {
      expect(pathsWhere(definition, (schema) => Object.keys(schema).some((field) => !schemaFields.has(field)))).toEqual(
        [],
      );
      const fields = definition.spec.versions.flatMap((version) => Object.keys(version));
      expect(fields.filter((field) => !versionFields.has(field))).toEqual([]);
    });

    test('has rules of 1.26 alone: no messageExpression, no function that came later', () => {
      const isNewer = (schema: JSONSchemaProps): boolean =>
        rulesOf(schema).some(
          (rule) => Object.keys(rule).some((field) => !ruleFields.has(field)) || newerCalls.test(rule.rule),
        );
      expect(pathsWhere(definition, isNewer)).toEqual([]);
    });

    test('bounds every list that a rule walks', () => {
      expect(unboundedBelowRules(definition)).toEqual([]);
    });

    test('lists labels and annotations where metadata is nested, which are dropped otherwise', () => {
      const nested = placesOf(definition).filter(({ path }) => path.endsWith('.metadata') && path !== '.metadata');
      for (const { path, schema } of nested)
        expect({ path, fields: Object.keys(schema.properties ?? {}) }).toEqual({
          path,
          fields: expect.arrayContaining(['labels', 'annotations']),
        });
    });

    test('requires every key of a list that is a map, or has a default for it', () => {
      const lacksKey = ({ items, ...schema }: JSONSchemaProps): boolean => {
        const keys = schema['x-kubernetes-list-map-keys'] ?? [];
        if (keys.length === 0 || !isSchema(items)) return false;
        return keys.some((key) => !items.required?.includes(key) && items.properties?.[key]?.default === undefined);
      };
      expect(pathsWhere(definition, lacksKey)).toEqual([]);
    });

    test('gives the number behind its scale a default, without which a GET of it is answered 500', () => {
      const places = placesOf(definition);
      const missing = definition.spec.versions
        .flatMap(({ subresources }) => subresources?.scale?.specReplicasPath ?? [])
        .filter((path) => places.find((place) => place.path === path)?.schema.default === undefined);
      expect(missing).toEqual([]);
    });

    test('has nothing in metadata but bounds on the name, and a type for everything', () => {
      const root = definition.spec.versions[0]?.schema?.openAPIV3Schema?.properties?.['metadata'];
      expect(Object.keys(root?.properties ?? {}).filter((name) => name !== 'name' && name !== 'generateName')).toEqual(
        [],
      );
      const isFree = (schema: JSONSchemaProps): boolean =>
        schema.type === undefined &&
        schema['x-kubernetes-int-or-string'] !== true &&
        schema['x-kubernetes-preserve-unknown-fields'] !== true;
      const branches = /\[\]$/;
      expect(pathsWhere(definition, isFree).filter((path) => !branches.test(path))).toEqual([]);
    });
  },
);
