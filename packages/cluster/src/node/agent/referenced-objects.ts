import type { ConfigMap, Pod, Secret } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { configMaps, secrets } from '@slipway/kube/resources';
import { absentAsUndefined } from '@slipway/kube/status-error';
import type { ObjectReferences } from './environment.ts';

export interface FoundObjects {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** Fetches the ConfigMaps and Secrets that a pod names, when they are needed: a node keeps no secrets of pods that it does not run. */
export class ReferencedObjects {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Those that exist, by name. */
  async fetch(pod: Pod, references: ObjectReferences): Promise<FoundObjects> {
    const namespace = pod.metadata.namespace ?? '';
    const [foundConfigMaps, foundSecrets] = await Promise.all([
      this.#fetchAll(configMaps, namespace, references.configMaps),
      this.#fetchAll(secrets, namespace, references.secrets),
    ]);
    return { configMaps: foundConfigMaps, secrets: foundSecrets };
  }

  async #fetchAll<T extends KubeObject>(
    type: ResourceType<T>,
    namespace: string,
    names: readonly string[],
  ): Promise<ReadonlyMap<string, T>> {
    const found = await Promise.all(names.map((name) => this.#fetchOne(type, namespace, name)));
    return new Map(
      found.flatMap((object) => (object === undefined ? [] : [[object.metadata.name ?? '', object] as const])),
    );
  }

  #fetchOne<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): Promise<T | undefined> {
    return absentAsUndefined(this.#client.get(type, { namespace, name }));
  }
}
