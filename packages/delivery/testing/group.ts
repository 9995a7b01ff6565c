/** Applications that are released in one order, each in a world of its own, and each with what it sees of the others. */
import type { ApplicationSpec } from '../src/api/application.ts';
import type { ReleaseGroup } from '../src/api/release-group.ts';
import type { Companion, Companions } from '../src/order/companions.ts';
import type { Group } from './history.ts';
import { application, type World } from './simulation/world.ts';

/** For the member of that place: its own name is that of every Application of the simulation, the others go by their places. */
export function memberName(place: number, seenBy: number): string {
  return place === seenBy ? application : `m${place}`;
}

/** As they are now; the same object where nothing has changed since the last time. */
export function companionsOf(worlds: readonly World[], place: number, { by, together }: Group): Companions {
  const known = new Map(
    worlds.flatMap((world, index) =>
      index === place ? [] : [[memberName(index, place), companionOf(world)] as const],
    ),
  );
  const last = worlds[place]?.companions;
  const isSame = last !== undefined && [...known].every(([name, each]) => last.known.get(name) === each);
  if (isSame && last.known.size === known.size) return last;
  return { groups: by === 'group' ? groupsOf(worlds.length, place, together) : [], known, cycle: undefined };
}

const companions = new WeakMap<World['application'], Companion>();

function companionOf({ application: of, releases }: World): Companion {
  const known = companions.get(of);
  if (known?.releases === releases) return known;
  const companion = { application: of, releases };
  companions.set(of, companion);
  return companion;
}

const groups = new Map<string, readonly ReleaseGroup[]>();

function groupsOf(count: number, place: number, together: boolean): readonly ReleaseGroup[] {
  const key = `${count} ${place} ${together}`;
  const members = Array.from({ length: count }, (_, index) => memberName(index, place));
  const known = groups.get(key) ?? [{ metadata: { name: 'all' }, spec: { members, abortTogether: together } }];
  groups.set(key, known);
  return known;
}

const specs = new WeakMap<ApplicationSpec, Map<number, ApplicationSpec>>();

/** Where the order is told by each of them, it depends on the one before it. */
export function specOfMember(spec: ApplicationSpec, place: number, { by }: Group): ApplicationSpec {
  if (by === 'group' || place === 0) return spec;
  const known = specs.get(spec) ?? new Map<number, ApplicationSpec>();
  specs.set(spec, known);
  const own = known.get(place) ?? { ...spec, dependsOn: [memberName(place - 1, place)] };
  known.set(place, own);
  return own;
}
