import { join } from 'node:path';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import { containerIdFor, type ContainerInstance } from '../agent/pod-record.ts';
import type { Files } from '../files.ts';
import { listSegments } from './log-files.ts';
import { readLog, type LogOptions } from './log-reader.ts';
import { LogWriter } from './log-writer.ts';

export interface PodLogsOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Holds a folder a pod. */
  readonly directory: string;
  /** What the first lines of a container wait for, if nobody reads. Absent: nothing. */
  readonly whenCalm?: (() => Promise<void>) | undefined;
}

/** The logs of all containers of this node. They outlive the agent, and go with their pod. */
export class PodLogs {
  readonly #options: PodLogsOptions;
  readonly #writers = new Map<string, LogWriter>();

  constructor(options: PodLogsOptions) {
    this.#options = options;
  }

  /** Of an instance that is about to start. The one before it is kept, older ones go. */
  async open(instance: ContainerInstance): Promise<LogWriter> {
    const directory = this.#directoryOf(instance);
    const { files, clock, logger, whenCalm } = this.#options;
    if (instance.attempt > 1) await this.#removeOlder(instance);
    const writer = new LogWriter({ files, clock, logger, directory, attempt: instance.attempt, whenCalm });
    this.#writers.set(idOf(instance), writer);
    return writer;
  }

  async close(instance: ContainerInstance): Promise<void> {
    const writer = this.#writers.get(idOf(instance));
    await writer?.close();
    this.#writers.delete(idOf(instance));
  }

  async *read(instance: ContainerInstance, options: LogOptions): AsyncGenerator<Uint8Array> {
    const { files } = this.#options;
    const directory = this.#directoryOf(instance);
    const live = this.#writers.get(idOf(instance));
    const segments = async () =>
      (await listSegments(files, directory)).filter(({ attempt }) => attempt === instance.attempt);
    yield* readLog({ files, segments, live }, options);
  }

  async #removeOlder(instance: ContainerInstance): Promise<void> {
    const { files } = this.#options;
    const old = (await listSegments(files, this.#directoryOf(instance))).filter(
      ({ attempt }) => attempt < instance.attempt - 1,
    );
    await Promise.all(old.map(({ path }) => files.remove(path)));
  }

  #directoryOf({ podUid, name }: ContainerInstance): string {
    return join(this.#options.directory, podUid, 'logs', name);
  }
}

function idOf({ podUid, name, attempt }: ContainerInstance): string {
  return containerIdFor(podUid, name, attempt);
}
