/**
 * `npm run simulate -- --stopped`: every scripted scenario of a release, once undisturbed and once more with controllers that are
 * killed after every single one of their actions; with `--in-turn` also once for each action, after which the first of them ends
 * and the next one lives on. Each must do what it does undisturbed, come to the same end, and break no rule of the interlock.
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { messageOf } from '@slipway/kube/message-of';
import { findHand } from '../packages/delivery/testing/hasty-hands.ts';
import { allScenarios } from '../packages/delivery/testing/scenarios/all.ts';
import { play, type Script } from '../packages/delivery/testing/scripted-release.ts';
import { playStopped, stopsInTurn } from '../packages/delivery/testing/stopped-scripts.ts';

export interface StoppedWish {
  /** A part of the names of those that are played; absent: all. */
  readonly scenario: string | undefined;
  readonly inTurn: boolean;
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
  /** Undefined: it was as it should. */
  readonly broken: string | undefined;
}

export function playAllStopped(wish: StoppedWish): void {
  // Before anything is started: there may be no such scenario, and no such fault.
  const { length } = chosenBy(wish);
  findHand(wish.fault);
  if (length === 0) throw new Error(`there is no scenario whose name contains "${wish.scenario}"`);
  const threads = Math.min(length, availableParallelism());
  const reports: Report[] = [];
  let running = threads;
  console.log(`${length} scenarios on ${threads} threads`);
  for (let thread = 0; thread < threads; thread += 1) {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...wish, thread, threads } });
    worker.on('message', (report: Report) => {
      reports.push(report);
      if (report.broken !== undefined) console.log(`\n${report.name}: ${report.broken}`);
      if (reports.length % 50 === 0) console.log(`${reports.length} of ${length}`);
    });
    worker.on('exit', (code) => {
      running -= 1;
      if (code !== 0) process.exitCode = code;
      if (running === 0) conclude(reports);
    });
  }
}

function conclude(reports: readonly Report[]): void {
  const broken = reports.filter((each) => each.broken !== undefined);
  const plays = reports.reduce((sum, each) => sum + each.plays, 0);
  console.log(
    `${reports.length} scenarios, played ${plays} times with controllers that are killed, ${broken.length} broken`,
  );
  if (broken.length > 0) process.exitCode = 1;
}

function chosenBy({ scenario = '' }: StoppedWish): readonly Script[] {
  return allScenarios.filter(({ name }) => name.includes(scenario));
}

/** In a thread. */
async function playShare(share: Share): Promise<void> {
  const own = chosenBy(share).filter((_, index) => index % share.threads === share.thread);
  for (const script of own) {
    const report = await playOne(script, share);
    parentPort?.postMessage(report, []);
  }
}

async function playOne(script: Script, { inTurn, fault }: Share): Promise<Report> {
  const { name } = script;
  const hand = findHand(fault);
  let plays = 0;
  try {
    const undisturbed = await play(script);
    for (const stop of ['eachAction' as const, ...(inTurn ? stopsInTurn(undisturbed) : [])]) {
      plays += 1;
      await playStopped(script, { stop, undisturbed, hand });
    }
    return { name, plays, broken: undefined };
  } catch (error) {
    return { name, plays, broken: messageOf(error) };
  }
}

if (!isMainThread) await playShare(workerData);
