import type { Pod } from '@slipway/kube/api.generated';
import type { Clock } from '@slipway/kube/clock';
import type { KubeClient } from '@slipway/kube/client';
import { Informer } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { keyString } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { listVolumeReferences } from '../volumes/volume-files.ts';

export interface MountedObjectsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** An object that the pod mounts is new, has changed or is gone. */
  readonly onChange: (podUid: string) => void;
}

interface Watched {
  readonly pods: Set<string>;
  readonly stop: AbortController;
}

/** Watches the ConfigMaps and Secrets that running pods mount, each once however many pods mount it, and no others. */
export class MountedObjects {
  readonly #options: MountedObjectsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: MountedObjectsOptions) {
    this.#options = options;
  }

  track(pod: Pod): void {
    const namespace = pod.metadata.namespace ?? '';
    const references = listVolumeReferences(pod.spec?.volumes ?? []);
    for (const name of references.configMaps) this.#add('configmaps', { namespace, name }, pod);
    for (const name of references.secrets) this.#add('secrets', { namespace, name }, pod);
  }

  untrack(podUid: string): void {
    for (const [id, { pods, stop }] of this.#watched) {
      if (!pods.delete(podUid) || pods.size > 0) continue;
      stop.abort();
      this.#watched.delete(id);
    }
  }

  #add(plural: 'configmaps' | 'secrets', key: { readonly namespace: string; readonly name: string }, pod: Pod): void {
    const id = `${plural}/${keyString(key)}`;
    const podUid = pod.metadata.uid ?? '';
    const before = this.#watched.get(id);
    if (before !== undefined) {
      before.pods.add(podUid);
      return;
    }
    const watched = { pods: new Set([podUid]), stop: new AbortController() };
    this.#watched.set(id, watched);
    const { client, clock, logger, random, signal, onChange } = this.#options;
    const options = {
      client,
      clock,
      logger,
      random,
      namespace: key.namespace,
      fieldSelector: `metadata.name=${key.name}`,
    };
    const informer =
      plural === 'configmaps'
        ? new Informer({ ...options, type: configMaps })
        : new Informer({ ...options, type: secrets });
    informer.onChange(() => {
      for (const uid of watched.pods) onChange(uid);
    });
    informer.start(AbortSignal.any([signal, watched.stop.signal]));
  }
}
