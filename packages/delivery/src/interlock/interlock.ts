/**
 * Stands between every decision and the world. The rules of delivery.md bind our actions: what one of them refuses is
 * left out, with everything after it in the same pass, because the order of actions is a safety argument of its own. Every
 * action is judged in the world that those before it leave.
 */
import type { Action } from '../plan.ts';
import { rules, type Rule } from './rules.ts';
import { worldAfter } from './world-after.ts';
import type { World } from './world.ts';

export interface Checked {
  readonly safe: readonly Action[];
  /** Why the rest waits; undefined when nothing does. */
  readonly refused: string | undefined;
  readonly world: World;
}

/** What the rules are, and how the world goes on from one action to the next. */
export interface Interlock {
  readonly rules: readonly Rule[];
  readonly worldAfter: (world: World, action: Action) => World;
}

export const interlock: Interlock = { rules, worldAfter };

export function check(actions: readonly Action[], before: World, by: Interlock = interlock): Checked {
  const safe: Action[] = [];
  let world = before;
  for (const action of actions) {
    const refused = refusalOf(action, world, by.rules);
    if (refused !== undefined) return { safe, refused, world };
    safe.push(action);
    world = by.worldAfter(world, action);
  }
  return { safe, refused: undefined, world };
}

function refusalOf(action: Action, world: World, inForce: readonly Rule[]): string | undefined {
  for (const rule of inForce) {
    const reason = rule.refuses(action, world);
    if (reason !== undefined) return `the rule "${rule.name}" to allow ${action.type}: ${reason}`;
  }
  return undefined;
}

/** Of several passes, each with an order of its own: one that is refused something does not hold up the others. */
export function checkPasses(passes: ReadonlyArray<readonly Action[]>, before: World): Checked {
  return passes.reduce<Checked>(
    (all, actions) => {
      const { safe, refused, world } = check(actions, all.world);
      return { safe: [...all.safe, ...safe], refused: all.refused ?? refused, world };
    },
    { safe: [], refused: undefined, world: before },
  );
}
