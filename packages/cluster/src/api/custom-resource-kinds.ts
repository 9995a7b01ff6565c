/** Keeps the catalog in step with the CustomResourceDefinitions in the store, and says in their status that they are served. */
import type { CustomResourceDefinition } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { isConditionTrue, setCondition } from '@slipway/kube/conditions';
import { keyOf } from '@slipway/kube/object';
import type { Logger } from '@slipway/kube/logger';
import { customResourceDefinitions } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import type { MutableCatalog } from '../schema/catalog.ts';
import type { Store } from '../store/store.ts';
import { storePrefix } from './object-key.ts';

export interface CustomResourceKindsOptions {
  readonly store: Store;
  readonly catalog: MutableCatalog;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Reads the store itself and not an informer: the kinds must be known before the first request for one is answered. */
export function serveCustomResources(options: CustomResourceKindsOptions): () => void {
  const { store, catalog, logger } = options;
  const prefix = storePrefix(customResourceDefinitions, undefined);
  const accept = (value: string): void => {
    const crd: CustomResourceDefinition = JSON.parse(value);
    catalog.addCustomResource(crd);
    establish(crd, options).catch((error: unknown) =>
      logger.error('custom resource not established', { name: crd.metadata.name, error }),
    );
  };
  for (const { value } of store.list(prefix)) accept(value);
  const watch = store.watch(prefix, store.revision, ({ type, value }) => {
    if (type === 'put') {
      accept(value);
      return;
    }
    const crd: CustomResourceDefinition = JSON.parse(value);
    removeObjects(crd, options).catch((error: unknown) =>
      logger.error('custom objects not removed', { name: crd.metadata.name, error }),
    );
    catalog.removeCustomResource(crd.metadata.name ?? '');
  });
  return () => watch.close();
}

async function establish(crd: CustomResourceDefinition, { client, clock }: CustomResourceKindsOptions): Promise<void> {
  const { conditions = [], acceptedNames, storedVersions } = crd.status ?? {};
  if (isConditionTrue(conditions, 'Established') && acceptedNames !== undefined) return;
  const now = clock.now();
  const accepted = setCondition(
    conditions,
    { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
    now,
  );
  const established = setCondition(
    accepted,
    {
      type: 'Established',
      status: 'True',
      reason: 'InitialNamesAccepted',
      message: 'the initial names have been accepted',
    },
    now,
  );
  const stored = crd.spec.versions.filter(({ storage }) => storage).map(({ name }) => name);
  const status = { conditions: established, acceptedNames: crd.spec.names, storedVersions: storedVersions ?? stored };
  try {
    await client.patch(
      customResourceDefinitions,
      keyOf(crd),
      { type: 'merge', body: { status } },
      { subresource: 'status', fieldManager: 'kube-apiserver' },
    );
  } catch (error) {
    // Deleted meanwhile: nothing is left to say.
    if (!isStatusReason(error, 'NotFound')) throw error;
  }
}

/** Objects whose kind is gone could never be read again. */
async function removeObjects({ spec }: CustomResourceDefinition, { store }: CustomResourceKindsOptions): Promise<void> {
  for (const { key, revision } of store.list(
    storePrefix({ group: spec.group, plural: spec.names.plural }, undefined),
  )) {
    await store.write({ key, expected: revision, encode: undefined });
  }
}
