import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Fault } from '../definition.ts';
import type { StructuralSchema } from '../structural-schema.ts';
import { hasRules, loadedRules } from './rules.ts';

export interface DefinitionRules {
  readonly stored: CustomResourceDefinition | undefined;
  /** Kinds whose rules are known to be right: a program's own, which its tests have compiled. */
  readonly proven: readonly CustomResourceDefinition[];
}

/** Faults of the rules that a CustomResourceDefinition brings; those that it had before, or that are proven, are not compiled. */
export function checkDefinitionRules(
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
    return !hasRules(structural) || known(openAPIV3Schema)
      ? []
      : loadedRules().checkRules(structural, `spec.versions[${index}].schema.openAPIV3Schema`);
  });
}
