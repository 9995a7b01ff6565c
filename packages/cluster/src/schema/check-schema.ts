import { checkDefaults } from './check-default.ts';
import { checkStructure } from './check-structure.ts';
import { checkVocabulary } from './check-vocabulary.ts';
import type { Fault } from './definition.ts';
import { required } from './faults.ts';
import { branchesOf, partsOf } from './schema-places.ts';
import { isJsonObject } from './shape.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** Faults of the schema that a CustomResourceDefinition brings. Defaults are held against schemas that are right only. */
export function checkSchema(schema: StructuralSchema, path: string): readonly Fault[] {
  const absent = absentSchemas(schema, path);
  if (absent.length > 0) return absent;
  const faults = [...checkVocabulary(schema, path), ...checkStructure(schema, path)];
  return faults.length > 0 ? faults : checkDefaults(schema, path);
}

/** Null in the place of a schema, which Go reads as one that says nothing. */
function absentSchemas(schema: StructuralSchema, path: string): readonly Fault[] {
  if (!isJsonObject(schema)) return [required(path, 'must be a schema')];
  return [...partsOf(schema, path), ...branchesOf(schema, path)].flatMap((place) =>
    absentSchemas(place.schema, place.path),
  );
}
