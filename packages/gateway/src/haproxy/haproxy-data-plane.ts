import type { Socket } from 'node:net';
import { type Clock, delay } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { Certificates } from '../certificates.ts';
import type { BackendLoad, DataPlane, DataPlaneCounter } from '../data-plane.ts';
import type { ListenAddress } from '../listen.ts';
import { Proxy } from '../proxy/proxy.ts';
import { TrafficRegistry } from '../proxy/traffic.ts';
import { type EndpointAddress, emptyRoutingTable, type RoutingTable } from '../routing/routing-table.ts';
import { planCertificates } from './certificate-commands.ts';
import { HaproxyProcess } from './haproxy-process.ts';
import { type Layout, planLayout } from './layout.ts';
import type { Structure } from './render-config.ts';
import { reservePort } from './reserve-port.ts';
import { RuntimeApi, RuntimeApiError } from './runtime-api.ts';
import { listLeaving, planCommands, planRetreat } from './runtime-commands.ts';
import { emptyRuntimeState, type RuntimeState } from './runtime-state.ts';
import { SerialQueue } from './serial-queue.ts';
import { addCounts, formatSessionQuestions, parseOldWorkers, parseSessionCounts } from './session-counts.ts';
import { SlotLoads } from './slot-loads.ts';
import { growCounts } from './slots.ts';
import { TrafficLog } from './traffic-log.ts';
import { WorkDirectory } from './work-directory.ts';
import { findWorkerUser } from './worker-user.ts';
import { removeIdleServer, tell, type Worker } from './worker.ts';

export interface HaproxyDataPlaneOptions {
  /** Path of HAProxy, 2.6 or later. */
  readonly program: string;
  /** For its configuration and sockets; made, and removed at the end. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly traffic?: TrafficRegistry | undefined;
  /** How the built-in proxy behind it reaches a pod's port; by default directly. */
  readonly dial?: ((endpoint: EndpointAddress) => Socket) | undefined;
  readonly minReloadMilliseconds?: number | undefined;
}

const firstCounts = { plain: 32, compressing: 8 } as const;
const minReloadMilliseconds = 5_000;
/** A configuration that HAProxy refuses is refused again: each pause is twice the one before, up to so many times. */
const maxPauseDoublings = 6;
const drainLookMilliseconds = 200;
const lookMilliseconds = 1_000;
const closeLookMilliseconds = 20;
const maxBackoffMilliseconds = 5_000;

/**
 * HAProxy in front, the built-in proxy behind it. A new table is told to the running HAProxy by commands and never waits
 * for a reload: what HAProxy cannot serve by its present configuration goes to the built-in proxy, which always has the
 * table in force, and so do upgrades and whatever is nobody's. A reload only brings more of it to the front.
 */
export class HaproxyDataPlane implements DataPlane {
  readonly traffic: TrafficRegistry;
  readonly #options: HaproxyDataPlaneOptions;
  readonly #directory: WorkDirectory;
  readonly #builtIn: Proxy;
  readonly #process: HaproxyProcess;
  readonly #log: TrafficLog;
  readonly #loads: SlotLoads;
  readonly #queue = new SerialQueue();
  #table: RoutingTable = emptyRoutingTable;
  #certificates: Certificates | undefined;
  #listen: ListenAddress | undefined;
  #tlsListen: ListenAddress | undefined;
  #worker: Worker | undefined;
  #workerNumber = 0;
  #slots: ReadonlyMap<string, string> = new Map();
  #reloads = 0;
  #restarts = 0;
  #lastReload = Number.NEGATIVE_INFINITY;
  /** In a row. */
  #failedReloads = 0;
  #cancelReload: (() => void) | undefined;
  #cancelLook: () => void = () => undefined;
  #isClosing = false;
  #cutAt = Number.POSITIVE_INFINITY;
  #closed: Promise<void> | undefined;

