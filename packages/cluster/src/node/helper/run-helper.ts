import { closeSync, writeSync } from 'node:fs';
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
  type HelperReport,
  type HelperStatus,
} from './helper-options.ts';
import { createJsonLogger } from './json-logger.ts';
import { awaitServer, watchServer } from './server-watch.ts';

/** Pods that do not end within their grace are killed at once; this is for what comes after. */
const cleanUpMilliseconds = 5_000;
const defaultGraceSeconds = 2;

/** The composition root of the helper process. Ends the process when all is done. */
export async function runHelper(): Promise<void> {
  const logger = createJsonLogger(process.stderr, systemClock);
  try {
    const options = parseHelperOptions(process.argv[2] ?? '');
    await serveNode(options, logger);
    process.exit(0);
  } catch (error) {
    logger.error('The node helper could not go on', { error });
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

/** Resolves when everything that this helper started has ended. */
async function serveNode(options: HelperOptions, logger: Logger): Promise<void> {
  const stopping = Promise.withResolvers<number>();
  const ending = new AbortController();
  listenForSignals(stopping.resolve);
  const { runtime, nodeAddress, control, status, node } = await start({ options, logger, stopping, ending });
  report({ kind: 'ready', status: status() });
  const absent = watchServer({ apiSocket: options.apiSocket, clock: systemClock, signal: ending.signal });
  const grace = await Promise.race([
    stopping.promise,
    absent.then(() => defaultGraceSeconds),
    node.done.then(() => defaultGraceSeconds),
  ]);
  systemClock.schedule(grace * 1_000 + cleanUpMilliseconds, () => {
    logger.error('Stopping takes too long: what is left is killed', { nodeAddress });
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
}

/** The kernel makes the network while modules are being read, and the server starts beside all of it. */
async function start({ options, logger, stopping, ending }: Start) {
  const searchPath = process.env['PATH'] ?? '';
  const network = options.level === 'root' ? createNetwork(options, searchPath) : undefined;
  const networkStarted = network?.start() ?? claimBlock(options.ranges.block);
  const [{ startNode }, { createNodeRuntime }, { serveControl }] = await Promise.all([
    import('./start-node.ts'),
    import('./create-runtime.ts'),
    import('./control.ts'),
    networkStarted,
    awaitServer({ apiSocket: options.apiSocket, clock: systemClock, signal: ending.signal }),
  ]);
  const { runtime, nodeAddress } = createNodeRuntime({ options, network, searchPath, clock: systemClock, logger });
  const status = (): HelperStatus => ({
    protocol: helperProtocol,
    pid: Number(process.env[pidVariable] ?? process.pid),
    level: options.level,
    limitations: [...options.limitations, ...runtime.limitations],
    ranges: options.ranges,
  });
  const socketPath = controlSocketOf(options.dataDirectory);
  const [node, control] = await Promise.all([
    startNode({ options, runtime, nodeAddress, logger, clock: systemClock, signal: ending.signal }),
    serveControl({ socketPath, status, stop: stopping.resolve }),
  ]);
  return { runtime, nodeAddress, control, status, node };
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

/** Said once: the server reads no more than that, and may be gone by then. */
function report(what: HelperReport): void {
  try {
    writeSync(reportFd, `${JSON.stringify(what)}\n`);
    closeSync(reportFd);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EBADF'))) throw error;
  }
}
