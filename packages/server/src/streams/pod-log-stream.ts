import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import type { Informer } from '@slipway/kube/informer';
import { maximumLineLength, splitLines } from '@slipway/kube/split-lines';
import { optional } from '../optional.ts';
import { LineQueue } from './line-queue.ts';
import { findLogRuns, selectRuns, type LogChoice, type LogRun } from './log-runs.ts';
import { closeCodes, type PacedSocket } from './paced-socket.ts';
import {
  advance,
  encodePositions,
  parseLine,
  sinceTimeOf,
  type LinePosition,
  type LogPositions,
  type TimedLine,
} from './pod-log-position.ts';

export interface PodLogStream extends LogChoice {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly pods: Informer<Pod>;
  readonly namespace: string;
  readonly application: string;
  /** Where the reader was; empty: nowhere. */
  readonly after: LogPositions;
  /** Lines of each container to begin with, of one that the reader does not know; absent: all. */
  readonly tail?: number | undefined;
  readonly follow: boolean;
}

/** Between those who read logs and the one who sends them; one frame of the stream. */
const maximumQueued = 256 * 1_024;
/** What a line takes beside its text. */
const lineOverhead = 200;
const maximumCharacters = 16_384;
const retryMilliseconds = 1_000;

interface News extends TimedLine {
  /** There is more of it, which is not sent. */
  readonly isCut: boolean;
}

interface Line extends News {
  readonly run: LogRun;
}

/**
 * Sends what all pods of an Application write, as it comes, with a position to come back with: from there on nothing is
 * missing and nothing repeated, as long as the cluster has it. It reads no faster than the reader.
 */
export async function streamPodLogs(socket: PacedSocket, stream: PodLogStream): Promise<void> {
  const queue = new LineQueue<Line>({ maximum: maximumQueued, sizeOf: ({ text }) => text.length + lineOverhead });
  const ended = new AbortController();
  const signal = AbortSignal.any([socket.closed, ended.signal]);
  signal.addEventListener('abort', () => queue.close(), { once: true });
  const readers = new Readers(stream, queue, signal);
  const reading = readers.run();
  try {
    const sending = send(socket, { queue, readers, after: stream.after });
    await Promise.all([sending, reading.finally(() => queue.close())]);
    if (!socket.closed.aborted) {
      await socket.send({ type: 'end' }, 'nothing');
      socket.close(closeCodes.normal, 'all that was written is sent');
    }
  } finally {
    ended.abort();
  }
}

interface Sending {
  readonly queue: LineQueue<Line>;
  readonly readers: Readers;
  readonly after: LogPositions;
}

async function send(socket: PacedSocket, { queue, readers, after }: Sending): Promise<void> {
  const resume = 'the position of the last frame';
  const positions = new Map<string, LinePosition>(after);
  let told = 0;
  for (let lines = await queue.take(); lines !== undefined; lines = await queue.take()) {
    const { leftOut } = readers;
    if (leftOut !== told && !(await socket.send({ type: 'leftOut', containers: leftOut }, resume))) return;
    told = leftOut;
    if (lines.length === 0) continue;
    for (const { run, at } of lines) positions.set(run.key, advance(positions.get(run.key), at));
    for (const key of positions.keys()) if (readers.isGone(key)) positions.delete(key);
    const position = encodePositions(positions);
    if (!(await socket.send({ type: 'lines', items: lines.map(present), after: position }, resume))) return;
  }
}

function present({ run, time, text, isCut }: Line) {
  const { pod, container, version } = run;
  return { pod, container, ...optional('version', version), at: time, text, ...(isCut ? { cut: true } : {}) };
}

/** Reads every log once, and those that begin meanwhile. */
class Readers {
  readonly #stream: PodLogStream;
  readonly #queue: LineQueue<Line>;
  readonly #signal: AbortSignal;
  /** By the key of the run; settled ones stay, so that nothing is read twice. */
  readonly #reading = new Map<string, Promise<void>>();
  #current: ReadonlySet<string> = new Set();
  /** Containers that there is no room for. */
  leftOut = 0;

