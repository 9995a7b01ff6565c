import type { ResourceQuota, ResourceQuotaStatus } from '@slipway/kube/api.generated';
import type { Controller, Plan } from '@slipway/kube/controller';
import { runController, type ControllerSource, type RunningController } from '@slipway/kube/controller-runtime';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import { keyOf, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { persistentVolumeClaims, resourceQuotas } from '@slipway/kube/resources';
import { countedTypes } from '../../quota/check-quota.ts';
import type { LateContext } from '../controller-context.ts';
import { byNamespace } from '../shared-informers.ts';
import { writeStatus } from '../write-status.ts';
import { reconcileQuota, type CountedObject, type QuotaObserved } from './reconcile-quota.ts';

/** Keeps in the status of each ResourceQuota what is used of it; what may not be used the API server refuses by itself. */
export function startResourceQuotaController(context: LateContext): RunningController {
  const counted = new CountedObjects(context);
  return runController(new ResourceQuotaController(context, counted), { ...context, workers: 1, sources: [counted] });
}

type Counting = Pick<Informer<KubeObject>, 'list' | 'onChange' | 'synced'>;

/** The kinds that quotas speak of, watched from when the first one does. Of most of them there is only to know how many there are. */
class CountedObjects implements ControllerSource {
  readonly #context: LateContext;
  readonly #informers = new Map<string, Counting>();
  readonly #stops: (() => void)[] = [];
  #enqueue: (key: ObjectKey) => void = () => {};

  constructor(context: LateContext) {
    this.#context = context;
  }

  subscribe(enqueue: (key: ObjectKey) => void): () => void {
    this.#enqueue = enqueue;
    const { resourceQuotas: quotas } = this.#context.informers;
    const stop = quotas.onChange(({ current }) => {
      if (current !== undefined) enqueue(keyOf(current));
    });
    return () => {
      stop();
      for (const each of this.#stops) each();
    };
  }

  synced(): Promise<void> {
    return this.#context.informers.resourceQuotas.synced();
  }

  /** As they are once all of their kinds are known. */
  async in(quota: ResourceQuota): Promise<readonly CountedObject[]> {
    const types = countedTypes(quota, this.#context.namespacedTypes());
    const informers = types.map((type) => ({ type, informer: this.#informerFor(type) }));
    await Promise.all(informers.map(({ informer }) => informer.synced()));
    return informers.flatMap(({ type, informer }) =>
      informer.list(quota.metadata.namespace).map((object) => ({ type, object })),
    );
  }

  #informerFor(type: ResourceType): Counting {
    const name = `${type.plural}.${type.group}`;
    const informer = this.#informers.get(name) ?? this.#open(type);
    this.#informers.set(name, informer);
    return informer;
  }

  #open(type: ResourceType): Counting {
    const { informers, signal } = this.#context;
    const shared = new Map<string, Counting>([
      ['pods.', informers.pods],
      ['services.', informers.services],
      ['resourcequotas.', informers.resourceQuotas],
    ]).get(`${type.plural}.${type.group}`);
    if (shared !== undefined) return this.#follow(shared);
    const metadataOnly = type !== persistentVolumeClaims;
    const informer = new Informer<KubeObject>({ ...this.#context, type, metadataOnly });
    informer.start(signal);
    return this.#follow(informer);
  }

  #follow(informer: Counting): Counting {
    const { resourceQuotas: quotas } = this.#context.informers;
    const look = ({ old, current }: InformerChange<KubeObject>): void => {
      const { namespace = '' } = (current ?? old)?.metadata ?? {};
      for (const quota of quotas.byIndex(byNamespace, namespace)) this.#enqueue(keyOf(quota));
    };
    this.#stops.push(informer.onChange(look));
    return informer;
  }
}

class ResourceQuotaController implements Controller<QuotaObserved, never, ResourceQuotaStatus> {
  readonly name = 'resource-quota';
  readonly #context: LateContext;
  readonly #counted: CountedObjects;

  constructor(context: LateContext, counted: CountedObjects) {
    this.#context = context;
    this.#counted = counted;
  }

  async observe(key: ObjectKey): Promise<QuotaObserved | undefined> {
    const { resourceQuotas: quotas } = this.#context.informers;
    const found = quotas.get(key);
    if (found === undefined) return undefined;
    const objects = await this.#counted.in(found);
    const quota = quotas.get(key);
    return quota === undefined ? undefined : { quota, objects };
  }

  reconcile(observed: QuotaObserved): Plan<never, ResourceQuotaStatus> {
    return reconcileQuota(observed);
  }

  async apply({ status }: Plan<never, ResourceQuotaStatus>, { quota }: QuotaObserved): Promise<void> {
    if (status === undefined) return;
    await writeStatus(this.#context.client, resourceQuotas, { object: quota, status });
  }
}
