import type { ConfigMap, Pod, Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import { whenAllIsSaid } from '@slipway/kube/turns';
import type { ObjectReferences } from './environment.ts';

export interface FoundObjects {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** Fetches the ConfigMaps and Secrets that a pod names, when they are needed: a node keeps no secrets of pods that it does not run. */
export class ReferencedObjects {
  readonly #configMaps: SharedReads<ConfigMap>;
  readonly #secrets: SharedReads<Secret>;

  constructor(client: KubeClient) {
    this.#configMaps = new SharedReads(client, configMaps);
    this.#secrets = new SharedReads(client, secrets);
  }

  /** Those that exist, by name. */
  async fetch(pod: Pod, references: ObjectReferences): Promise<FoundObjects> {
    const namespace = pod.metadata.namespace ?? '';
    const [foundConfigMaps, foundSecrets] = await Promise.all([
      this.#configMaps.fetch(namespace, references.configMaps),
      this.#secrets.fetch(namespace, references.secrets),
    ]);
    return { configMaps: foundConfigMaps, secrets: foundSecrets };
  }
}

/** Pods that come together name the same objects: who asks before the request has left gets its answer too, and never an older one. */
class SharedReads<T extends KubeObject> {
  readonly #client: KubeClient;
  readonly #type: ResourceType<T>;
  readonly #unsent = new Map<string, Promise<T | undefined>>();

  constructor(client: KubeClient, type: ResourceType<T>) {
    this.#client = client;
    this.#type = type;
  }

  async fetch(namespace: string, names: readonly string[]): Promise<ReadonlyMap<string, T>> {
    const found = await Promise.all(names.map((name) => this.#fetchOne(namespace, name)));
    return new Map(
      found.flatMap((object) => (object === undefined ? [] : [[object.metadata.name ?? '', object] as const])),
    );
  }

  #fetchOne(namespace: string, name: string): Promise<T | undefined> {
    const key = `${namespace}/${name}`;
    const reading = this.#unsent.get(key) ?? this.#read(namespace, name, key);
    this.#unsent.set(key, reading);
    return reading;
  }

  async #read(namespace: string, name: string, key: string): Promise<T | undefined> {
    await whenAllIsSaid();
    this.#unsent.delete(key);
    return absentAsUndefined(this.#client.get(this.#type, { namespace, name }));
  }
}
