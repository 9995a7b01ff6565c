/** Runs histories of several Applications that are released in one order: each as it runs alone, and what holds between them. */
import {
  companionsOf,
  orderOf,
  placesAfter,
  placesBefore,
  placesBeside,
  reordered,
  specOfMember,
  type Scene,
} from './group.ts';
import { checkCycle, checkOrder, checkReturn, checkTogether } from './group-invariants.ts';
import type { Group, Happening, History } from './history.ts';
import type { Planner, Run } from './looks.ts';
import { beginRun, checkWorld, comeToRest, never, step, type Company } from './runs.ts';
import { changeSpec } from './simulation/people.ts';
import type { World } from './simulation/world.ts';
import { specOf } from './spec-of-history.ts';

export interface GroupedHistory extends History {
  readonly group: Group;
}

/** Gives the first of the worlds. */
export function runGroup(
  history: GroupedHistory,
  { planner, atRest = true }: { readonly planner?: Planner | undefined; readonly atRest?: boolean },
): World {
  const members = beginAll(history, planner);
  const company = companyOf(members, history.group);
  for (const event of history.happenings) stepAll(company, event);
  if (atRest) {
    for (const run of members) wake(run);
    comeToRest(company);
  }
  const [first] = members;
  return first.world;
}

/** Others wait for one that is scaled to nothing, which only spec can end. */
function wake(run: Run): void {
  if (run.world.application.spec.replicas === 0) run.world = changeSpec(run.world, { replicas: 1 });
}

/** Where they serve already, they have begun alone: the order is told to them afterwards. */
function beginAll(history: GroupedHistory, planner: Planner | undefined): readonly [Run, ...Run[]] {
  const spec = specOf(history);
  const { group, serving = false, isRefusalLasting } = history;
  const begin = (place: number): Run => {
    const run = beginRun({ spec, serving, isRefusalLasting, planner }, never());
    const { application } = run.world;
    run.world = { ...run.world, application: { ...application, spec: specOfMember(spec, place, group) } };
    return run;
  };
  const others = Array.from({ length: group.members - 1 }, (_, index) => begin(index + 1));
  return [begin(0), ...others];
}

interface OrderedCompany extends Company {
  /** What people say of their groups. */
  readonly regroup: (change: Happening & { readonly type: 'regroup' }) => void;
}

function companyOf(runs: readonly Run[], group: Group): OrderedCompany {
  let order = orderOf(group);
  const scene = (): Scene => ({ worlds: runs.map(({ world }) => world), order });
  return {
    runs,
    show: (place) => {
      const run = runs[place];
      if (run === undefined) return;
      const companions = companionsOf(scene(), place);
      if (companions !== run.world.companions) run.world = { ...run.world, companions };
    },
    check: (place, before) => checkLook(scene(), place, before),
    regroup: (change) => {
      order = reordered(order, change.group, change.order);
    },
  };
}

function checkLook(scene: Scene, place: number, before: World): void {
  const { worlds } = scene;
  const after = worlds[place];
  if (after === undefined) return;
  const looked = { before, after };
  const present = (places: readonly number[]): readonly World[] => places.flatMap((each) => worlds[each] ?? []);
  checkCycle(looked);
  checkOrder(
    looked,
    placesBefore(scene, place).map((each) => worlds[each]),
  );
  checkReturn(looked, present(placesAfter(scene, place)));
  checkTogether(looked, present(placesBeside(scene, place)));
}

/** What befalls the controller, and time, is the same for all of them. */
const common: ReadonlySet<Happening['type']> = new Set(['round', 'wait', 'clock', 'restart']);

function stepAll(company: OrderedCompany, event: Happening): void {
  const { runs, show, check } = company;
  if (event.type === 'regroup') return company.regroup(event);
  const chosen = (event.of ?? 0) % runs.length;
  const places = common.has(event.type) ? runs.keys() : [chosen];
  for (const place of places) {
    const run = runs[place];
    if (run === undefined) continue;
    show(place);
    const before = run.world;
    step(run, { ...event, of: place });
    if (isFresh(event)) check(place, before);
  }
  meetInTime(runs);
}

/** More writes than any look has. */
const wholeLook = 1_000;

/** A look that sees everything as it is, and writes all that it decides. */
function isFresh(event: Happening): boolean {
  if (event.type === 'round') return true;
  return (
    event.type === 'look' &&
    event.lag === 0 &&
    event.late === undefined &&
    event.broken === undefined &&
    event.stopAfter >= wholeLook
  );
}

function meetInTime(runs: readonly Run[]): void {
  const now = Math.max(...runs.map(({ world }) => world.now));
  for (const run of runs) {
    if (run.world.now === now) continue;
    run.world = { ...run.world, now };
    checkWorld(run);
  }
}