  constructor(stream: PodLogStream, queue: LineQueue<Line>, signal: AbortSignal) {
    this.#stream = stream;
    this.#queue = queue;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { pods, follow } = this.#stream;
    const failed = Promise.withResolvers<never>();
    const stop = pods.onChange(() => {
      if (follow) this.#look(failed.reject);
    });
    try {
      this.#look(failed.reject);
      const ended = follow ? aborted(this.#signal) : Promise.all(this.#reading.values());
      await Promise.race([ended, failed.promise]);
    } finally {
      stop();
    }
    await Promise.all(this.#reading.values());
  }

  #runs(): readonly LogRun[] {
    const { pods, namespace, application } = this.#stream;
    const own = pods.byIndex('application', `${namespace}/${application}`);
    return findLogRuns(own, this.#stream, (key) => this.#isKnown(key));
  }

  #isKnown(key: string): boolean {
    return this.#stream.after.has(key) || this.#reading.has(key);
  }

  /** The cluster has it no more: nobody goes on with it. */
  isGone(key: string): boolean {
    return this.#stream.pods.hasSynced && !this.#current.has(key);
  }

  #look(fail: (error: unknown) => void): void {
    const { runs, leftOut } = selectRuns(this.#runs(), (key) => this.#isKnown(key));
    this.#current = new Set(runs.map(({ key }) => key));
    if (leftOut !== this.leftOut) this.#queue.nudge();
    this.leftOut = leftOut;
    for (const key of this.#reading.keys()) if (!this.#current.has(key)) this.#reading.delete(key);
    for (const run of runs) {
      if (this.#reading.has(run.key) || this.#signal.aborted) continue;
      const reading = this.#read(run);
      this.#reading.set(run.key, reading);
      reading.catch(fail);
    }
  }

  /** A connection may be lost while the container runs on: it is read on from the last line. */
  async #read(first: LogRun): Promise<void> {
    const { clock, follow, after } = this.#stream;
    let position = after.get(first.key);
    let run: LogRun | undefined = first;
    while (run !== undefined && !this.#signal.aborted) {
      const reading = await this.#readOnce(run, position);
      position = reading.position;
      if (!follow || (reading.isWhole && !this.#find(first)?.isRunning)) return;
      await delay(clock, retryMilliseconds, this.#signal).catch(() => undefined);
      run = this.#find(first);
    }
  }

  /** As it is now; undefined where the cluster has it no more. */
  #find({ key }: LogRun): LogRun | undefined {
    return this.#runs().find((run) => run.key === key);
  }

  async #readOnce(run: LogRun, last: LinePosition | undefined): Promise<Reading> {
    const { client, namespace, follow } = this.#stream;
    const path = `/api/v1/namespaces/${namespace}/pods/${run.pod}/log?${this.#queryOf(run, last).toString()}`;
    const progress = new Progress(last);
    try {
      const { status, body } = await client.request({ method: 'GET', path, signal: this.#signal });
      for await (const line of splitLines(body)) {
        // Of a container that has not started, or a pod that is gone: no log, but why there is none.
        if (status >= 400) continue;
        const news = progress.take(line);
        if (news !== undefined && !(await this.#queue.push({ run, ...news }))) break;
      }
      return { position: progress.position, isWhole: status < 500 };
    } catch (error) {
      // The connection broke, or the reader has gone: who follows looks again.
      if (!this.#signal.aborted && !follow) throw error;
      return { position: progress.position, isWhole: false };
    }
  }

  #queryOf({ container, isPrevious }: LogRun, last: LinePosition | undefined): URLSearchParams {
    const { follow, tail } = this.#stream;
    return new URLSearchParams({
      container,
      timestamps: 'true',
      ...(isPrevious ? { previous: 'true' } : {}),
      ...(follow && !isPrevious ? { follow: 'true' } : {}),
      ...(last === undefined ? {} : { sinceTime: sinceTimeOf(last) }),
      ...(tail === undefined || last !== undefined || this.#stream.after.size > 0 ? {} : { tailLines: String(tail) }),
    });
  }
}

interface Reading {
  readonly position: LinePosition | undefined;
  /** To its end, as far as it had one. */
  readonly isWhole: boolean;
}

/** What was sent before comes again first: the API asks by whole seconds. */
class Progress {
  readonly #before: LinePosition | undefined;
  #isInLongLine = false;
  #repeated = 0;
  position: LinePosition | undefined;

  constructor(before: LinePosition | undefined) {
    this.#before = before;
    this.position = before;
  }

  /** Undefined for what was sent before, and for what is beyond the end of a line that was cut. */
  take(line: string): News | undefined {
    const timed = parseLine(line);
    // So long a line comes in parts, which are not the same ones each time.
    if (timed === undefined && this.#isInLongLine) return undefined;
    this.#isInLongLine = line.length >= maximumLineLength;
    const parsed = timed ?? { at: this.position?.at ?? 0n, time: timeOf(this.position), text: line };
    if (this.#isRepeated(parsed.at)) return undefined;
    this.position = advance(this.position, parsed.at);
    const { text } = parsed;
    return { ...parsed, text: text.slice(0, maximumCharacters), isCut: text.length > maximumCharacters };
  }

  #isRepeated(at: bigint): boolean {
    const before = this.#before;
    if (before === undefined || at > before.at) return false;
    if (at < before.at) return true;
    this.#repeated += 1;
    return this.#repeated <= before.count;
  }
}

function timeOf(position: LinePosition | undefined): string {
  return new Date(Number((position?.at ?? 0n) / 1_000_000n)).toISOString();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
