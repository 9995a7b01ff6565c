/** Applications that are released in one order with another: what comes before it, and where that leads in a circle. */
import type { Application } from '../api/application.ts';
import type { ReleaseGroup } from '../api/release-group.ts';
import type { Release } from '../api/release.ts';

/** One of them, as it is known. */
export interface Companion {
  readonly application: Application;
  readonly releases: readonly Release[];
}

export interface Companions {
  /** Of which it is a member. */
  readonly groups: readonly ReleaseGroup[];
  /** By name, those that exist. */
  readonly known: ReadonlyMap<string, Companion>;
  /** Names from the Application back to itself, each waiting for the next; undefined where it does not wait for itself. */
  readonly cycle: readonly string[] | undefined;
}

export const noCompanions: Companions = { groups: [], known: new Map(), cycle: undefined };

/** What an Application waits for before it takes traffic. */
export interface Predecessor {
  readonly name: string;
  /** The field that says so. */
  readonly because: string;
}

/** Each once, what it depends on itself first. */
export function predecessorsOf(
  { metadata, spec }: Application,
  groups: readonly ReleaseGroup[],
): readonly Predecessor[] {
  const own = (spec.dependsOn ?? []).map((name) => ({ name, because: 'spec.dependsOn' }));
  const others = groups.flatMap((group) =>
    membersBefore(group, metadata.name ?? '').map((name) => ({ name, because: describeGroup(group) })),
  );
  return [...own, ...others].filter(({ name }, index, all) => all.findIndex((each) => each.name === name) === index);
}

export function membersBefore({ spec: { members } }: ReleaseGroup, name: string): readonly string[] {
  return members.slice(0, Math.max(0, members.indexOf(name)));
}

export function membersAfter({ spec: { members } }: ReleaseGroup, name: string): readonly string[] {
  const place = members.indexOf(name);
  return place < 0 ? [] : members.slice(place + 1);
}

export function describeGroup({ metadata }: ReleaseGroup): string {
  return `ReleaseGroup ${metadata.name ?? ''}`;
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
