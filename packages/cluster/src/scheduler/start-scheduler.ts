import type { Node, Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { delay, type Clock } from '@slipway/kube/clock';
import { EventRecorder } from '@slipway/kube/event-recorder';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { nodes, pods } from '@slipway/kube/resources';
import { Scheduler } from './scheduler.ts';

/** After this time most pods run; that they have a node is not told beside their starts. */
const tellingMilliseconds = 250;

export interface SchedulerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Started informers of all pods and nodes, if others watch them already. */
  readonly informers?: { readonly pods: Informer<Pod>; readonly nodes: Informer<Node> } | undefined;
}

export interface RunningScheduler {
  /** Resolves after the signal when what was under way has ended and is told. */
  readonly done: Promise<void>;
}

/** Finds a node for every pod that names this scheduler and has none. */
export function startScheduler(options: SchedulerOptions): RunningScheduler {
  const informers = options.informers ?? startInformers(options);
  const { clock, signal } = options;
  // The end waits for no calm.
  const whenCalm = (since: number): Promise<void> =>
    delay(clock, Math.max(0, since + tellingMilliseconds - clock.monotonic()), signal).catch(() => undefined);
  const events = new EventRecorder({ ...options, component: 'default-scheduler', whenCalm });
  const scheduler = new Scheduler({ ...options, informers, events });
  return { done: scheduler.run(signal).then(() => events.end()) };
}

function startInformers(options: SchedulerOptions): NonNullable<SchedulerOptions['informers']> {
  const informers = {
    pods: new Informer<Pod>({ ...options, type: pods, transform: withoutStatusDetails }),
    nodes: new Informer<Node>({ ...options, type: nodes }),
  };
  informers.pods.start(options.signal);
  informers.nodes.start(options.signal);
  return informers;
}

/** What the scheduler does not read need not be kept. */
function withoutStatusDetails(pod: Pod): Pod {
  const { managedFields: _, ...metadata } = pod.metadata;
  const { phase, conditions } = pod.status ?? {};
  return { ...pod, metadata, status: { phase, conditions } };
}
