/** Controllers of kinds that most clusters never see: read and started with the first object, so that no start pays for them. */
import type { RunningController } from '@slipway/kube/controller-runtime';
import type { Informer } from '@slipway/kube/informer';
import type { KubeObject } from '@slipway/kube/object';
import type { LateContext } from './controller-context.ts';
import type { SharedInformers } from './shared-informers.ts';

type Start = (context: LateContext) => Pick<RunningController, 'done'>;

export interface LateController {
  readonly name: string;
  /** Its first object brings the controller. */
  readonly awaited: (informers: SharedInformers) => Pick<Informer<KubeObject>, 'onChange'>;
  readonly load: () => Promise<Start>;
}

export const lateControllers: readonly LateController[] = [
  {
    name: 'statefulset',
    awaited: ({ statefulSets }) => statefulSets,
    load: async () => (await import('./stateful-set/stateful-set-controller.ts')).startStatefulSetController,
  },
  {
    name: 'daemonset',
    awaited: ({ daemonSets }) => daemonSets,
    load: async () => (await import('./daemon-set/daemon-set-controller.ts')).startDaemonSetController,
  },
  {
    name: 'replicationcontroller',
    awaited: ({ replicationControllers }) => replicationControllers,
    load: async () => (await import('./replication-controller/replication-controller.ts')).startReplicationController,
  },
  {
    name: 'horizontal-pod-autoscaler',
    awaited: ({ horizontalPodAutoscalers }) => horizontalPodAutoscalers,
    load: async () => (await import('./pod-autoscaler/pod-autoscaler-controller.ts')).startPodAutoscalerController,
  },
  {
    name: 'cronjob',
    awaited: ({ cronJobs }) => cronJobs,
    load: async () => (await import('./cron-job/cron-job-controller.ts')).startCronJobController,
  },
  {
    name: 'resource-quota',
    awaited: ({ resourceQuotas }) => resourceQuotas,
    load: async () => (await import('./resource-quota/resource-quota-controller.ts')).startResourceQuotaController,
  },
  {
    name: 'serviceaccount-token',
    awaited: ({ accountSecrets }) => accountSecrets,
    load: async () => (await import('./service-account-token/account-token-controller.ts')).startAccountTokenController,
  },
];

/** `done` resolves after the signal, when what was under way has ended. */
export function startLate(late: LateController, context: LateContext): Pick<RunningController, 'done'> {
  return { done: runLate(late, context) };
}

async function runLate({ name, awaited, load }: LateController, context: LateContext): Promise<void> {
  const { signal, logger } = context;
  await firstObject(awaited(context.informers), signal);
  if (signal.aborted) return;
  try {
    const start = await load();
    await start(context).done;
  } catch (error) {
    // Only a damaged installation has no such module; the rest of the cluster goes on.
    logger.error('a controller could not be started', { controller: name, error });
  }
}

/** Resolves with the signal too. */
async function firstObject(informer: Pick<Informer<KubeObject>, 'onChange'>, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  const stop = informer.onChange(({ current }) => {
    if (current !== undefined) resolve();
  });
  await promise;
  stop();
}
