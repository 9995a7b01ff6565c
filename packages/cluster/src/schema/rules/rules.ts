/**
 * The door to all that knows CEL, which is read when the first rule is met: a cluster without a custom resource never
 * needs it, and reading it would take a tenth of its start.
 */
import type { Fault } from '../definition.ts';
import { isSchema, type StructuralSchema } from '../structural-schema.ts';

interface Rules {
  /** Faults of an object. `old` is absent on create. */
  validateRules(schema: StructuralSchema, value: unknown, old: unknown): readonly Fault[];
  /** Faults of the rules themselves. */
  checkRules(schema: StructuralSchema, path: string): readonly Fault[];
}

let loaded: Rules | undefined;

/** A write that cannot be judged yet. Whoever catches it loads the rules and tries the write again. */
export class RulesNotLoaded extends Error {
  override readonly name = 'RulesNotLoaded';
}

/** Throws `RulesNotLoaded` the first time. */
export function loadedRules(): Rules {
  if (loaded === undefined) throw new RulesNotLoaded('the rules of custom resources are not loaded yet');
  return loaded;
}

async function loadRules(): Promise<void> {
  const [{ validateRules }, { checkRules }] = await Promise.all([
    import('./validate-rules.ts'),
    import('./check-rules.ts'),
  ]);
  loaded = { validateRules, checkRules };
}

/** Only validation can tell that rules are needed, and it cannot wait: so it is begun again once they are there. */
export async function withRules<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof RulesNotLoaded)) throw error;
    await loadRules();
    return write();
  }
}

const searched = new WeakMap<StructuralSchema, boolean>();

/** Whether there are rules in a schema, at whatever depth: where there are none no value is looked at. */
export function hasRules(schema: StructuralSchema): boolean {
  const known = searched.get(schema);
  if (known !== undefined) return known;
  const { items, additionalProperties, properties = {} } = schema;
  const has =
    (schema['x-kubernetes-validations'] ?? []).length > 0 ||
    (items !== undefined && hasRules(items)) ||
    (isSchema(additionalProperties) && hasRules(additionalProperties)) ||
    Object.values(properties).some(hasRules);
  searched.set(schema, has);
  return has;
}
