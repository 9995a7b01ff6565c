import { applications, type Application } from '@slipway/delivery/api/application';
import { releases, type Release } from '@slipway/delivery/api/release';
import { applicationLabel } from '@slipway/delivery/api/version-labels';
import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { pods } from '@slipway/kube/resources';
import { splits, type Split } from '@slipway/kube/split';
import { applicationsOfPod, slimPod } from './pod-summary.ts';

/** What the cluster holds now, kept current by watches: reading it asks nobody. */
export interface ClusterView {
  readonly applications: Informer<Application>;
  readonly releases: Informer<Release>;
  /** Those of Applications, by index `application`, without what nobody asks of them. */
  readonly pods: Informer<Pod>;
  /** How traffic is divided, and what the gateways say of it. */
  readonly splits: Informer<Split>;
  synced(): Promise<void>;
}

export interface ClusterViewOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The one namespace that is served; all of them unless said otherwise. */
  readonly namespace?: string | undefined;
}

export function watchCluster(options: ClusterViewOptions, signal: AbortSignal): ClusterView {
  const view = {
    applications: new Informer<Application>({ ...options, type: applications }),
    releases: new Informer<Release>({
      ...options,
      type: releases,
      indexes: { application: ({ metadata, spec }) => [`${metadata.namespace ?? ''}/${spec.application}`] },
    }),
    pods: new Informer<Pod>({
      ...options,
      type: pods,
      labelSelector: applicationLabel,
      transform: slimPod,
      indexes: { application: applicationsOfPod },
    }),
    splits: new Informer<Split>({ ...options, type: splits }),
  };
  const informers = [view.applications, view.releases, view.pods, view.splits];
  for (const informer of informers) informer.start(signal);
  return {
    ...view,
    synced: async () => {
      await Promise.all(informers.map((informer) => informer.synced()));
    },
  };
}
