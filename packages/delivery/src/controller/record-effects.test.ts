import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryCluster } from '../../../cluster/testing/memory-cluster.ts';
import { emptyObservation } from '../../testing/empty-observation.ts';
import { release } from '../../testing/records.ts';
import { applications, type Application } from '../api/application.ts';
import { releases, type Release } from '../api/release.ts';
import { installKinds } from '../install-kinds.ts';
import { annotations, labels, teardownFinalizer } from '../names.ts';
import { setFinalizer } from './record-effects.ts';

const template = { spec: { containers: [{ name: 'web', image: 'shop:v1' }] } };
let client: KubeClient;
let close: () => Promise<void>;
let application: Application;
let last: Release;

beforeEach(async () => {
  ({ client, close } = await createMemoryCluster());
  await installKinds(client, new AbortController().signal);
  const key = { namespace: 'default', name: 'shop' };
  await client.create(applications, {
    metadata: { ...key, finalizers: [teardownFinalizer] },
    spec: { version: '1', template },
  });
  const { uid = '' } = (await client.get(applications, key)).metadata;
  const metadata = {
    namespace: 'default',
    name: 'shop-1',
    labels: { [labels.application]: 'shop' },
    annotations: { [annotations.ownerUid]: uid },
  };
  last = await client.create(releases, release({ metadata, spec: { applicationUid: uid, template } }));
  await client.delete(applications, key);
  application = await client.get(applications, key);
});
afterEach(() => close());

/** As the controller does at the end of a teardown, when it sees those. */
async function letGo(seen: readonly Release[]): Promise<void> {
  const observation = { ...emptyObservation(application), releases: seen };
  await setFinalizer({ type: 'setFinalizer', present: false, isAllSeen: true }, { client, observation });
}

test('an Application is not let go with a Release that the look did not show', async () => {
  await expect(letGo([])).rejects.toMatchObject({ reason: 'Conflict', message: expect.stringContaining('shop-1') });
  expect((await client.get(applications, keyOf(application))).metadata.finalizers).toEqual([teardownFinalizer]);
});

test('an Application is let go with those that it showed, which may be on their way out', async () => {
  await letGo([last]);
  await expect(client.get(applications, keyOf(application))).rejects.toMatchObject({ reason: 'NotFound' });
});

test('a Release of another Application that had the name keeps none', async () => {
  const body = { metadata: { annotations: { [annotations.ownerUid]: 'another' } } };
  await client.patch(releases, keyOf(last), { type: 'merge', body });
  await letGo([]);
  await expect(client.get(applications, keyOf(application))).rejects.toMatchObject({ reason: 'NotFound' });
});
