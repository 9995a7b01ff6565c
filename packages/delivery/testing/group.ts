/** Applications that are released in one order, each in a world of its own, and each with what it sees of the others. */
import type { ApplicationSpec } from '../src/api/application.ts';
import type { ReleaseGroup } from '../src/api/release-group.ts';
import { findCycle, type Companion, type Companions } from '../src/order/companions.ts';
import type { Group, GroupOrder } from './history.ts';
import { application, type World } from './simulation/world.ts';

/** The ReleaseGroups that there are. What the Applications say themselves stands in their specs. */
export type Order = ReadonlyArray<GroupOrder | null>;

export function orderOf({ members, by, together }: Group): Order {
  return by === 'group' ? [{ members: Array.from({ length: members }, (_, index) => index), together }] : [];
}

/** As a person leaves it who changes one of them. */
export function reordered(order: Order, index: number, changed: GroupOrder | null): Order {
  return [0, 1].map((each) => (each === index ? changed : (order[each] ?? null)));
}

/** For the member of that place: its own name is that of every Application of the simulation, the others go by their places. */
export function memberName(place: number, seenBy: number): string {
  return place === seenBy ? application : `m${place}`;
}

/** Nobody depends on himself: that is refused when it is applied. */
export function dependenciesOf(place: number, on: readonly number[]): readonly string[] {
  return on.filter((each) => each !== place).map((each) => memberName(each, place));
}

export interface Scene {
  readonly worlds: readonly World[];
  readonly order: Order;
}

/** Places of those that take traffic before it, as a person reads the order: also of one that there is none of. */
export function placesBefore({ worlds, order }: Scene, place: number): readonly number[] {
  const grouped = groupsWith(order, place).flatMap(({ members }) => members.slice(0, members.indexOf(place)));
  return [...new Set([...dependedOn(worlds, place), ...grouped])];
}

/** Places of those after it in the groups that go back as one. */
export function placesAfter({ order }: Scene, place: number): readonly number[] {
  const grouped = groupsTogether(order, place).flatMap(({ members }) => members.slice(members.indexOf(place) + 1));
  return [...new Set(grouped)];
}

/** Places of those that go back with it. */
export function placesBeside({ order }: Scene, place: number): readonly number[] {
  const grouped = groupsTogether(order, place).flatMap(({ members }) => members);
  return [...new Set(grouped)].filter((each) => each !== place);
}

function groupsWith(order: Order, place: number): readonly GroupOrder[] {
  return order.flatMap((each) => (each?.members.includes(place) === true ? [each] : []));
}

function groupsTogether(order: Order, place: number): readonly GroupOrder[] {
  return groupsWith(order, place).filter(({ together }) => together);
}

function dependedOn(worlds: readonly World[], place: number): readonly number[] {
  return (worlds[place]?.application.spec.dependsOn ?? []).map((name) => Number(name.slice(1)));
}

/** As they are now; the same object where nothing has changed since the last time. */
export function companionsOf(scene: Scene, place: number): Companions {
  const { worlds } = scene;
  const { groups, places, cycle } = viewOf(scene, place);
  const known = new Map(
    places.flatMap((each) => {
      const world = worlds[each];
      return world === undefined ? [] : [[memberName(each, place), companionOf(world)] as const];
    }),
  );
  const last = worlds[place]?.companions;
  const isSame = last?.groups === groups && last.cycle === cycle && last.known.size === known.size;
  return isSame && [...known].every(([name, each]) => last.known.get(name) === each) ? last : { groups, known, cycle };
}

const companions = new WeakMap<World['application'], Companion>();

function companionOf({ application: of, releases }: World): Companion {
  const known = companions.get(of);
  if (known?.releases === releases) return known;
  const companion = { application: of, releases };
  companions.set(of, companion);
  return companion;
}

interface View extends Pick<Companions, 'groups' | 'cycle'> {
  /** Of those that it looks at. */
  readonly places: readonly number[];
}

const views = new WeakMap<Order, Map<string, View>>();

/** What only the order decides: it seldom changes. */
function viewOf(scene: Scene, place: number): View {
  const { worlds, order } = scene;
  const known = views.get(order) ?? new Map<string, View>();
  views.set(order, known);
  const key = `${place} ${worlds.map(({ application: { spec } }) => spec.dependsOn?.join() ?? '').join(' ')}`;
  const view = known.get(key) ?? createView(scene, place);
  known.set(key, view);
  return view;
}

function createView(scene: Scene, place: number): View {
  const { worlds, order } = scene;
  const groups = order.flatMap((each, index) =>
    each?.members.includes(place) === true ? [groupOf(each, index, place)] : [],
  );
  const places = [...new Set([...placesBefore(scene, place), ...placesBeside(scene, place)])];
  const cycle = findCycle(String(place), (each) => rightBefore({ worlds, order }, Number(each)).map(String));
  return { groups, places, cycle: cycle?.map((each) => memberName(Number(each), place)) };
}

/** Of a group the member right before stands for all of those before. */
function rightBefore({ worlds, order }: Scene, place: number): readonly number[] {
  const grouped = groupsWith(order, place).flatMap(({ members }) => members.slice(0, members.indexOf(place)).slice(-1));
  return [...dependedOn(worlds, place), ...grouped];
}

function groupOf({ members, together }: GroupOrder, index: number, place: number): ReleaseGroup {
  return {
    metadata: { name: index === 0 ? 'all' : 'others' },
    spec: { members: members.map((each) => memberName(each, place)), abortTogether: together },
  };
}

const specs = new WeakMap<ApplicationSpec, Map<number, ApplicationSpec>>();

/** Where the order is told by each of them, it depends on the one before it. */
export function specOfMember(spec: ApplicationSpec, place: number, { by }: Group): ApplicationSpec {
  if (by === 'group' || place === 0) return spec;
  const known = specs.get(spec) ?? new Map<number, ApplicationSpec>();
  specs.set(spec, known);
  const own = known.get(place) ?? { ...spec, dependsOn: dependenciesOf(place, [place - 1]) };
  known.set(place, own);
  return own;
}
