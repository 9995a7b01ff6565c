import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { installKinds } from '@slipway/delivery/install-kinds';
import { startDelivery } from '@slipway/delivery/start-delivery';
import type { AdminServer } from '@slipway/delivery/metrics/admin-server';
import { DeliveryMetrics } from '@slipway/delivery/metrics/delivery-metrics';
import { electionDurations } from '@slipway/kube/lease-claim';
import { limitTransport } from '@slipway/kube/limited-transport';
import { messageOf } from '@slipway/kube/message-of';
import { meterTransport, RequestCounts } from '@slipway/kube/metered-transport';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { outliveOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { isStatusReason } from '@slipway/kube/status-error';
import { ApiContact } from '../connection/api-contact.ts';
import { awaitServer } from '../connection/await-server.ts';
import { connect, type Connection } from '../connection/connection.ts';
import { keepYoungHeap } from '../embedded/young-heap.ts';
import { CommandFailure } from '../failure.ts';
import type { GlobalOptions } from '../global-options.ts';
import { note, print, printLine } from '../output/output.ts';
import { runUntilStopped } from '../stop-signal.ts';

export interface ControllerOptions extends GlobalOptions {
  readonly leaseSeconds: number;
  readonly healthDirect: boolean;
  readonly installKinds: boolean;
  /** Requests a second. */
  readonly apiRate: number;
  readonly adminHost: string;
  readonly adminPort?: number;
}

/** The delivery controller as a process of its own, against any cluster. Ends on SIGTERM and SIGINT, and gives its lease back. */
export async function controller(options: ControllerOptions): Promise<void> {
  const requests = new RequestCounts();
  const contact = new ApiContact(systemClock, Math.max(minimumPatienceSeconds, options.leaseSeconds));
  const limit = { clock: systemClock, perSecond: options.apiRate, burst: 2 * options.apiRate };
  const connection = await connect(options, (transport) =>
    limitTransport(meterTransport(contact.watch(transport), requests), limit),
  );
  await runUntilStopped(async (signal) => {
    const metrics = new DeliveryMetrics(requests);
    // Before anything is waited for: whoever watches this process wants to know what it waits for.
    const admin = await openAdmin(options, metrics, contact);
    try {
      await awaitServer({ connection, clock: systemClock, signal, say: note });
      await control({ connection, options, metrics, admin, signal });
    } finally {
      await admin?.close();
    }
  });
}

/** A leader asks for its lease more often. */
const minimumPatienceSeconds = 30;

async function openAdmin(
  { adminHost: host, adminPort: port }: ControllerOptions,
  metrics: DeliveryMetrics,
  contact: ApiContact,
): Promise<AdminServer | undefined> {
  if (port === undefined) return undefined;
  const { startAdminServer } = await import('@slipway/delivery/metrics/admin-server');
  try {
    return await startAdminServer({ host, port, clock: systemClock, metrics, trouble: () => contact.trouble() });
  } catch (error) {
    const cause = messageOf(error);
    throw new CommandFailure(
      `Nobody can be answered at ${host}:${port} (${cause}).\nChoose others with --admin-host and --admin-port.`,
      { cause: error },
    );
  }
}

interface Control {
  readonly connection: Connection;
  readonly options: ControllerOptions;
  readonly metrics: DeliveryMetrics;
  readonly admin: AdminServer | undefined;
  readonly signal: AbortSignal;
}

async function control({ connection, options, metrics, admin, signal }: Control): Promise<void> {
  const { client, server } = connection;
  outliveOutput();
  const logger = createJsonLogger({ output: process.stderr, clock: systemClock, level: 'info' });
  if (options.installKinds)
    await installKinds(client, signal).catch((error: unknown) => {
      if (!isStatusReason(error, 'Forbidden')) throw error;
      logger.warn('no right to install the kinds of Slipway; they have to be there', { error });
    });
  // Host and process do not suffice: in a pod both stay the same when the container is started again, and others may share them.
  const identity = `${hostname()}_${randomUUID()}`;
  const running = startDelivery({
    client,
    clock: systemClock,
    random: Math.random,
    logger,
    identity,
    durations: electionDurations(options.leaseSeconds),
    healthReach: options.healthDirect ? 'direct' : 'proxy',
    namespace: options.namespace,
    metrics,
    signal,
  });
  if (options.output === undefined) print(`Delivery controller ${identity} runs against ${server}.`);
  else await printLine({ identity, server, adminPort: admin?.port }, options.output);
  // It would grow with many releases at once and stay so, however idle the controller is afterwards.
  await keepYoungHeap();
  await running.done;
}
