import { createClient } from '@slipway/kube/kube-client';
import { configMaps, secrets } from '@slipway/kube/resources';
import { StatusError } from '@slipway/kube/status-error';
import { describe, expect, test } from 'vitest';
import { FakeApi } from '../../../kube/testing/fake-api.ts';
import { createDeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { Application, ApplicationSpec } from './application.ts';
import { findMissing } from './find-missing.ts';

const spec: ApplicationSpec = {
  version: '1',
  template: {
    spec: {
      containers: [
        {
          name: 'web',
          image: 'a',
          env: [{ name: 'URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } }],
          envFrom: [{ configMapRef: { name: 'settings' } }],
        },
      ],
    },
  },
  guardSeconds: 0,
  drainSeconds: 0,
};
const application: Application = { metadata: { namespace: 'default', name: 'shop', uid: 'u' }, spec };
const settings = { kind: 'ConfigMap', metadata: { namespace: 'default', name: 'settings' }, data: {} };
const database = { kind: 'Secret', metadata: { namespace: 'default', name: 'database' }, data: { user: 'YQ==' } };
const noSettings =
  'the pod template refers to what does not exist: ConfigMap/settings; create it, or mark the reference optional';
const noUrl =
  'the pod template names keys that are missing: "url" of Secret/database; add them, or mark the reference optional';

describe('what a version would lack', () => {
  const client = createClient(new FakeApi());

  test.each([
    { name: 'counts what is applied with it', beside: [settings, { ...database, data: { url: '' } }], lacks: [] },
    { name: 'is an object or a key', beside: [database], lacks: [noSettings, noUrl] },
    {
      name: 'is not found in another namespace',
      beside: [
        { ...database, data: { url: 'YQ==' } },
        { ...settings, metadata: { namespace: 'other', name: 'settings' } },
      ],
      lacks: [noSettings],
    },
  ])('$name', async ({ beside, lacks }) => {
    expect(await findMissing(application, { client, releases: [], beside })).toEqual({ lacks, unread: [] });
  });

  test('is not known of what may not be read', async () => {
    const get = () => Promise.reject(new StatusError('Forbidden', 'secrets "database" is forbidden'));
    const found = await findMissing(application, { client: { get }, releases: [], beside: [settings] });
    expect(found).toEqual({ lacks: [], unread: ['Secret/database'] });
  });

  test('is what the controller says, and nothing of a version that there is', async () => {
    const cluster = await createDeliveryCluster();
    await cluster.client.create(secrets, database);
    await cluster.deploy(spec);
    await cluster.advance(100);
    const before = await findMissing(await cluster.application(), { client: cluster.client, releases: [] });
    expect(before.lacks).toEqual([noSettings, noUrl]);
    expect((await cluster.condition('Synced'))?.message).toBe(before.lacks.join('; '));
    await cluster.client.create(configMaps, settings);
    await cluster.client.patch(secrets, database.metadata, { type: 'merge', body: { data: { url: 'YQ==' } } });
    await cluster.advance(10_000);
    await cluster.client.delete(configMaps, settings.metadata);
    const releases = [await cluster.release('1')];
    const asked = await cluster.application();
    expect(await findMissing(asked, { client: cluster.client, releases })).toEqual({ lacks: [], unread: [] });
    await cluster.stop();
  });
});
