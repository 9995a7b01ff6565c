/**
 * `npm run simulate -- --stopped`: every scripted scenario of a release, once undisturbed and once more with controllers that are
 * killed after every single one of their actions; with `--in-turn` also once for each action, after which the first of them ends
 * and the next one lives on, and with `--part 3/12` for a twelfth of the actions of each. Each must do what it does undisturbed,
 * come to the same end, and break no rule of the interlock.
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { messageOf } from '@slipway/kube/message-of';
import { findHand } from '../packages/delivery/testing/hasty-hands.ts';
import { allScenarios } from '../packages/delivery/testing/scenarios/all.ts';
import { play, type Script } from '../packages/delivery/testing/scripted-release.ts';
import { playStopped, stopsInTurn, type Part, type Stop } from '../packages/delivery/testing/stopped-scripts.ts';

export interface StoppedWish {
  /** A part of the names of those that are played; absent: all. */
  readonly scenario: string | undefined;
  /** Of the actions that have their turn; absent: none has. */
  readonly inTurn: Part | undefined;
  /** Of the engine; absent: it is as it is. */
  readonly fault: string | undefined;
}

interface Share extends StoppedWish {
  readonly thread: number;
  readonly threads: number;
}

interface Report {
  readonly name: string;
  readonly plays: number;
  /** What was not as it should, of each play. */
  readonly broken: readonly string[];
}

/** A script, and its place among all. */
type Placed = readonly [place: number, script: Script];

export function playAllStopped(wish: StoppedWish): void {
  // Before anything is started: there may be no such scenario, and no such fault.
  const { length } = chosenBy(wish);
  findHand(wish.fault);
  if (length === 0) throw new Error(`there is no scenario whose name contains "${wish.scenario}"`);
  const threads = Math.min(length, availableParallelism());
  const reports: Report[] = [];
  let running = threads;
  console.log(`${length} scenarios on ${threads} threads${describePart(wish.inTurn)}`);
  for (let thread = 0; thread < threads; thread += 1) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...wish, thread, threads } });
    worker.on('message', (report: Report) => {
      reports.push(report);
      for (const each of report.broken) console.log(`\n${report.name}: ${each}`);
      if (reports.length % 50 === 0) console.log(`${reports.length} of ${length}`);
    });
    worker.on('exit', (code) => {
      running -= 1;
      if (code !== 0) process.exitCode = code;
      if (running === 0) conclude(reports);
    });
  }
}

function describePart(part: Part | undefined): string {
  return part === undefined ? '' : `, actions in turn: --in-turn --part ${part.number}/${part.of}`;
}

function conclude(reports: readonly Report[]): void {
  const broken = reports.filter((each) => each.broken.length > 0);
  const plays = reports.reduce((sum, each) => sum + each.plays, 0);
  console.log(
    `${reports.length} scenarios, played ${plays} times with controllers that are killed, ${broken.length} broken`,
  );
  if (broken.length > 0) process.exitCode = 1;
}

function chosenBy({ scenario = '' }: StoppedWish): readonly Placed[] {
  return [...allScenarios.entries()].filter(([, { name }]) => name.includes(scenario));
}

/** In a thread. */
async function playShare(share: Share): Promise<void> {
  const own = chosenBy(share).filter((_, index) => index % share.threads === share.thread);
  for (const placed of own) {
    const report = await playOne(placed, share);
    parentPort?.postMessage(report, []);
  }
}

/** One that is broken keeps no other one from being played. */
async function playOne([place, script]: Placed, { inTurn, fault }: Share): Promise<Report> {
  const { name } = script;
  const hand = findHand(fault);
  let plays = 0;
  const broken: string[] = [];
  const isKept = async <T>(playing: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await playing();
    } catch (error) {
      broken.push(messageOf(error));
      return undefined;
    }
  };
  const undisturbed = await isKept(() => play(script));
  if (undisturbed === undefined) return { name, plays, broken };
  const turns = inTurn === undefined ? [] : stopsInTurn(undisturbed, { part: inTurn, place });
  const stops: readonly Stop[] = ['eachAction', ...turns];
  for (const stop of stops) {
    plays += 1;
    await isKept(() => playStopped(script, { stop, undisturbed, hand }));
  }
  return { name, plays, broken };
}

if (!isMainThread) await playShare(workerData);