  constructor(options: HaproxyDataPlaneOptions) {
    this.#options = options;
    this.traffic = options.traffic ?? new TrafficRegistry();
    this.#directory = new WorkDirectory(options.directory);
    this.#builtIn = new Proxy({ ...options, traffic: this.traffic });
    this.#loads = new SlotLoads(this.traffic);
    this.#log = new TrafficLog((slot) => this.#loads.countersOf(slot));
    this.#process = new HaproxyProcess({
      ...options,
      directory: this.#directory,
      onUnexpectedExit: () => this.#onUnexpectedExit(),
    });
  }

  async install(table: RoutingTable): Promise<void> {
    await this.#builtIn.install(table);
    this.#table = table;
    if (this.#listen !== undefined) await this.#queue.run(() => this.#bringInForce());
  }

  async listen(address: ListenAddress): Promise<number> {
    try {
      return await this.#queue.run(() => this.#open(address));
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  async #open(address: ListenAddress): Promise<number> {
    this.#throwIfClosing();
    await this.#process.endLeftover();
    await this.#directory.prepare(await findWorkerUser());
    const { builtIn, trafficLog } = this.#directory.sockets;
    await Promise.all([this.#builtIn.listenBehind(builtIn), this.#log.listen(trafficLog)]);
    await this.#directory.grantSockets();
    await using reserved = await reservePort(address);
    const { port } = reserved;
    this.#listen = { ...address, port };
    await this.#startAnew();
    this.#look();
    return port;
  }

  async listenTls(address: ListenAddress, certificates: Certificates): Promise<number> {
    await using reserved = await reservePort(address);
    const { port } = reserved;
    this.#certificates = certificates;
    this.#tlsListen = { ...address, port };
    await this.#queue.run(() => this.#startAnew());
    return port;
  }

  backends(): readonly BackendLoad[] {
    return this.#loads.addTo(this.#builtIn.backends());
  }

  counters(): readonly DataPlaneCounter[] {
    return [
      {
        name: 'slipway_gateway_haproxy_reloads_total',
        help: 'Reloads of HAProxy for what commands cannot change',
        value: this.#reloads,
      },
      {
        name: 'slipway_gateway_haproxy_restarts_total',
        help: 'Starts of HAProxy after it had ended by itself',
        value: this.#restarts,
      },
      ...this.#builtIn.counters(),
    ];
  }

  async close(graceSeconds = 10): Promise<void> {
    // Who closes again may have less patience.
    this.#cutAt = Math.min(this.#cutAt, this.#options.clock.monotonic() + graceSeconds * 1_000);
    this.#closed ??= this.#close(graceSeconds);
    await Promise.all([this.#closed, this.#builtIn.close(graceSeconds)]);
  }

  async #close(graceSeconds: number): Promise<void> {
    this.#isClosing = true;
    this.#cancelReload?.();
    this.#cancelLook();
    this.#process.stopListening();
    await Promise.all([this.#builtIn.close(graceSeconds), this.#drained()]);
    await this.#process.end();
    // Whatever was being started has seen by now that it is not wanted.
    await this.#queue.run(() => Promise.resolve());
    this.#log.close();
    await this.#directory.remove();
  }

  #throwIfClosing(): void {
    if (this.#isClosing) throw new Error('HAProxy was closed before it served; one that is closed never serves again');
  }

  /** Until the worker serves the table that is wanted by then. */
  async #bringInForce(): Promise<void> {
    for (let failures = 0; !this.#isClosing; failures++) {
      try {
        if (this.#worker === undefined) await this.#startWorker();
        await this.#converge();
        return;
      } catch (error) {
        if (this.#isClosing) return;
        this.#options.logger.warn('HAProxy is out of step, starting a new worker', { error });
        await this.#giveUpWorker();
        await delay(this.#options.clock, Math.min(maxBackoffMilliseconds, failures * 2 ** failures * 50));
      }
    }
  }

  /** What it holds is unknown, and kept connections may bring it one more request each: none may be led by that. */
  async #giveUpWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    try {
      await worker?.api.run([planRetreat()]);
    } catch (error) {
      // One that has ended has no connections either.
      this.#options.logger.debug('HAProxy could not be told to lead nothing any more', { error });
    }
  }

  async #converge(): Promise<void> {
    const worker = this.#worker;
    const table = this.#table;
    if (worker === undefined || worker.table === table) return;
    const layout = this.#plan(worker.structure, worker.state);
    this.#slots = layout.slots;
    this.#loads.install(layout.backends, new Set([...worker.state.servers.keys(), ...layout.wanted.servers.keys()]));
    await tell(worker, planCommands(worker.state, layout.wanted));
    // The others are looked at in any case: whoever waits for this table need not wait for that.
    await this.#countSessions(worker, this.#loads.uncounted);
    worker.table = table;
    const wanted = this.#structureFor(layout, worker.structure);
    await this.#changeCertificates(worker, wanted.certificates);
    if (!isEqualStructure(worker.structure, wanted)) this.#planReload();
  }

  /** What it does not take, the next worker reads from its files. */
  async #changeCertificates(worker: Worker, wanted: Structure['certificates']): Promise<void> {
    const fileOf = (host: string): string | undefined => this.#directory.certificateFile(host);
    const files = { list: this.#directory.places(this.#workerNumber).certificateList, fileOf };
    try {
      await worker.api.changeCertificates(planCertificates(worker.structure.certificates, wanted, files));
      worker.structure = { ...worker.structure, certificates: wanted };
    } catch (error) {
      if (!(error instanceof RuntimeApiError)) throw error;
      this.#options.logger.warn('HAProxy does not take a certificate while it runs, and is reloaded', { error });
    }
  }

  #plan(structure: Pick<Structure, 'counts' | 'headerSets'>, state: RuntimeState): Layout {
    return planLayout({
      table: this.#table,
      slots: this.#slots,
      occupied: new Set([...state.servers.keys(), ...this.#loads.busy]),
      counts: structure.counts,
      headerSets: new Set(structure.headerSets.keys()),
    });
  }

  #structureFor(layout: Layout, present: Pick<Structure, 'counts'>): Structure {
    return {
      listen: this.#listen,
      tlsListen: this.#tlsListen,
      counts: growCounts(present.counts, layout.needed),
      headerSets: layout.headerSets,
      certificates: this.#certificates?.all() ?? new Map(),
    };
  }

  /** Rejects if HAProxy does not start; whoever calls decides whether that is the end. */
  async #startAnew(): Promise<void> {
    this.#throwIfClosing();
    await this.#startWorker();
    await this.#converge();
  }

  /** A new worker knows nothing: until it is told, the built-in proxy serves. */
  async #startWorker(): Promise<void> {
    const old = this.#worker;
    const isReload = this.#process.isRunning;
    const present = old?.structure ?? { counts: firstCounts, headerSets: new Map() };
    const structure = this.#structureFor(this.#plan(present, old?.state ?? emptyRuntimeState), present);
    const number = ++this.#workerNumber;
    if (isReload) {
      this.#lastReload = this.#options.clock.monotonic();
      this.#reloads += 1;
    }
    // Kept connections may bring the old worker one more request each: by the built-in proxy they obey later tables too.
    if (old !== undefined) await tell(old, [planRetreat()]);
    await this.#directory.write(structure, number);
    await this.#process.start(number);
    await this.#directory.removeWorkerSocket(number - 1);
    const places = this.#directory.places(number);
    this.#worker = {
      api: new RuntimeApi(places.commands, places.map),
      structure,
      state: emptyRuntimeState,
      table: undefined,
    };
  }

  #planReload(): void {
    if (this.#cancelReload !== undefined || this.#isClosing) return;
    const { clock } = this.#options;
    const doublings = Math.min(this.#failedReloads, maxPauseDoublings);
    const least = (this.#options.minReloadMilliseconds ?? minReloadMilliseconds) * 2 ** doublings;
    const wait = Math.max(0, this.#lastReload + least - clock.monotonic());
    this.#cancelReload = clock.schedule(wait, () => {
      this.#cancelReload = undefined;
      void this.#queue.run(() => this.#reload());
    });
  }

  /** A configuration that HAProxy refuses changes nothing: the old worker goes on. */
  async #reload(): Promise<void> {
    if (this.#isClosing) return;
    const old = this.#worker;
    try {
      await this.#startWorker();
      this.#failedReloads = 0;
    } catch (error) {
      this.#failedReloads += 1;
      this.#options.logger.error('could not reload HAProxy, the built-in proxy serves what it cannot', { error });
      if (old !== undefined) old.table = undefined;
    }
    await this.#bringInForce();
  }

  #onUnexpectedExit(): void {
    this.#worker = undefined;
    this.#loads.clear();
    if (this.#isClosing || this.#workerNumber === 0) return;
    this.#restarts += 1;
    void this.#queue.run(() => this.#bringInForce());
  }

  /** Looks at what drains until nothing does, and now and then at the rest. */
  #look(): void {
    if (this.#isClosing) return;
    const worker = this.#worker;
    const isBusy = this.#loads.draining.length > 0 || (worker !== undefined && listLeaving(worker.state).length > 0);
    this.#cancelLook = this.#options.clock.schedule(isBusy ? drainLookMilliseconds : lookMilliseconds, () => {
      void this.#lookOnce().then(() => this.#look());
    });
  }

  /** Piece by piece: a table that is to come in force waits for one of them at most. */
  async #lookOnce(): Promise<void> {
    await this.#askRunning((worker) => this.#countSessions(worker, this.#loads.draining));
    const leaving = this.#worker === undefined ? [] : listLeaving(this.#worker.state);
    for (const { slot, name } of leaving) await this.#askRunning((worker) => removeIdleServer(worker, { slot, name }));
  }

  #askRunning(work: (worker: Worker) => Promise<void>): Promise<void> {
    return this.#queue.run(() => this.#tryAsking(work));
  }

  async #tryAsking(work: (worker: Worker) => Promise<void>): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined || this.#isClosing) return;
    try {
      await work(worker);
    } catch (error) {
      // If HAProxy is gone it is started anew; otherwise the next look asks again.
      this.#options.logger.debug('could not look at HAProxy', { error });
    }
  }

  /** Of this worker and of those before it that still end what they have. */
  async #countSessions({ api }: Worker, slots: readonly string[]): Promise<void> {
    if (slots.length === 0) return;
    const old = this.#reloads === 0 ? [] : parseOldWorkers(await this.#process.askMaster('show proc'));
    const answers = await Promise.all([
      ...formatSessionQuestions(slots).map((question) => api.ask(question)),
      ...old.flatMap((pid) => formatSessionQuestions(slots, pid)).map((question) => this.#process.askMaster(question)),
    ]);
    this.#loads.update(slots, addCounts(answers.map(parseSessionCounts)));
  }

  async #drained(): Promise<void> {
    const { clock, logger } = this.#options;
    const worker = this.#worker;
    if (worker === undefined) return;
    while (this.#process.isRunning && clock.monotonic() < this.#cutAt) {
      try {
        await this.#countSessions(worker, this.#loads.all);
      } catch (error) {
        // It ends as soon as nothing is open: the loop sees that it no longer runs.
        logger.debug('HAProxy does not say what is open', { error });
        await delay(clock, closeLookMilliseconds);
        continue;
      }
      if (this.#loads.busy.size === 0) return;
      await delay(clock, closeLookMilliseconds);
    }
  }
}

function isEqualStructure(a: Structure, b: Structure): boolean {
  return (
    a.counts.plain === b.counts.plain &&
    a.counts.compressing === b.counts.compressing &&
    [...b.headerSets.keys()].every((id) => a.headerSets.has(id)) &&
    a.certificates.size === b.certificates.size &&
    [...a.certificates].every(([host, pem]) => b.certificates.get(host) === pem)
  );
}
