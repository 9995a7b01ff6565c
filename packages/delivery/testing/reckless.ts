/**
 * A planner that wants anything at any time, behind the interlock: no strategy can be worse. What the rules let through
 * must leave the world whole.
 */
import * as fc from 'fast-check';
import { check } from '../src/interlock/interlock.ts';
import type { Rule } from '../src/interlock/rules.ts';
import type { Action } from '../src/plan.ts';
import { contextOf, worldOf } from '../src/context-of.ts';
import { checkAction, checkDeletion } from './invariants.ts';
import { history, runHistory, type History } from './histories.ts';
import { carryOut, observationOf, runEndpoints, runReplicaSets, type World } from './simulation.ts';

/** Numbers that choose among what there is. */
interface Wish {
  readonly type: 'scale' | 'leave' | 'split' | 'delete';
  readonly version: number;
  readonly amount: number;
  readonly weights: readonly [number, number];
}

export interface RecklessHistory {
  readonly history: History;
  readonly wishes: readonly Wish[];
}

export const recklessHistory: fc.Arbitrary<RecklessHistory> = fc.record({
  history,
  wishes: fc.array(
    fc.record({
      type: fc.constantFrom('scale' as const, 'leave' as const, 'split' as const, 'delete' as const),
      version: fc.nat(3),
      amount: fc.nat(4),
      weights: fc.constantFrom([100, 0] as const, [0, 100] as const, [50, 50] as const, [90, 20] as const),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

export function runReckless({ history, wishes }: RecklessHistory, rules: readonly Rule[]): void {
  wishes.reduce((world, wish) => grant(world, wish, rules), runHistory(history, { atRest: false }));
}

function grant(world: World, wish: Wish, rules: readonly Rule[]): World {
  const release = world.releases[wish.version % Math.max(1, world.releases.length)];
  const other = world.releases[(wish.version + 1) % Math.max(1, world.releases.length)];
  if (release === undefined || other === undefined || (world.application.spec.replicas ?? 1) === 0) return world;
  const name = release.metadata.name ?? '';
  const mine = world.pods
    .filter(({ metadata }) => metadata.labels?.['slipway.dev/release'] === name)
    .map(({ metadata }) => metadata.name ?? '');
  const action = wished(wish, { name, other: other.metadata.name ?? '', pods: mine });
  const seen = observationOf(world);
  const context = contextOf(seen, release, world.now);
  const { safe } = check([action], worldOf(context), rules);
  const isPossible =
    action.type !== 'scale' ||
    world.replicaSets.some(({ metadata }) => metadata.labels?.['slipway.dev/release'] === name);
  if (safe.length === 0 || !isPossible) return world;
  const decision = { actions: safe, applicationStatus: undefined, releaseStatuses: new Map(), requeueAfter: undefined };
  const after = carryOut(world, decision, { decidedOn: seen, stopAfter: Infinity, onAction: checkAction });
  return runEndpoints(runReplicaSets(after, checkDeletion));
}

function wished(
  wish: Wish,
  { name, other, pods }: { readonly name: string; readonly other: string; readonly pods: readonly string[] },
): Action {
  switch (wish.type) {
    case 'scale':
      return { type: 'scale', release: name, replicas: wish.amount, reason: 'a wish' };
    case 'leave':
      return {
        type: 'setServing',
        release: name,
        pods: pods.slice(0, wish.amount),
        serves: false,
        backend: wish.version % 2 === 0,
        template: false,
      };
    case 'split':
      return {
        type: 'setSplit',
        weights: name === other ? { [name]: wish.weights[0] } : { [name]: wish.weights[0], [other]: wish.weights[1] },
      };
    case 'delete':
      return { type: wish.amount % 2 === 0 ? 'deleteRelease' : 'deleteVersion', release: name };
  }
}
