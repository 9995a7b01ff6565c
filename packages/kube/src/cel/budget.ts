/** Bounds for what people wrote: a server answers other requests too, and an expression can loop over loops. */
import { createContext, Script, type Context } from 'node:vm';
import { CelLimitError } from './types.ts';

/** Turns of all loops in one evaluation. A rule over every container of a large pod takes a few hundred. */
const maximumSteps = 200_000;
/** For what no step counts: a pattern that backtracks for ever. Far above any evaluation that ends. */
const maximumMilliseconds = 1_000;

let remaining = 0;
let isRunning = false;

/** Counts turns of loops, and what else takes time or memory: a step is a turn, or ten items or characters of a new value. */
export function spendSteps(steps: number): void {
  if (!isRunning) return;
  remaining -= steps;
  if (remaining < 0)
    throw new CelLimitError(`operation cancelled: actual cost limit exceeded: more than ${maximumSteps} steps`);
}

/** Evaluates with one budget; an evaluation inside another shares the outer one's. */
export function withinBudget<T>(evaluate: () => T): T {
  if (isRunning) return evaluate();
  remaining = maximumSteps;
  isRunning = true;
  try {
    return withinTime(evaluate);
  } finally {
    isRunning = false;
  }
}

interface Sandbox extends Context {
  run: () => void;
}

let watched: { readonly sandbox: Sandbox; readonly script: Script } | undefined;

/** The script only calls back: it is here because a script is what the engine can stop from outside. */
function withinTime<T>(evaluate: () => T): T {
  watched ??= { sandbox: Object.assign(createContext(), { run: () => {} }), script: new Script('run()') };
  const results: T[] = [];
  watched.sandbox.run = () => {
    results.push(evaluate());
  };
  try {
    watched.script.runInContext(watched.sandbox, { timeout: maximumMilliseconds });
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw new CelLimitError(`operation cancelled: actual cost limit exceeded: more than ${maximumMilliseconds} ms`, {
      cause: error,
    });
  } finally {
    watched.sandbox.run = () => {};
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
