/**
 * Runs the release engine through random histories of the whole control loop: pods that start late, die and come back,
 * gateways that lag behind the endpoints, hang or lose the API server, EndpointSlices that are late, routers of other projects
 * that fall silent or refuse a route, for ever too, orders of Applications that change or close to a circle, people, changes of
 * mind, and a controller that sees old news and is killed between its writes. Every promise of the interlock is held against
 * each; a history that breaks one is made as short as it can be and printed, so that it can be run again.
 *
 *     npm run simulate                                    10,000 of each strategy, and of several in one order
 *     npm run simulate -- --histories 1000000 --seed 7    as many as one likes
 *     npm run simulate -- --strategy canary
 *     npm run simulate -- --replay history.json
 *     npm run simulate -- --fault "splits by half"        with an engine that has this fault, to see it found
 *
 * Beside the random histories there are scripted scenarios, hundreds of them, with controllers that are killed after each action:
 *
 *     npm run simulate -- --stopped                       each with controllers that end after every single action
 *     npm run simulate -- --stopped --in-turn             and with the first one that ends after its first, its second, …
 *     npm run simulate -- --stopped --in-turn --part 3/12 or after a twelfth of those, which are some of every scenario's
 *     npm run simulate -- --stopped --scenario rainbow    those whose name contains that
 *     npm run simulate -- --stopped --fault "lets go whoever is to leave"
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as fc from 'fast-check';
import { messageOf } from '@slipway/kube/message-of';
import { historyOf, strategyTypes } from '../packages/delivery/testing/generators.ts';
import { runHistory } from '../packages/delivery/testing/histories.ts';
import type { History } from '../packages/delivery/testing/history.ts';
import type { Planner } from '../packages/delivery/testing/looks.ts';
import { mutants } from '../packages/delivery/testing/mutants.ts';
import type { Part } from '../packages/delivery/testing/stopped-scripts.ts';
import { Violation } from '../packages/delivery/testing/violation.ts';
import { playAllStopped } from './stopped-scenarios.ts';

interface Batch {
  readonly strategy: string;
  readonly seed: number;
  readonly histories: number;
}

interface Share {
  readonly batches: readonly Batch[];
  /** Of the engine; absent: it is as it is. */
  readonly fault: string | undefined;
  /** One number that all threads see: not 0 once one of them has found something. */
  readonly over: Int32Array<SharedArrayBuffer>;
}

interface Wish {
  /** Of each strategy. */
  readonly histories: number;
  readonly seed: number;
  readonly fault: string | undefined;
}

type Report =
  | { readonly kind: 'progress'; readonly histories: number }
  | { readonly kind: 'broken'; readonly strategy: string; readonly history: History; readonly reason: string };

const batchSize = 500;
/** Of a thread. What is thrown away at once is most of what a history makes: with more room it is seldom looked through. */
const youngMegabytes = 64;

function main(): void {
  const { values } = parseArgs({
    options: {
      histories: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      strategy: { type: 'string', multiple: true, default: [...strategyTypes] },
      replay: { type: 'string' },
      fault: { type: 'string' },
      stopped: { type: 'boolean', default: false },
      'in-turn': { type: 'boolean', default: false },
      part: { type: 'string' },
      scenario: { type: 'string' },
    },
  });
  const { strategy, fault, scenario } = values;
  if (values.part !== undefined && !values['in-turn'])
    throw new Error('--part is of actions in turn: give --in-turn too');
  const inTurn = values['in-turn'] ? partOf(values.part ?? '1/1') : undefined;
  if (values.stopped) return playAllStopped({ scenario, inTurn, fault });
  // Before anything is started: there may be no such fault.
  const planner = plannerWith(fault);
  if (values.replay === undefined)
    simulate(strategy, { histories: requireCount(values.histories), seed: requireCount(values.seed), fault });
  else replay(values.replay, planner);
}

/** Undefined: the engine's own. */
function plannerWith(fault: string | undefined): Planner | undefined {
  if (fault === undefined) return undefined;
  const mutant = mutants.find((each) => each.fault === fault);
  if (mutant !== undefined) return mutant.planner;
  throw new Error(`there is no fault "${fault}", there are ${mutants.map((each) => each.fault).join(', ')}`);
}

