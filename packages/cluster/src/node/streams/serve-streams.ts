import type { Pod } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import { isFlagSet } from '@slipway/kube/query-flag';
import { StatusError } from '@slipway/kube/status-error';
import { sandboxOf, settledState, specOf, type PodRecord } from '../agent/pod-record.ts';
import type { Runtime } from '../runtime.ts';
import { acceptCommand, type WantedStreams } from './command-streams.ts';
import type { PodAddress } from './dial-pod.ts';
import { servePortForward } from './port-forward.ts';
import type { Upgrade } from './protocol-upgrade.ts';
import { serveAttach, serveExec } from './run-command.ts';

export interface StreamRequest {
  readonly area: string | undefined;
  readonly record: PodRecord;
  /** Of exec and attach. */
  readonly container: string;
  readonly query: URLSearchParams;
  readonly runtime: Runtime;
  readonly clock: Clock;
}

/** Rejects for what is refused before the connection has become one of streams; resolves when it has ended. */
export async function serveStreams(upgrade: Upgrade, asked: StreamRequest): Promise<void> {
  switch (asked.area) {
    case 'exec':
      return exec(upgrade, asked);
    case 'attach':
      return attach(upgrade, asked);
    case 'portForward':
      return servePortForward(upgrade, { ...addressOf(asked), ports: asked.query.getAll('ports') });
    default:
      throw new StatusError('NotFound', `the node has no streams at "${asked.area ?? ''}"`);
  }
}

async function exec(upgrade: Upgrade, asked: StreamRequest): Promise<void> {
  const { query, clock, runtime } = asked;
  const containerId = runningContainer(asked);
  if (runtime.openExec === undefined) throw nothingRuns('executed in');
  const open = runtime.openExec.bind(runtime);
  const command = query.getAll('command');
  if (command.length === 0)
    throw new StatusError('BadRequest', 'you must specify at least 1 command for the container');
  const wanted = wantedBy(query);
  const streams = await acceptCommand(upgrade, wanted, clock);
  const { stdin, tty } = wanted;
  await serveExec(streams, { start: () => open(containerId, { command, stdin, tty }), tty });
}

async function attach(upgrade: Upgrade, asked: StreamRequest): Promise<void> {
  const { record, container, query, clock, runtime } = asked;
  const containerId = runningContainer(asked);
  if (runtime.attach === undefined) throw nothingRuns('attached to');
  const spec = specOf(record.pod, container);
  const tty = spec?.tty === true;
  const attachment = runtime.attach(containerId);
  const streams = await acceptCommand(upgrade, wantedBy(query), clock);
  await serveAttach(streams, { attachment, tty, stdinOnce: spec?.stdinOnce === true });
}

function wantedBy(query: URLSearchParams): WantedStreams {
  const [stdin = false, stdout = false, stderr = false, tty = false] = ['stdin', 'stdout', 'stderr', 'tty'].map(
    (name) => isFlagSet(query, name),
  );
  if (!stdin && !stdout && !stderr)
    throw new StatusError('BadRequest', 'you must specify at least one of stdin, stdout, stderr');
  return { stdin, stdout, stderr: stderr && !tty, tty };
}

function runningContainer({ record, container }: StreamRequest): string {
  const found = record.containers.find(({ name }) => name === container);
  const state = found === undefined ? undefined : settledState(found);
  if (state?.kind === 'running') return state.containerId;
  throw new StatusError(
    'BadRequest',
    `container not found ("${container}"): it does not run in pod ${nameOf(record.pod)}`,
  );
}

function addressOf({ record, runtime }: StreamRequest): PodAddress {
  const podUid = record.pod.metadata.uid ?? '';
  const dial = runtime.dialLoopback?.bind(runtime);
  const host = hostOf(record);
  return dial === undefined ? { host } : { host, dialLoopback: (port, signal) => dial(podUid, port, signal) };
}

function hostOf(record: PodRecord): string {
  const host = sandboxOf(record)?.podIP ?? '';
  if (host !== '') return host;
  throw new StatusError('ServiceUnavailable', `pod ${nameOf(record.pod)} has no address yet; wait until it runs`);
}

function nameOf({ metadata }: Pod): string {
  return metadata.name ?? '';
}

function nothingRuns(verb: string): StatusError {
  return new StatusError('BadRequest', `nothing can be ${verb} a container of this node: its runtime runs none`);
}
