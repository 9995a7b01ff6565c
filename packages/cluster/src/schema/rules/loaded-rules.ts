/**
 * The door to all that knows CEL, which is read when the first rule is met: a cluster without a custom resource never
 * needs it, and reading it would take a tenth of its start.
 */
import type { Fault } from '../definition.ts';
import { lateModule } from '../late-module.ts';
import type { StructuralSchema } from '../structural-schema.ts';

interface Rules {
  /** Faults of an object. `old` is absent on create. */
  validateRules(schema: StructuralSchema, value: unknown, old: unknown): readonly Fault[];
  /** Faults of the rules themselves. */
  checkRules(schema: StructuralSchema, path: string): readonly Fault[];
}

/** Throws the first time; see `withLateModules`. */
export const loadedRules: () => Rules = lateModule(async () => {
  const [{ validateRules }, { checkRules }] = await Promise.all([
    import('./validate-rules.ts'),
    import('./check-rules.ts'),
  ]);
  return { validateRules, checkRules };
});
