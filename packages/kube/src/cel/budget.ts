/** Bounds for what people wrote: a server answers other requests too, and an expression can loop over loops. */
import { createContext, Script, type Context } from 'node:vm';
import { CelLimitError } from './types.ts';

/** Turns of all loops in one evaluation. A rule over every container of a large pod takes a few hundred. */
const maximumSteps = 200_000;
/** For what no step counts, such as a pattern that backtracks for ever. Far above any evaluation that ends. */
const maximumMilliseconds = 100;
/** A machine that has no time for this process takes none from the expression: then it is begun again, so often at most. */
const maximumAttempts = 5;

/** What takes more is begun again under watch. Most of what is evaluated ends far below it. */
const unwatchedSteps = 1_000;

let remaining = 0;
let isRunning = false;

/** `trying`: nobody watches the time yet; `refused`: what is being tried has met something that has to be watched. */
let watch: 'none' | 'trying' | 'refused' | 'watched' = 'none';

/** Thrown out of what is being tried. Whatever catches it on the way, the work is begun again. */
class Unwatched extends Error {
  override readonly name = 'Unwatched';
}

/** Counts turns of loops, and what else takes time or memory: a step is a turn, or ten items or characters of a new value. */
export function spendSteps(steps: number): void {
  if (!isRunning) return;
  remaining -= steps;
  if (watch === 'trying' && remaining < maximumSteps - unwatchedSteps) requireWatch();
  if (remaining < 0)
    throw new CelLimitError(`operation cancelled: actual cost limit exceeded: more than ${maximumSteps} steps`);
}

/** Evaluates with one budget; an evaluation inside another shares the outer one's. It may be begun more than once. */
export function withinBudget<T>(evaluate: () => T): T {
  if (isRunning) return evaluate();
  isRunning = true;
  try {
    return watchedAtNeed(() => {
      remaining = maximumSteps;
      return evaluate();
    }, maximumMilliseconds);
  } finally {
    isRunning = false;
  }
}

/** To be called before what can take any time without a step. */
export function requireWatch(): void {
  if (watch !== 'trying' && watch !== 'refused') return;
  watch = 'refused';
  throw new Unwatched('nobody watches the time yet');
}

/**
 * As `withinTime`, for what seldom needs it: to be watched takes a thread, which costs more than most evaluations and on a
 * busy machine many times that. So it is tried without, and begun again where it meets `requireWatch` or takes many steps.
 */
export function watchedAtNeed<T>(work: () => T, milliseconds: number): T {
  if (watch !== 'none') return work();
  watch = 'trying';
  try {
    const result = work();
    if (isTried()) return result;
  } catch (error) {
    if (isTried()) throw error;
  } finally {
    watch = 'none';
  }
  return withinTime(work, milliseconds);
}

function isTried(): boolean {
  return watch === 'trying';
}

/** Of repetitions one inside the other, or three that can share a text between them, the engine may try every division. */
export function mayRunAway(pattern: string): boolean {
  const repetitions = pattern.match(/[*+]|\{\d+,\d*\}/g)?.length ?? 0;
  return /\)(?:[*+]|\{\d)/.test(pattern) || repetitions >= 3;
}

/** The same without steps, for other work that people's words make long. What it does must bear to be begun again. */
export function withinTime<T>(work: () => T, milliseconds: number): T {
  for (let attempt = 1; ; attempt++) {
    const { user, system } = process.threadCpuUsage();
    try {
      return interruptible(work, milliseconds);
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const used = process.threadCpuUsage({ user, system });
      const isOwnFault = (used.user + used.system) / 1_000 >= milliseconds / 2;
      if (!isOwnFault && attempt < maximumAttempts) continue;
      throw new CelLimitError(`operation cancelled: actual cost limit exceeded: more than ${milliseconds} ms`, {
        cause: error,
      });
    }
  }
}

interface Sandbox extends Context {
  run: () => void;
}

let watched: { readonly sandbox: Sandbox; readonly script: Script } | undefined;

/** The script only calls back: it is here because a script is what the engine can stop from outside. */
function interruptible<T>(work: () => T, milliseconds: number): T {
  watched ??= { sandbox: Object.assign(createContext(), { run: () => {} }), script: new Script('run()') };
  const { sandbox, script } = watched;
  const results: T[] = [];
  const outer = sandbox.run;
  const before = watch;
  watch = 'watched';
  sandbox.run = () => {
    results.push(work());
  };
  try {
    script.runInContext(sandbox, { timeout: milliseconds });
  } finally {
    sandbox.run = outer;
    watch = before;
  }
  for (const result of results) return result;
  throw new CelLimitError('operation cancelled: it ended without a result');
}

function isTimeout(error: unknown): boolean {
  // It comes from the script's own realm, where `Error` is another class.
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
