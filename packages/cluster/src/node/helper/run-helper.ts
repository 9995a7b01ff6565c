import { messageOf } from '@slipway/kube/message-of';
import { createJsonLogger } from '@slipway/kube/platform/json-logger';
import { LogFile, outliveOutput } from '@slipway/kube/platform/log-output';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { Logger } from '@slipway/kube/logger';
import { claimBlock } from '../../network/block-claim.ts';
import { createNetwork } from './create-network.ts';
import {
  controlSocketOf,
  helperProtocol,
  parseHelperOptions,
  pidVariable,
  reportFd,
  type HelperOptions,
  type HelperStatus,
} from './helper-options.ts';
import { ReportChannel } from './report-channel.ts';
import { awaitServer, watchServer } from './server-watch.ts';

/** Pods that do not end within their grace are killed at once; this is for what comes after. */
const cleanUpMilliseconds = 5_000;
const defaultGraceSeconds = 2;

/** The composition root of the helper process. Ends the process when all is done. */
export async function runHelper(): Promise<void> {
  outliveOutput();
  const logger = createJsonLogger({ output: new LogFile(process.stderr.fd), clock: systemClock, level: 'info' });
  const report = new ReportChannel(reportFd, () => {
    logger.error('The server ended before this helper was ready');
    process.exit(1);
  });
  try {
    const options = parseHelperOptions(process.argv[2] ?? '');
    await serveNode({ options, logger, report });
    process.exit(0);
  } catch (error) {
    logger.error('The node helper could not go on', { error });
    report.send({ kind: 'failed', message: messageOf(error) });
    process.exit(1);
  }
}

interface Helper {
  readonly options: HelperOptions;
  readonly logger: Logger;
  readonly report: ReportChannel;
}

/** Resolves when everything that this helper started has ended. */
async function serveNode({ options, logger, report }: Helper): Promise<void> {
  const stopping = Promise.withResolvers<number>();
  const ending = new AbortController();
  const phase: Phase = { isStopping: false };
  listenForSignals(stopping.resolve);
  const { runtime, control, status, node } = await start({ options, logger, stopping, ending, phase });
  report.send({ kind: 'ready', status: status() });
  const absent = watchServer({ apiSocket: options.apiSocket, clock: systemClock, signal: ending.signal });
  const grace = await Promise.race([
    stopping.promise,
    absent.then(() => defaultGraceSeconds),
    node.done.then(() => defaultGraceSeconds),
  ]);
  phase.isStopping = true;
  systemClock.schedule(grace * 1_000 + cleanUpMilliseconds, () => {
    logger.error('Stopping takes too long: what is left is killed', { nodes: options.nodeNames });
    process.exit(1);
  });
  await node.shutDown(grace);
  ending.abort();
  await runtime.stop();
  await control.close();
}

interface Start {
  readonly options: HelperOptions;
  readonly logger: Logger;
  readonly stopping: PromiseWithResolvers<number>;
  readonly ending: AbortController;
  readonly phase: Phase;
}

interface Phase {
  isStopping: boolean;
}

/** The kernel makes the network while modules are being read, and the server starts beside all of it. */
async function start({ options, logger, stopping, ending, phase }: Start) {
  const searchPath = process.env['PATH'] ?? '';
  const network = options.level === 'root' ? createNetwork(options, searchPath) : undefined;
  const networkStarted = network?.start() ?? claimBlock(options.ranges.block);
  const [{ startNodes }, { createNodeRuntime }, { serveControl }] = await Promise.all([
    import('./start-nodes.ts'),
    import('./create-runtime.ts'),
    import('./control.ts'),
    networkStarted,
    awaitServer({ apiSocket: options.apiSocket, clock: systemClock, signal: ending.signal }),
  ]);
  const { runtime, nodeAddresses } = createNodeRuntime({ options, network, searchPath, clock: systemClock, logger });
  const status = (): HelperStatus => ({
    protocol: helperProtocol,
    pid: Number(process.env[pidVariable] ?? process.pid),
    dataDirectory: options.dataDirectory,
    storeIdentity: options.storeIdentity,
    nodeNames: options.nodeNames,
    level: options.level,
    limitations: runtime.limitations,
    ranges: options.ranges,
    isStopping: phase.isStopping,
  });
  const socketPath = controlSocketOf(options.dataDirectory);
  const [node, control] = await Promise.all([
    startNodes({ options, runtime, nodeAddresses, logger, clock: systemClock, signal: ending.signal }),
    serveControl({ socketPath, status, stop: stopping.resolve }),
  ]);
  return { runtime, control, status, node };
}

/** The first signal stops pods with grace; a second one ends this process, and the kernel then ends theirs. */
function listenForSignals(stop: (graceSeconds: number) => void): void {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count > 1) process.exit(1);
    stop(defaultGraceSeconds);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
