import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Controller } from '@slipway/kube/controller';
import { runController, type RunningController } from '@slipway/kube/controller-runtime';
import { EventRecorder } from '@slipway/kube/event-recorder';
import { runWithLeadership } from '@slipway/kube/leader-election';
import type { ElectionDurations } from '@slipway/kube/lease-claim';
import type { Logger } from '@slipway/kube/logger';
import type { ObjectKey } from '@slipway/kube/object';
import { afterOwnWrites, OwnWrites } from '@slipway/kube/own-writes';
import { applyDecision } from './controller/apply.ts';
import { followSecrets, observe, readSecrets, startCaches, type Caches } from './controller/caches.ts';
import { releaseApprovals } from './api/release-approval.ts';
import { releaseCommands } from './api/release-command.ts';
import { createArchiveController, createArchiveSources } from './controller/archive-controller.ts';
import { CheckExpressions } from './controller/check-expressions.ts';
import { createSources } from './controller/sources.ts';
import { Findings } from './controller/findings.ts';
import { ConfirmationWatch } from './controller/confirmation-watch.ts';
import { DrainWatch } from './controller/drain-watch.ts';
import { createGroupController, createGroupSources } from './controller/group-controller.ts';
import { createOrphanController, createOrphanSources } from './controller/orphan-controller.ts';
import { hasBegun } from './controller/has-begun.ts';
import { LeaseWatch } from './controller/lease.ts';
import { noteWrites, patience } from './controller/noted-client.ts';
import { SecretContents } from './controller/secret-contents.ts';
import { tellFailure } from './controller/tell-failure.ts';
import { controllerLease } from './names.ts';
import type { HealthReach } from './gates/ask-health.ts';
import { HealthQuestions } from './gates/health-questions.ts';
import type { WebhookPorts } from './hooks/webhook-call.ts';
import { createWebhookPorts, WebhookCalls } from './hooks/webhook-calls.ts';
import { Measurements, type MeasurementsOptions } from './gates/metric/measurements.ts';
import { createMeasuringPorts } from './gates/metric/measuring-ports.ts';
import type { DeliveryMetrics } from './metrics/delivery-metrics.ts';
import type { Observation } from './observation.ts';
import type { Action, Decision } from './plan.ts';
import { reconcileApplication } from './reconcile.ts';
import { followForeignRouters } from './routers/foreign-routers.ts';

export interface DeliveryOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Must differ from that of every other delivery controller that may run at the same time. */
  readonly identity: string;
  /** Those of Kubernetes unless said otherwise. */
  readonly durations?: ElectionDurations | undefined;
  /** How pods are asked for their health: through the API server unless said otherwise. */
  readonly healthReach?: HealthReach | undefined;
  /** Whether checks may ask this machine itself: only where whoever may create Applications is whoever owns it. */
  readonly checksReachLoopback?: boolean | undefined;
  /** What webhooks are called with; the real ones unless said otherwise. */
  readonly webhookPorts?: WebhookPorts | undefined;
  /** What checks are measured with; the real ones unless said otherwise. */
  readonly measuringPorts?: MeasurementsOptions['portsOf'] | undefined;
  /** The one namespace whose Applications are served; all of them unless said otherwise. */
  readonly namespace?: string | undefined;
  readonly metrics?: DeliveryMetrics | undefined;
  readonly signal: AbortSignal;
}

export interface RunningDelivery {
  /** Resolves after the signal, when nothing is written any more and the lease is given back. */
  readonly done: Promise<void>;
}

/**
 * Starts the delivery controller: of all in a cluster, the one that leads. Everything that it knows is in the cluster: it
 * may be killed anywhere, and another one goes on.
 */
export function startDelivery(options: DeliveryOptions): RunningDelivery {
  // Who serves one namespace has no rights elsewhere, and agrees with those who serve it too.
  const lease = { ...controllerLease, namespace: options.namespace ?? controllerLease.namespace };
  return {
    done: runWithLeadership({ ...options, lease }, (leadership) => lead({ ...options, ...leadership })),
  };
}

