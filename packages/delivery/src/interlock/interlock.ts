/**
 * Stands between every decision and the world. The rules of delivery.md bind our actions: what one of them refuses is
 * left out, with everything after it, because the order of actions is a safety argument of its own.
 */
import type { Action } from '../plan.ts';
import { rules, type Rule, type World } from './rules.ts';

export interface Checked {
  readonly safe: readonly Action[];
  /** Why the rest waits; undefined when nothing does. */
  readonly refused: { readonly rule: string; readonly reason: string; readonly action: Action } | undefined;
}

export function check(actions: readonly Action[], world: World, inForce: readonly Rule[] = rules): Checked {
  const safe: Action[] = [];
  for (const action of actions) {
    for (const rule of inForce) {
      const reason = rule.refuses(action, world);
      if (reason !== undefined) return { safe, refused: { rule: rule.name, reason, action } };
    }
    safe.push(action);
  }
  return { safe, refused: undefined };
}
