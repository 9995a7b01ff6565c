/** Runs histories, and what comes after them: when nothing goes wrong any more, everything comes to rest. */
import { runGroup } from './group-histories.ts';
import type { History } from './history.ts';
import type { Interruption, Planner, Run } from './looks.ts';
import { copyReached } from './requests.ts';
import { alone, beginRun, comeToRest, never, step } from './runs.ts';
import type { World } from './simulation/world.ts';
import { specOf } from './spec-of-history.ts';

export interface RunOptions {
  /** Whether the system must come to rest afterwards. */
  readonly atRest?: boolean;
  readonly planner?: Planner | undefined;
}

/** Throws a `Violation` where an invariant breaks or the system does not come to rest. */
export function runHistory(history: History, options: RunOptions = {}): World {
  if (history.group !== undefined) return runGroup({ ...history, group: history.group }, options);
  const run = begin(history, options, never());
  for (const event of history.happenings) step(run, event);
  if (options.atRest ?? true) comeToRest(alone(run));
  return run.world;
}

/**
 * Runs a history once for each of its effects, after which the controller dies and another one goes on, and shows the world in
 * which each of them ends. What comes before the death is the same for all of the same happening, and is run once. Gives the
 * number of effects.
 */
export function runInterrupted(history: History, show: (end: World, at: number) => void): number {
  const whole = begin(history, {}, never());
  const dieSince = (before: Run, next: number): void => {
    for (let at = before.interruption.effects; at < whole.interruption.effects; at += 1) {
      const run = branch(before, at);
      for (const event of history.happenings.slice(next)) step(run, event);
      comeToRest(alone(run));
      show(run.world, at);
    }
  };
  for (const [index, event] of history.happenings.entries()) {
    const before = branch(whole, Infinity);
    step(whole, event);
    dieSince(before, index);
  }
  const before = branch(whole, Infinity);
  comeToRest(alone(whole));
  dieSince(before, history.happenings.length);
  return whole.interruption.effects;
}

/** The same up to here; from now on each goes its own way. */
function branch(run: Run, at: number): Run {
  const { past, interruption, reached, seenUpTo, refusals, underWay } = run;
  return {
    ...run,
    past: [...past],
    underWay: [...underWay],
    interruption: { at, effects: interruption.effects },
    reached: copyReached(reached),
    seenUpTo: new Map(seenUpTo),
    refusals: { ...refusals, refused: new Map(refusals.refused) },
  };
}

function begin(history: History, { planner }: RunOptions, interruption: Interruption): Run {
  const { serving = false, isRefusalLasting, isCutLasting } = history;
  return beginRun({ spec: specOf(history), serving, isRefusalLasting, isCutLasting, planner }, interruption);
}