function requireCount(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`"${text}" is no whole number`);
}

/** The third of twelve is `3/12`. */
function partOf(text: string): Part {
  const [number = 0, of = 0] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [];
  if (number >= 1 && number <= of) return { number, of };
  throw new Error(`"${text}" is no part, such as 3/12`);
}

/** One thread a core. Which histories there are depends on the seed alone, and not on how many threads run them. */
function simulate(strategies: readonly string[], { histories, seed, fault }: Wish): void {
  for (const strategy of strategies)
    if (!strategyTypes.includes(strategy))
      throw new Error(`there is no strategy "${strategy}", there are ${strategyTypes.join(', ')}`);
  const threads = availableParallelism();
  const total = histories * strategies.length;
  const batches = strategies.flatMap((strategy) => batchesOf(strategy, histories, seed));
  const startedAt = performance.now();
  const over = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  let done = 0;
  console.log(`${total} histories of ${strategies.join(', ')} on ${threads} threads, seed ${seed}`);
  const workers = Array.from({ length: threads }, (_, index) => {
    const share: Share = { batches: batches.filter((__, at) => at % threads === index), fault, over };
    const resourceLimits = { maxYoungGenerationSizeMb: youngMegabytes };
    const worker = new Worker(new URL(import.meta.url), { workerData: share, resourceLimits });
    worker.on('message', (report: Report) => {
      if (report.kind === 'broken') end(report);
      else done += report.histories;
    });
    return worker;
  });
  const progress = setInterval(() => {
    const seconds = (performance.now() - startedAt) / 1_000;
    console.log(`${done} of ${total}, ${Math.round(done / seconds)} a second`);
  }, 10_000);
  let running = workers.length;
  for (const worker of workers)
    worker.on('exit', () => {
      running -= 1;
      if (running > 0) return;
      clearInterval(progress);
      if (process.exitCode === undefined) console.log(`${done} histories, and every promise was kept in each`);
    });
}

/** No two have a seed in common: the same would tell two strategies the same stories. */
function batchesOf(strategy: string, histories: number, seed: number): readonly Batch[] {
  return Array.from({ length: Math.ceil(histories / batchSize) }, (_, index) => ({
    strategy,
    seed: seed + (index * strategyTypes.length + strategyTypes.indexOf(strategy)) * 1_009,
    histories: Math.min(batchSize, histories - index * batchSize),
  }));
}

function end({ strategy, history, reason }: Report & { readonly kind: 'broken' }): void {
  // Of several threads that find something at once the first is told.
  if (process.exitCode !== undefined) return;
  process.exitCode = 1;
  console.log(`\nA history of ${strategy} breaks a promise: ${reason}\n${JSON.stringify(history, null, 2)}`);
  console.log('\nPut it into a file and run it again: npm run simulate -- --replay FILE');
}

/** In a thread. */
function runShare({ batches, fault, over }: Share, tell: (report: Report) => void): void {
  const planner = plannerWith(fault);
  // A thread ends by itself: one that is terminated while it compiles what it runs can take the process with it.
  const isOver = (): boolean => Atomics.load(over, 0) !== 0;
  for (const { strategy, seed, histories } of batches) {
    const property = fc.property(historyOf(strategy), (history) => {
      if (!isOver()) runHistory(history, { planner });
    });
    const found = fc.check(property, { numRuns: histories, seed });
    const [history] = found.counterexample ?? [];
    if (history !== undefined) {
      const reason = found.errorInstance instanceof Error ? found.errorInstance.message : String(found.errorInstance);
      Atomics.store(over, 0, 1);
      tell({ kind: 'broken', strategy, history, reason });
      return;
    }
    if (isOver()) return;
    tell({ kind: 'progress', histories });
  }
}

function replay(file: string, planner: Planner | undefined): void {
  const history: History = JSON.parse(readFileSync(file, 'utf8'));
  try {
    runHistory(history, { planner });
    console.log('every promise was kept');
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    console.log(`a promise is broken: ${error.message}`);
    process.exitCode = 1;
  }
}

/** What the command line or a history gets wrong is said in a sentence. */
function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 2;
  }
}

if (isMainThread) guarded(main);
else runShare(workerData, (report) => parentPort?.postMessage(report, []));
