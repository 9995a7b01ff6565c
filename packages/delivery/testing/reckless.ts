/**
 * A planner that wants anything at any time, behind the interlock: no strategy can be worse. What the rules let through
 * must leave the world whole.
 */
import * as fc from 'fast-check';
import type { AdmissionGate } from '../src/interlock/admission.ts';
import { check, type Interlock } from '../src/interlock/interlock.ts';
import type { Action } from '../src/plan.ts';
import { worldOf } from '../src/context-of.ts';
import { activeRelease } from '../src/current-releases.ts';
import { checkAction, checkDeletion } from './invariants.ts';
import { history } from './generators.ts';
import { runHistory } from './histories.ts';
import type { History } from './history.ts';
import { carryOut } from './simulation/api.ts';
import { runEndpoints, runReplicaSets, setReady } from './simulation/controllers.ts';
import { controllerTime, isBeingDeleted, observationOf, type World } from './simulation/world.ts';

const kinds = ['scale', 'leave', 'join', 'mark', 'split', 'close', 'remove', 'delete'] as const;

/** Numbers that choose among what there is. */
export interface Wish {
  readonly type: (typeof kinds)[number];
  readonly version: number;
  readonly amount: number;
  readonly weights: readonly [number, number];
}

export interface RecklessHistory {
  readonly history: History;
  /** One after the other, each decided on one look. */
  readonly steps: ReadonlyArray<readonly Wish[]>;
}

const wish: fc.Arbitrary<Wish> = fc.record({
  type: fc.constantFrom(...kinds),
  version: fc.nat(3),
  amount: fc.nat(4),
  weights: fc.constantFrom([100, 0] as const, [0, 100] as const, [50, 50] as const, [90, 20] as const),
});

export const recklessHistory: fc.Arbitrary<RecklessHistory> = fc.record({
  history,
  steps: fc.array(fc.array(wish, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 }),
});

/** What stands between the planner and the world, in parts that may be missing. */
export interface Net extends Interlock {
  readonly gates?: readonly AdmissionGate[];
}

export function runReckless({ history, steps }: RecklessHistory, by: Net): void {
  steps.reduce((world, wishes) => grant(world, wishes, by), runHistory(history, { atRest: false }));
}

function grant(world: World, wishes: readonly Wish[], by: Net): World {
  // Where nobody is to be served any more, pods may go whatever they are given.
  if ((world.application.spec.replicas ?? 1) === 0 || isBeingDeleted(world.application)) return world;
  const seen = observationOf(world);
  const actions = wishes.flatMap((each) => wished(each, world) ?? []);
  const { safe } = check(
    actions,
    worldOf(seen, { active: activeRelease(seen), now: controllerTime(world), gates: by.gates }),
    by,
  );
  const decision = { actions: safe, applicationStatus: undefined, releaseStatuses: new Map(), requeueAfter: undefined };
  // The second write to one object is refused by the API server, and ends the step.
  const { world: written } = carryOut(world, decision, { decidedOn: seen, stopAfter: Infinity, onAction: checkAction });
  return runEndpoints(withStarted(runReplicaSets(written, checkDeletion)));
}

/** What is new is ready with the next step. */
function withStarted(world: World): World {
  return world.pods.reduce(
    (all, { status }, index) => (status === undefined ? setReady(all, index, true) : all),
    world,
  );
}

/** Undefined where there is nothing of the kind. */
function wished(wish: Wish, world: World): Action | undefined {
  const chosen = (index: number): string | undefined =>
    world.releases[index % Math.max(1, world.releases.length)]?.metadata.name;
  const release = chosen(wish.version);
  const other = chosen(wish.version + 1);
  if (release === undefined || other === undefined) return undefined;
  const isOwn = ({ metadata }: Pick<World['pods'][number], 'metadata'>): boolean =>
    metadata.labels?.['slipway.dev/release'] === release;
  const pods = world.pods
    .filter(isOwn)
    .map(({ metadata }) => metadata.name ?? '')
    .slice(0, wish.amount);
  if (wish.type === 'scale' && !world.replicaSets.some(isOwn)) return undefined;
  return actionOf(wish, { release, other, pods });
}

interface Chosen {
  readonly release: string;
  readonly other: string;
  readonly pods: readonly string[];
}

function actionOf({ type, version, amount, weights }: Wish, { release, other, pods }: Chosen): Action {
  switch (type) {
    case 'scale':
      return { type: 'scale', release, replicas: amount, reason: 'a wish' };
    case 'leave':
      return { type: 'setServing', release, pods, serves: false, backend: version % 2 === 0, template: false };
    case 'join':
      return { type: 'setServing', release, pods, serves: true, backend: true, template: false };
    case 'mark':
      return { type: 'markForDeletion', release, pods };
    case 'split':
      return {
        type: 'setSplit',
        weights: release === other ? { [release]: weights[0] } : { [release]: weights[0], [other]: weights[1] },
      };
    case 'close':
      return { type: 'closeRoute' };
    case 'remove':
      return { type: 'removeRoute' };
    case 'delete':
      return { type: amount % 2 === 0 ? 'deleteRelease' : 'deleteVersion', release };
  }
}
