import type { Pod } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { PodLogs } from '../logs/pod-logs.ts';
import type { Prober } from '../probes/prober.ts';
import type { Runtime } from '../runtime.ts';
import type { PodVolumes } from '../volumes/pod-volumes.ts';
import type { Calm } from './calm.ts';
import type { ContainerStarter } from './container-starter.ts';
import type { LifecycleHooks } from './lifecycle-hook.ts';
import type { Limiter } from './limiter.ts';
import type { PodEvents } from './pod-events.ts';
import type { ClusterDns } from './resolver-config.ts';
import type { StatusWriter } from './status-writer.ts';
import type { TerminationMessages } from './termination-message.ts';

/** What a pod's worker needs of its node. */
export interface PodHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly runtime: Runtime;
  readonly nodeIP: string;
  readonly dns: ClusterDns;
  readonly events: PodEvents;
  readonly statuses: StatusWriter;
  readonly volumes: PodVolumes;
  readonly logs: PodLogs;
  readonly messages: TerminationMessages;
  readonly prober: Prober;
  readonly hooks: LifecycleHooks;
  readonly starter: ContainerStarter;
  /** Bounds how many sandboxes and containers are made at once. */
  readonly starts: Limiter;
  /** Whether pods are being started. */
  readonly calm: Calm;
  readonly signal: AbortSignal;
  /** Resolves when nobody sends new requests to the pod any more. */
  endpointsGone(pod: Pod): Promise<void>;
  /** Deletes the object for good, with its uid as precondition. */
  deleteObject(pod: Pod): Promise<void>;
  /** Nothing of the pod is left. */
  onFinalised(podUid: string): void;
}
