/** Applications that are released in one order with another: what comes before it, and where that leads in a circle. */
import type { Application } from '../api/application.ts';
import type { Release } from '../api/release.ts';

/** One of them, as it is known. */
export interface Companion {
  readonly application: Application;
  readonly releases: readonly Release[];
}

export interface Companions {
  /** By name, those that exist. */
  readonly known: ReadonlyMap<string, Companion>;
  /** Names from the Application back to itself, each waiting for the next; undefined where it does not wait for itself. */
  readonly cycle: readonly string[] | undefined;
}

export const noCompanions: Companions = { known: new Map(), cycle: undefined };

/** What an Application waits for before it takes traffic. */
export interface Predecessor {
  readonly name: string;
  /** The field that says so. */
  readonly because: string;
}

export function predecessorsOf({ spec }: Application): readonly Predecessor[] {
  return (spec.dependsOn ?? []).map((name) => ({ name, because: 'spec.dependsOn' }));
}

/**
 * The shortest way from a name back to itself. `before` gives what a name waits for.
 *
 * `a` waits for `b`, and `b` for `c` and `a`: `['a', 'b', 'a']`.
 */
export function findCycle(start: string, before: (name: string) => readonly string[]): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [start];
  for (const name of open)
    for (const next of before(name)) {
      if (next === start) return [...wayTo(name, start, cameFrom), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      open.push(next);
    }
  return undefined;
}

function wayTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const way = [end];
  for (let name = end; name !== start;) {
    name = cameFrom.get(name) ?? start;
    way.unshift(name);
  }
  return way;
}
