import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import type { Informer } from '@slipway/kube/informer';
import { pods } from '@slipway/kube/resources';
import { splitLines } from '@slipway/kube/split-lines';
import { optional } from '../optional.ts';
import { applicationsOfPod } from '../view/pod-summary.ts';
import type { LineQueue } from './line-queue.ts';
import { NewestPods } from './newest-pods.ts';
import {
  findLogContainers,
  nextRun,
  selectContainers,
  type LogChoice,
  type LogContainer,
  type LogRun,
  type RunsRead,
} from './log-runs.ts';
import { LogProgress, type LogLine } from './log-progress.ts';
import { containerKey, sinceTimeOf, type LinePosition, type LogPositions } from './pod-log-position.ts';

export interface PodLogSource extends LogChoice {
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

const retryMilliseconds = 1_000;
/** How often a log is left alone in which the place of the reader is not found: that the container runs again is told late. */
const maximumDoubts = 10;
/** The same of a log of which nothing was sent, where nothing but waiting helps. */
const maximumBlindDoubts = 3;

/** Of one run of a container, as it is sent. */
export interface Line {
  readonly key: string;
  readonly run: number;
  readonly at: bigint;
  readonly json: string;
}

/** How far a container was read. */
interface Reading extends RunsRead {
  readonly key: string;
  position: LinePosition | undefined;
  ended: number;
  /** The first run that was read of; a reader that comes back before he has a line of it begins there. */
  readonly first: number;
  /** Lines to begin with, of a log that nobody has read of; absent: all. */
  tail: number | undefined;
  isBusy: boolean;
  /** The run whose log somebody has followed, and lost. */
  lost: number | undefined;
  /** How often what the log is of was not certain, one after the other. */
  doubts: number;
}

/** `doubtful`: it may be the log of the next run, and nothing of it was sent. */
type ReadEnd = 'whole' | 'broken' | 'doubtful';

/** Reads the runs of each container in their order, each once, and those that begin meanwhile. */
export class PodLogReaders {
  readonly #stream: PodLogSource;
  readonly #queue: LineQueue<Line>;
  readonly #signal: AbortSignal;
  /** By the id of the container. */
  readonly #readings = new Map<string, Reading>();
  #containers: ReadonlyMap<string, LogContainer> = new Map();
  readonly #newest = new NewestPods();
  /** Ids of containers that the reader knew when he came. */
  #known: ReadonlySet<string> = new Set();
  readonly #failed = Promise.withResolvers<never>();
  readonly #busy = new Set<Promise<void>>();
  /** Containers that there is no room for. */
  leftOut = 0;

