/** What the controller keeps of the cluster, and the observation that it makes of it. */
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { source, type ControllerSource } from '@slipway/kube/controller-runtime';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { KubeObject, ObjectKey, ResourceType } from '@slipway/kube/object';
import { endpointSlices, leases, pods, replicaSets, services } from '@slipway/kube/resources';
import { gatewayLeaseLabel, gatewayLeaseNamespace, splits } from '@slipway/kube/split';
import { applications } from '../api/application.ts';
import { releaseCommands } from '../api/release-command.ts';
import { releases, type HealthAnswer, type Release } from '../api/release.ts';
import { labels } from '../names.ts';
import type { Observation } from '../observation.ts';
import { isLeaseLive } from './lease.ts';

export interface CacheOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const byApplication = 'application';

/** Copies of everything that a decision looks at, kept current until the signal. */
export function startCaches(options: CacheOptions): Caches {
  const caches = createInformers(options);
  for (const informer of Object.values(caches)) informer.start(options.signal);
  return caches;
}

function createInformers(options: CacheOptions) {
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

export type Caches = ReturnType<typeof createInformers>;

function applicationKey({ metadata }: KubeObject, label: string): string {
  return `${metadata.namespace ?? ''}/${metadata.labels?.[label] ?? ''}`;
}

/** Which Application a change of some object concerns. */
export function createSources(caches: Caches): readonly ControllerSource[] {
  const labelled = (change: InformerChange<KubeObject>): readonly ObjectKey[] => {
    const object = change.current ?? change.old;
    const name = object?.metadata.labels?.[labels.application];
    return name === undefined ? [] : [{ namespace: object?.metadata.namespace, name }];
  };
  const same = ({ current, old }: InformerChange<KubeObject>): readonly ObjectKey[] => {
    const metadata = (current ?? old)?.metadata;
    return metadata?.name === undefined ? [] : [{ namespace: metadata.namespace, name: metadata.name }];
  };
  const { applications: all, commands, splits: allSplits, leases: live, ...others } = caches;
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

/** Undefined: the Application is gone. */
export function observe(
  key: ObjectKey,
  caches: Caches,
  shell: { readonly answers: ReadonlyMap<string, HealthAnswer>; readonly now: number },
): Observation | undefined {
  const application = caches.applications.get(key);
  if (application === undefined) return undefined;
  const index = `${key.namespace ?? ''}/${key.name}`;
  return {
    application,
    releases: caches.releases.byIndex(byApplication, index).toSorted(byStart),
    commands: caches.commands.byIndex(byApplication, index).toSorted(byRevision),
    replicaSets: caches.replicaSets.byIndex(byApplication, index),
    pods: caches.pods.byIndex(byApplication, index),
    services: caches.services.byIndex(byApplication, index),
    slices: caches.slices.byIndex(byApplication, index),
    split: caches.splits.get(key),
    gateways: caches.leases
      .list()
      .flatMap((lease) => (isLeaseLive(lease, shell.now) ? [lease.metadata.name ?? ''] : [])),
    answers: shell.answers,
  };
}

/** By the second, as far as a creation is known; within it in the order of the writes. */
function byStart(a: Release, b: Release): number {
  return startOf(a).localeCompare(startOf(b)) || byRevision(a, b);
}

function startOf({ status, metadata }: Release): string {
  return (status?.attempts?.at(-1)?.startedAt ?? metadata.creationTimestamp ?? '').slice(0, 19);
}

function byRevision(a: KubeObject, b: KubeObject): number {
  return Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion);
}
