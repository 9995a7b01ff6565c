/** All that an Application is put under: an open load of short requests, and long-lived clients, each in a process of its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startLoad, type Load } from 'slipway/load/load';
import type { LoadReport } from 'slipway/load/protocol';
import type { ClientOptions, ClientReport } from './protocol.ts';

export interface TrafficOptions extends ClientOptions {
  /** Short requests a second. */
  readonly rate: number;
  readonly versions: readonly string[];
}

export interface Traffic {
  readonly load: Load;
  /** What the long-lived clients said last. */
  readonly clients: ClientReport;
  /** Resolves with the first report of the long-lived clients, from the next one on, of which something is true. */
  until(isSo: (report: ClientReport) => boolean): Promise<ClientReport>;
  /** The last count of everything; a second call gives the same. */
  stop(): Promise<TrafficReport>;
}

export interface TrafficReport {
  readonly load: LoadReport;
  readonly clients: ClientReport;
}

export async function startTraffic({ rate, versions, ...options }: TrafficOptions): Promise<Traffic> {
  const load = startLoad({ ...options, path: '/version', rate, versions });
  const clients = startClients(options);
  await clients.until(() => true);
  let end: Promise<TrafficReport> | undefined;
  const stop = async (): Promise<TrafficReport> => {
    const [loadReport, clientReport] = await Promise.all([load.stop(), clients.stop()]);
    return { load: loadReport, clients: clientReport };
  };
  return {
    load,
    get clients() {
      return clients.report;
    },
    until: clients.until,
    stop: () => (end ??= stop()),
  };
}

interface Clients {
  readonly report: ClientReport;
  until: Traffic['until'];
  stop(): Promise<ClientReport>;
}

function startClients(options: ClientOptions): Clients {
  const program = fileURLToPath(new URL('./clients.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const listeners = new Set<(report: ClientReport) => void>();
  let last: ClientReport | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const report: ClientReport = JSON.parse(line);
    last = report;
    for (const listener of listeners) listener(report);
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const report = (): ClientReport => {
    if (last === undefined) throw new Error('the long-lived clients have not said anything yet');
    return last;
  };
  return {
    get report() {
      return report();
    },
    until: async (isSo) => {
      const { promise, resolve, reject } = Promise.withResolvers<ClientReport>();
      const listen = (each: ClientReport): void => {
        if (isSo(each)) resolve(each);
      };
      listeners.add(listen);
      void ended.then(() => reject(new Error('the long-lived clients ended before what was waited for')));
      return promise.finally(() => listeners.delete(listen));
    },
    stop: async () => {
      child.stdin.end();
      await ended;
      if (!report().isFinal) throw new Error('the long-lived clients ended before their last report');
      return report();
    },
  };
}