  constructor(stream: PodLogSource, queue: LineQueue<Line>, signal: AbortSignal) {
    this.#stream = stream;
    this.#queue = queue;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { follow, tail, after } = this.#stream;
    this.#known = new Set(
      this.#find()
        .map(({ id }) => id)
        .filter((id) => after.has(containerKey(id))),
    );
    this.#look(after.size > 0 ? undefined : tail);
    const stop = follow ? this.#lookOnChange() : undefined;
    try {
      const ended = follow ? aborted(this.#signal) : Promise.all(this.#busy);
      await Promise.race([ended, this.#failed.promise]);
    } finally {
      stop?.();
    }
    await Promise.all(this.#busy);
  }

  /** Positions of containers that there are, and of those that have been silent since they were first looked at. */
  describe(sent: LogPositions): LogPositions {
    const positions = new Map<string, LinePosition>();
    for (const { key, first } of this.#readings.values())
      positions.set(key, sent.get(key) ?? { run: first, at: 0n, count: 0 });
    // What is not known yet is not gone.
    return this.#stream.pods.hasSynced ? positions : new Map([...sent, ...positions]);
  }

  #lookOnChange(): () => void {
    const { pods, namespace, application } = this.#stream;
    // Those that are there already were looked at, all at once.
    let isReplay = true;
    const stop = pods.onChange(({ old, current }) => {
      const isOwn = [old, current].some(
        (pod) => pod !== undefined && applicationsOfPod(pod).includes(`${namespace}/${application}`),
      );
      if (isOwn && !isReplay) this.#look(undefined);
    });
    isReplay = false;
    return stop;
  }

  #find(): readonly LogContainer[] {
    const { pods, namespace, application } = this.#stream;
    const watched = pods.byIndex('application', `${namespace}/${application}`);
    return findLogContainers(this.#newest.choose(watched), this.#stream);
  }

  /** Where the watch is broken too, or the node has not told yet that the container runs again, what it writes would be taken for more of the run before. */
  async #askFor({ pod: name }: LogContainer): Promise<void> {
    const { client, namespace } = this.#stream;
    const fieldSelector = `metadata.name=${name}`;
    const asked = await client.list(pods, { namespace, fieldSelector, signal: this.#signal }).catch(() => undefined);
    // Who cannot be asked has no log to read either: what is watched counts until he can.
    if (asked === undefined) return;
    this.#newest.keep(asked.items);
    this.#look(undefined);
  }

  #look(tail: number | undefined): void {
    if (this.#signal.aborted) return;
    const isKnown = (id: string): boolean => this.#readings.has(id) || this.#known.has(id);
    const { containers, leftOut } = selectContainers(this.#find(), isKnown);
    this.#containers = new Map(containers.map((container) => [container.id, container]));
    if (leftOut !== this.leftOut) this.#queue.nudge();
    this.leftOut = leftOut;
    for (const id of this.#readings.keys()) if (!this.#containers.has(id)) this.#readings.delete(id);
    for (const container of containers)
      this.#readOn(container, this.#readings.get(container.id) ?? this.#begin(container, tail));
  }

  #begin(container: LogContainer, tail: number | undefined): Reading {
    const key = containerKey(container.id);
    const position = this.#stream.after.get(key);
    const first = nextRun(container, { position, ended: -1 })?.number ?? 0;
    const reading = { key, position, first, ended: -1, tail, isBusy: false, lost: position?.run, doubts: 0 };
    this.#readings.set(container.id, reading);
    return reading;
  }

  #readOn({ id }: LogContainer, reading: Reading): void {
    if (reading.isBusy || this.#next(id, reading) === undefined) return;
    reading.isBusy = true;
    const read = this.#readAll(id, reading);
    this.#busy.add(read);
    read.then(() => this.#busy.delete(read), this.#failed.reject);
  }

  #next(id: string, reading: Reading): Turn | undefined {
    const container = this.#containers.get(id);
    const { ended, first, position = { run: first, at: 0n, count: 0 } } = reading;
    const run = container === undefined || this.#signal.aborted ? undefined : nextRun(container, { position, ended });
    return container === undefined || run === undefined ? undefined : { container, run };
  }

  /** A connection may be lost while the container runs on: it is read on from the last line. */
  async #readAll(id: string, reading: Reading): Promise<void> {
    const { clock, follow } = this.#stream;
    for (let turn = this.#next(id, reading); turn !== undefined; turn = this.#next(id, reading)) {
      const end = await this.#readOnce(turn, reading);
      reading.doubts = end === 'doubtful' ? reading.doubts + 1 : 0;
      if (end !== 'doubtful' && (!follow || (end === 'whole' && !this.#isRunning(id, turn.run)))) {
        reading.ended = turn.run.number;
        reading.tail = undefined;
      } else {
        await delay(clock, retryMilliseconds, this.#signal).catch(() => undefined);
        if (end !== 'whole') await this.#askFor(turn.container);
      }
    }
    reading.isBusy = false;
  }

  #isRunning(id: string, { number }: LogRun): boolean {
    return this.#containers.get(id)?.runs.find((run) => run.number === number)?.isRunning === true;
  }

  async #readOnce({ container, run }: Turn, reading: Reading): Promise<ReadEnd> {
    const { client, namespace, follow } = this.#stream;
    const last = lastOf(run, reading);
    if (last === undefined && isBlind(run, reading)) return 'doubtful';
    const query = this.#queryOf(container, run, { last, tail: reading.tail });
    const path = `/api/v1/namespaces/${namespace}/pods/${container.pod}/log?${query.toString()}`;
    const progress = new LogProgress(run.number, last);
    const isDoubtful = (): boolean => !progress.hasFoundPlace && reading.doubts < maximumDoubts;
    try {
      const { status, body } = await client.request({ method: 'GET', path, signal: this.#signal });
      if (status < 400) reading.lost = run.number;
      for await (const text of splitLines(body)) {
        // Of a container that has not started, or a pod that is gone: no log, but why there is none.
        if (status >= 400) continue;
        const line = progress.take(text);
        if (line === undefined) continue;
        if (isDoubtful()) return 'doubtful';
        const json = JSON.stringify(present(container, line));
        reading.position = progress.position;
        if (!(await this.#queue.push({ key: reading.key, run: run.number, at: line.at, json }))) break;
      }
      if (status >= 400) return status < 500 ? 'whole' : 'broken';
      reading.lost = undefined;
      return isDoubtful() ? 'doubtful' : 'whole';
    } catch (error) {
      // The connection broke, or the reader has gone: who follows looks again.
      if (!this.#signal.aborted && !follow) throw error;
      return 'broken';
    }
  }

  #queryOf({ container }: LogContainer, { isPrevious }: LogRun, { last, tail }: Begin): URLSearchParams {
    return new URLSearchParams({
      container,
      timestamps: 'true',
      ...(isPrevious ? { previous: 'true' } : {}),
      ...(this.#stream.follow && !isPrevious ? { follow: 'true' } : {}),
      ...(last === undefined ? {} : { sinceTime: sinceTimeOf(last) }),
      ...(tail === undefined || last !== undefined ? {} : { tailLines: String(tail) }),
    });
  }
}

interface Turn {
  readonly container: LogContainer;
  readonly run: LogRun;
}

interface Begin {
  readonly last: LinePosition | undefined;
  readonly tail: number | undefined;
}

/**
 * Of a run what was sent of it. Who was told late that a container runs again has read lines of it as of the run before:
 * they are those since it started, for no run begins before the one before has ended.
 */
function lastOf({ number, startedAt }: LogRun, { position }: Reading): LinePosition | undefined {
  if (position === undefined || position.count === 0) return undefined;
  const isOfIt = position.run === number || (startedAt !== undefined && position.at >= nanosecondsOf(startedAt));
  return isOfIt ? position : undefined;
}

/** What was lost of the run before would be lost for good, if the next one runs and nobody has told yet. */
function isBlind({ number, isPrevious }: LogRun, { lost, doubts }: Reading): boolean {
  return !isPrevious && lost === number && doubts < maximumBlindDoubts;
}

function nanosecondsOf(time: string): bigint {
  return BigInt(Date.parse(time)) * 1_000_000n;
}

function present({ pod, container, version }: LogContainer, { time, text, isCut }: LogLine) {
  return { pod, container, ...optional('version', version), at: time, text, ...(isCut ? { cut: true } : {}) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
