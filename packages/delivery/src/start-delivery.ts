import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Controller } from '@slipway/kube/controller';
import { runController, source } from '@slipway/kube/controller-runtime';
import { EventRecorder } from '@slipway/kube/event-recorder';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { KubeObject, ObjectKey, ResourceType } from '@slipway/kube/object';
import { endpointSlices, leases, pods, replicaSets, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, splits } from '@slipway/kube/split';
import { applications } from './api/application.ts';
import { releaseCommands } from './api/release-command.ts';
import { releases, type HealthAnswer } from './api/release.ts';
import { applyDecision } from './controller/apply.ts';
import { isLeaseLive } from './controller/lease.ts';
import { labels } from './names.ts';
import type { Observation } from './observation.ts';
import type { Action, Decision } from './plan.ts';
import { reconcileApplication } from './reconcile.ts';

export interface DeliveryOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly identity: string;
  readonly signal: AbortSignal;
}

export interface RunningDelivery {
  readonly done: Promise<void>;
}

/** Answers of pods that are gone are forgotten beyond this number. */
const maximumAnswers = 10_000;

/** Starts the delivery controller. Everything that it knows is in the cluster: it may be killed anywhere and go on elsewhere. */
export function startDelivery(options: DeliveryOptions): RunningDelivery {
  const informers = createInformers(options);
  for (const informer of Object.values(informers)) informer.start(options.signal);
  const answers = new Map<string, HealthAnswer>();
  const recorder = new EventRecorder({ ...options, component: 'slipway-controller' });
  const controller: Controller<Observation, Action, Decision> = {
    name: 'application',
    observe: (key) => observe(key, informers, { answers, now: options.clock.now() }),
    reconcile: (observation, now) => {
      const decision = reconcileApplication(observation, now);
      return { actions: decision.actions, status: decision, requeueAfter: decision.requeueAfter };
    },
    apply: async ({ status: decision }, observation) => {
      if (decision === undefined) return;
      const onAnswer = (uid: string, answer: HealthAnswer): void => {
        remember(answers, uid, answer);
        running.enqueue({
          namespace: observation.application.metadata.namespace,
          name: observation.application.metadata.name ?? '',
        });
      };
      await applyDecision(decision, observation, { ...options, recorder, onAnswer });
    },
  };
  const running = runController(controller, { ...options, sources: createSources(informers) });
  return { done: running.done };
}

function remember(answers: Map<string, HealthAnswer>, uid: string, answer: HealthAnswer): void {
  answers.delete(uid);
  answers.set(uid, answer);
  const oldest = answers.size > maximumAnswers ? answers.keys().next().value : undefined;
  if (oldest !== undefined) answers.delete(oldest);
}

const byApplication = 'application';

function createInformers(options: DeliveryOptions) {
  const labelled = <T extends KubeObject>(type: ResourceType<T>, labelSelector: string): Informer<T> =>
    new Informer<T>({
      ...options,
      type,
      labelSelector,
      indexes: { [byApplication]: (object) => [applicationKey(object, labels.application)] },
    });
  return {
    applications: new Informer({ ...options, type: applications }),
    releases: labelled(releases, labels.application),
    commands: new Informer({
      ...options,
      type: releaseCommands,
      indexes: { [byApplication]: ({ metadata, spec }) => [`${metadata.namespace ?? ''}/${spec.application}`] },
    }),
    replicaSets: labelled(replicaSets, labels.application),
    pods: labelled(pods, labels.application),
    services: labelled(services, labels.application),
    slices: labelled(endpointSlices, labels.application),
    splits: new Informer({ ...options, type: splits }),
    leases: new Informer({
      ...options,
      type: leases,
      namespace: gatewayLeaseNamespace,
      labelSelector: gatewayLeaseLabel,
    }),
  };
}

type Informers = ReturnType<typeof createInformers>;

function applicationKey({ metadata }: KubeObject, label: string): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[label] ?? ''}`;
}

function createSources(informers: Informers) {
  const labelled = (change: InformerChange<KubeObject>): readonly ObjectKey[] => {
    const object = change.current ?? change.old;
    const name = object?.metadata.labels?.[labels.application];
    return name === undefined ? [] : [{ namespace: object?.metadata.namespace, name }];
  };
  const same = ({ current, old }: InformerChange<KubeObject>): readonly ObjectKey[] => {
    const metadata = (current ?? old)?.metadata;
    return metadata?.name === undefined ? [] : [{ namespace: metadata.namespace, name: metadata.name }];
  };
  const { applications: all, commands, splits: allSplits, leases: live, ...others } = informers;
  return [
    source(all, same),
    source(allSplits, same),
    source(commands, ({ current }) =>
      current === undefined ? [] : [{ namespace: current.metadata.namespace, name: current.spec.application }],
    ),
    // Leases are renewed every few seconds: who waits for a gateway looks again by itself.
    source(live, () => []),
    source(others.releases, labelled),
    source(others.replicaSets, labelled),
    source(others.pods, labelled),
    source(others.services, labelled),
    source(others.slices, labelled),
  ];
}

function observe(
  key: ObjectKey,
  informers: Informers,
  shell: { readonly answers: ReadonlyMap<string, HealthAnswer>; readonly now: number },
): Observation | undefined {
  const application = informers.applications.get(key);
  if (application === undefined) return undefined;
  const index = `${key.namespace ?? ''}/${key.name}`;
  const started = ({
    status,
    metadata,
  }: {
    readonly status?: { readonly attempts?: ReadonlyArray<{ readonly startedAt: string }> | undefined } | undefined;
    readonly metadata: KubeObject['metadata'];
  }): string => status?.attempts?.at(-1)?.startedAt ?? metadata.creationTimestamp ?? '';
  return {
    application,
    releases: informers.releases
      .byIndex(byApplication, index)
      .toSorted(
        (a, b) =>
          started(a).slice(0, 19).localeCompare(started(b).slice(0, 19)) ||
          Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion),
      ),
    commands: informers.commands
      .byIndex(byApplication, index)
      .toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion)),
    replicaSets: informers.replicaSets.byIndex(byApplication, index),
    pods: informers.pods.byIndex(byApplication, index),
    services: informers.services.byIndex(byApplication, index),
    slices: informers.slices.byIndex(byApplication, index),
    split: informers.splits.get(key),
    gateways: informers.leases
      .list()
      .flatMap((lease) => (isLeaseLive(lease, shell.now) ? [lease.metadata.name ?? ''] : [])),
    answers: shell.answers,
  };
}