/** Looks at the cluster anew, for what another leader did meanwhile, and releases until the leadership ends. */
async function lead(options: DeliveryOptions): Promise<void> {
  const caches = startCaches(options);
  const routers = followForeignRouters({ ...options, splits: caches.splits });
  const gateways = new LeaseWatch(options.clock);
  gateways.follow(caches.leases);
  const findings = new Findings();
  const healthQuestions = new HealthQuestions(options.signal);
  const readBeside = createReader(options, caches);
  const { measurements, webhookCalls } = createCallers(options);
  const writes = new OwnWrites(options.clock, patience);
  const recorder = new EventRecorder({ ...options, component: 'slipway-controller' });
  const controller: Controller<Observation, Action, Decision> = {
    name: 'application',
    observe: async (key) => {
      const { expressionFaults, ...beside } = await readBeside(key);
      const now = options.clock.now();
      const observation = observe(key, caches, { findings, ...beside, gateways, now });
      return observation === undefined ? undefined : { ...observation, expressionFaults };
    },
    reconcile: (observation, now) => {
      const decision = reconcileApplication(observation, now);
      return { actions: decision.actions, status: decision, requeueAfter: decision.requeueAfter };
    },
    apply: async ({ status: decision }, observation) => {
      if (decision === undefined) return;
      const { namespace, name = '', uid = '' } = observation.application.metadata;
      const key = { namespace, name };
      const lookAgain = (): void => running.enqueue(key);
      const client = noteWrites(options.client, { key, writes, caches });
      const world = { ...options, client, recorder, healthQuestions, measurements, webhookCalls };
      const receivers = findings.receivers(uid, lookAgain);
      await tellFailure({ ...observation, recorder, findings, lookAgain }, () =>
        applyDecision(decision, observation, { ...world, ...receivers }),
      );
    },
  };
  const running = runController(afterOwnWrites(controller, writes), {
    ...options,
    sources: createSources(caches),
    goesFirst: (key) => hasBegun(caches.applications.get(key)),
    onLooked: (looked) => options.metrics?.noteLook(looked),
  });
  await Promise.all([shown(options.metrics, caches, running), recordsKept(options, caches), routers]);
}

/** What a look needs beside the caches, read before it. */
function createReader(options: DeliveryOptions, caches: Caches) {
  const secretContents = new SecretContents(options);
  const expressions = new CheckExpressions();
  const drains = new DrainWatch(options.clock);
  drains.follow(caches.pods);
  const confirmations = new ConfirmationWatch(options.clock);
  confirmations.follow(caches.splits);
  followSecrets(caches, secretContents);
  return async (key: ObjectKey) => {
    await readSecrets(key, caches, secretContents);
    const expressionFaults = await expressions.findFaults(caches.applications.get(key)?.spec.checks);
    return { secretContents, expressionFaults, drains, confirmations };
  };
}

/** What groups say, deleted releases that are to be let go, and what was asked of nobody. */
async function recordsKept(options: DeliveryOptions, caches: Caches): Promise<void> {
  const groups = createGroupController(caches, options.client);
  const archive = createArchiveController(caches.releases, options.client);
  const { applications } = caches;
  const commands = { type: releaseCommands, cache: caches.commands, applications };
  const approvals = { type: releaseApprovals, cache: caches.approvals, applications };
  await Promise.all([
    runController(createOrphanController(commands, options.client), {
      ...options,
      sources: createOrphanSources(commands),
    }).done,
    runController(createOrphanController(approvals, options.client), {
      ...options,
      sources: createOrphanSources(approvals),
    }).done,
    runController(groups, { ...options, sources: createGroupSources(caches) }).done,
    runController(archive, { ...options, sources: createArchiveSources(caches.releases) }).done,
  ]);
}

/** Who ask the world beyond the API server. */
function createCallers(options: DeliveryOptions) {
  const reach = { ...options, loopback: options.checksReachLoopback === true };
  return {
    measurements: new Measurements({ ...options, portsOf: options.measuringPorts ?? createMeasuringPorts(reach) }),
    webhookCalls: new WebhookCalls({ ...options, ports: options.webhookPorts ?? createWebhookPorts(reach) }),
  };
}

/** Until it has ended, the metrics tell what is seen. */
function shown(metrics: DeliveryMetrics | undefined, caches: Caches, running: RunningController): Promise<void> {
  const hide = metrics?.lead({
    applications: () => caches.applications.list(),
    releases: () => caches.releases.list(),
    queueLength: running.queueLength,
    hasSynced: () => Object.values(caches).every((informer) => informer.hasSynced),
  });
  return running.done.finally(hide);
}
