import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Logger } from '@slipway/kube/logger';
import type { ResourceType } from '@slipway/kube/object';
import type { ControllerContext, LateContext } from './controller-context.ts';
import { startDeploymentController } from './deployment/deployment-controller.ts';
import { startDisruptionController } from './disruption/disruption-controller.ts';
import { startEndpointSliceController } from './endpoint-slice/endpoint-slice-controller.ts';
import { startGarbageCollector } from './garbage-collector/garbage-collector.ts';
import { startJobController } from './job/job-controller.ts';
import { startOrphanedJobPodController } from './job/orphaned-job-pods.ts';
import { startTtlAfterFinishedController } from './job/ttl-after-finished.ts';
import { lateControllers, startLate, type LateController } from './late-controllers.ts';
import { startNamespaceController } from './namespace/namespace-controller.ts';
import { startNamespaceDefaultsController } from './namespace/namespace-defaults.ts';
import { startNodeLifecycleController } from './node-lifecycle/node-lifecycle-controller.ts';
import { startTaintEvictionController } from './node-lifecycle/taint-eviction.ts';
import { startPodCleanupController } from './pod-cleanup/pod-cleanup-controller.ts';
import { startReplicaSetController } from './replica-set/replica-set-controller.ts';
import { startServiceAddressController } from './service-address/service-address-controller.ts';
import { createSharedInformers, startSharedInformers, type SharedInformers } from './shared-informers.ts';

export interface ControllersOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** Every kind that is served, and those of them that live in namespaces; custom resources come and go. */
  readonly allTypes: () => readonly ResourceType[];
  readonly namespacedTypes: () => readonly ResourceType[];
  /** In PEM form; every namespace gets it as the ConfigMap `kube-root-ca.crt`. */
  readonly certificateAuthority: string;
  /** Signs what Secrets of service accounts hold. */
  readonly issueForSecret: LateContext['issueForSecret'];
  /** Those that start with the first object of their kind. */
  readonly late?: readonly LateController[];
}

export interface RunningControllers {
  readonly informers: SharedInformers;
  /** Resolves after the signal when what was under way has ended. */
  readonly done: Promise<void>;
}

/** Starts every controller of the embedded cluster on one set of informers. */
export function startControllers(options: ControllersOptions): RunningControllers {
  const informers = createSharedInformers(options);
  const context: ControllerContext = { ...options, informers };
  // All listeners before the first list: what comes later is replayed to each of them.
  const running = [
    startDeploymentController(context),
    startReplicaSetController(context),
    startJobController(context),
    startOrphanedJobPodController(context),
    startTtlAfterFinishedController(context),
    startDisruptionController(context),
    startEndpointSliceController(context),
    startServiceAddressController(context),
    startNamespaceController(context, options.namespacedTypes),
    startNamespaceDefaultsController(context, options.certificateAuthority),
    startNodeLifecycleController(context),
    startTaintEvictionController(context),
    startPodCleanupController(context),
    startGarbageCollector(context, options.allTypes),
    ...(options.late ?? lateControllers).map((late) => startLate(late, { ...options, informers })),
  ];
  startSharedInformers(informers, options.signal);
  return { informers, done: Promise.all(running.map(({ done }) => done)).then(() => undefined) };
}
