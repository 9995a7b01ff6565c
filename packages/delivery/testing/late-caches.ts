/** The world as caches show it that are behind, each by itself. */
import { cacheNames, type CacheName } from './history.ts';
import type { World } from './simulation/world.ts';

/** By how many happenings. */
export interface Behind {
  readonly lag: number;
  readonly late: Partial<Record<CacheName, number>>;
}

export interface Seen {
  readonly world: World;
  /** What was true before each happening. */
  readonly past: readonly World[];
  /** How many happenings each cache has seen. */
  readonly seenUpTo: Map<CacheName, number>;
}

/** None of them ever goes back to what was before what it has shown. */
export function lateWorld({ world, past, seenUpTo }: Seen, behind: Behind): World {
  const current = past.length - 1;
  const shown = (name: CacheName): World => {
    const index = Math.max(current - behind.lag - (behind.late[name] ?? 0), seenUpTo.get(name) ?? 0);
    seenUpTo.set(name, index);
    return index >= current ? world : (past[index] ?? world);
  };
  return cacheNames.reduce((seen, name) => {
    const part = shown(name)[name];
    return part === world[name] ? seen : { ...seen, [name]: part };
  }, world);
}
