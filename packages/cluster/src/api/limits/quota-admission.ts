import type { ResourceList, ResourceQuota } from '@slipway/kube/api.generated';
import type { KubeObject, ResourceType } from '@slipway/kube/object';
import { resourceQuotas } from '@slipway/kube/resources';
import { sumLists } from '../../quota/pod-usage.ts';
import { checkQuota, countedTypes, takenOf } from '../../quota/check-quota.ts';
import type { Catalog } from '../../schema/definition.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts';
import { forbidden } from '../api-errors.ts';
import { storePrefix } from '../object-key.ts';
import type { ResourceStore } from '../resource-store.ts';

const everyQuota = storePrefix(resourceQuotas, undefined);

/** An object that is admitted and not stored yet. */
interface Underway {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

/**
 * Refuses what would exceed a ResourceQuota. It counts what is stored, at each write that a quota speaks of, and what is
 * on its way there: what a status says may be old, and two writes at once may not both take what is left for one.
 */
export class QuotaAdmission implements AdmissionPlugin {
  readonly #resources: ResourceStore;
  readonly #catalog: Catalog;
  readonly #underway = new Map<string, Set<Underway>>();

  constructor(resources: ResourceStore, catalog: Catalog) {
    this.#resources = resources;
    this.#catalog = catalog;
  }

  admit(request: AdmissionRequest): KubeObject {
    const { definition, object, old } = request;
    const { type } = definition;
    const { namespace = '', name = '' } = object.metadata;
    const quotas = type.namespaced ? this.#quotasIn(namespace) : [];
    if (quotas.length === 0) return object;
    for (const quota of quotas) {
      const fault = checkQuota(quota, { type, object, old }, () => this.#usedOf(quota, namespace));
      if (fault !== undefined) throw forbidden(type, name, fault);
    }
    this.#note(request, namespace);
    return object;
  }

  #quotasIn(namespace: string): readonly ResourceQuota[] {
    const { store, cache } = this.#resources;
    // Most clusters have none, and every write asks.
    if (store.count(everyQuota) === 0) return [];
    return store.list(storePrefix(resourceQuotas, namespace)).map((stored) => cache.parse(stored));
  }

  #usedOf(quota: ResourceQuota, namespace: string): ResourceList {
    const stored = this.#storedFor(quota, namespace);
    const known = new Set(stored.map(({ object }) => object.metadata.uid));
    const coming = [...(this.#underway.get(namespace) ?? [])].filter(({ object }) => !known.has(object.metadata.uid));
    return [...stored, ...coming].reduce<ResourceList>(
      (sum, { type, object }) => sumLists(sum, takenOf(quota, type, object) ?? {}),
      {},
    );
  }

  #storedFor(quota: ResourceQuota, namespace: string): readonly Underway[] {
    const { store, cache } = this.#resources;
    return countedTypes(
      quota,
      this.#catalog.all().map(({ type }) => type),
    ).flatMap((type) =>
      store.list(storePrefix(type, namespace)).map((stored) => ({ type, object: cache.parse(stored) })),
    );
  }

  #note({ definition: { type }, object, old, dryRun, reservations }: AdmissionRequest, namespace: string): void {
    if (dryRun || old !== undefined) return;
    const underway = this.#underway.get(namespace) ?? new Set<Underway>();
    const entry = { type, object };
    this.#underway.set(namespace, underway.add(entry));
    reservations.onEnd(() => {
      underway.delete(entry);
      if (underway.size === 0) this.#underway.delete(namespace);
    });
  }
}
