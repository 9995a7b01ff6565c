import { checkDefaults } from './check-default.ts';
import { checkStructure } from './check-structure.ts';
import { checkVocabulary } from './check-vocabulary.ts';
import type { Fault } from './definition.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Faults of the schema that a CustomResourceDefinition brings. Defaults are held against schemas that are right only. */
export function checkSchema(schema: StructuralSchema, path: string): readonly Fault[] {
  const faults = [...checkVocabulary(schema, path), ...checkStructure(schema, path)];
  return faults.length > 0 ? faults : checkDefaults(schema, path);
}
