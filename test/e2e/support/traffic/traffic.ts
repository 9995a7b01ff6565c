/** All that an Application is put under: an open load of short requests, and long-lived clients, in a process of their own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ClientReport, StreamOptions, StreamReport, TrafficCommand, TrafficProcessReport } from './protocol.ts';

export interface Traffic {
  readonly load: {
    /** What was said last of the short requests. */
    readonly report: StreamReport['load'];
    /** Bodies that count as right from when it resolves. */
    allow(versions: readonly string[]): Promise<void>;
  };
  /** What was said last of the long-lived clients. */
  readonly clients: ClientReport;
  /** What is true when it is asked: what was said before may still be on its way, on a busy machine for long. */
  now(): Promise<ClientReport>;
  /** Resolves with the first report of the long-lived clients, from the next one on, of which something is true. */
  until(isSo: (report: ClientReport) => boolean): Promise<ClientReport>;
  /** The last count of everything; a second call gives the same. */
  stop(): Promise<TrafficReport>;
}

export type TrafficReport = Pick<StreamReport, 'load' | 'clients'>;

/** Resolves when the clients have begun. */
export async function startTraffic(options: StreamOptions): Promise<Traffic> {
  const [traffic] = await startTraffics([options]);
  if (traffic === undefined) throw new Error('a stream was asked for and none began');
  return traffic;
}

/** Several streams in one process, in the order of their options. It ends with the last of them. */
export async function startTraffics(options: readonly StreamOptions[]): Promise<readonly Traffic[]> {
  const clients = new ClientProcess(options);
  await clients.until(() => true);
  return options.map((_, index) => streamOf(clients, index));
}

function streamOf(clients: ClientProcess, stream: number): Traffic {
  const report = (): StreamReport => clients.report(stream);
  let end: Promise<TrafficReport> | undefined;
  const stop = async (): Promise<TrafficReport> => {
    await clients.tell({ kind: 'stop', stream });
    // With the last stream its process ends, so that there may be no other report.
    if (!report().isFinal) await clients.until(() => report().isFinal);
    return report();
  };
  return {
    load: {
      get report() {
        return report().load;
      },
      allow: (versions) => clients.tell({ kind: 'versions', stream, versions }),
    },
    get clients() {
      return report().clients;
    },
    now: async () => {
      await clients.tell({ kind: 'report' });
      return report().clients;
    },
    until: async (isSo) => {
      await clients.until(() => isSo(report().clients));
      return report().clients;
    },
    stop: () => (end ??= stop()),
  };
}

class ClientProcess {
  readonly #tell: (command: TrafficCommand) => void;
  readonly #ended: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #last: TrafficProcessReport | undefined;
  #told = 0;

  constructor(options: readonly StreamOptions[]) {
    const program = fileURLToPath(new URL('./clients.ts', import.meta.url));
    const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#tell = (command) => child.stdin.write(`${JSON.stringify(command)}\n`);
    // Of a process that has ended, which `close` says.
    child.stdin.on('error', () => undefined);
    this.#ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', () => resolve());
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#last = JSON.parse(line);
      for (const listener of this.#listeners) listener();
    });
  }

  report(stream: number): StreamReport {
    const report = this.#last?.streams[stream];
    if (report === undefined) throw new Error('the clients have not said anything yet');
    return report;
  }

  /** Resolves when it has been obeyed. */
  async tell(command: TrafficCommand): Promise<void> {
    this.#told += 1;
    const number = this.#told;
    this.#tell(command);
    await this.until(() => (this.#last?.commands ?? 0) >= number);
  }

  /** Resolves with the first report, from the next one on, with which something is true. */
  async until(isSo: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const listen = (): void => {
      if (isSo()) resolve();
    };
    this.#listeners.add(listen);
    const fail = (): void => reject(new Error('the clients ended before what was waited for'));
    this.#ended.then(fail, reject);
    await promise.finally(() => this.#listeners.delete(listen));
  }
}
