import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import { checkSchema } from '../check-schema.ts';
import type { Fault } from '../definition.ts';
import { forbidden } from '../faults.ts';
import { isSchema, type StructuralSchema } from '../structural-schema.ts';
import { hasRules } from './has-rules.ts';
import { loadedRules } from './loaded-rules.ts';

export interface DefinitionRules {
  readonly stored: CustomResourceDefinition | undefined;
  /** Kinds whose rules are known to be right: a program's own, which its tests have compiled. */
  readonly proven: readonly CustomResourceDefinition[];
}

/** Faults of the schemas that a CustomResourceDefinition brings and of their rules; those that it had before, or that are proven, are not looked at. */
export function checkDefinitionSchemas(
  { spec }: CustomResourceDefinition,
  { stored, proven }: DefinitionRules,
): readonly Fault[] {
  const known = (schema: object): boolean =>
    [...(stored === undefined ? [] : [stored]), ...proven].some((definition) =>
      definition.spec.versions.some((version) => isSameJson(version.schema?.openAPIV3Schema, schema)),
    );
  return spec.versions.flatMap(({ schema }, index) => {
    const { openAPIV3Schema } = schema ?? {};
    if (openAPIV3Schema === undefined) return [];
    const structural = openAPIV3Schema as StructuralSchema;
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    if (known(openAPIV3Schema)) return [];
    const faults = [...checkSchema(structural, path), ...misplacedRules(structural, path, 'value')];
    // What a rule may speak of is not known before the schema is right.
    return faults.length === 0 && hasRules(structural) ? loadedRules().checkRules(structural, path) : faults;
  });
}

/** In the branches of a choice rules would be asked of what need not hold. */
function misplacedRules(schema: StructuralSchema, path: string, of: 'value' | 'branch'): readonly Fault[] {
  if (!isSchema(schema)) return [];
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [], allOf = [], not } = schema;
  const isHere = of === 'branch' && (schema['x-kubernetes-validations'] ?? []).length > 0;
  return [
    ...(isHere ? [forbidden(`${path}.x-kubernetes-validations`, 'must be empty to be structural')] : []),
    ...Object.entries(properties).flatMap(([name, child]) => misplacedRules(child, `${path}.properties[${name}]`, of)),
    ...(items === undefined ? [] : misplacedRules(items, `${path}.items`, of)),
    ...(isSchema(additionalProperties) ? misplacedRules(additionalProperties, `${path}.additionalProperties`, of) : []),
    ...Object.entries({ anyOf, oneOf, allOf }).flatMap(([name, branches]) =>
      branches.flatMap((branch, index) => misplacedRules(branch, `${path}.${name}[${index}]`, 'branch')),
    ),
    ...(not === undefined ? [] : misplacedRules(not, `${path}.not`, 'branch')),
  ];
}
