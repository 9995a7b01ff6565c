/** Secrets are watched without what they hold, and read where an Application refers to them. */
import { createClient } from '@slipway/kube/kube-client';
import { silentLogger } from '@slipway/kube/logger';
import { secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeApi } from '../../../kube/testing/fake-api.ts';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import { SecretContents } from '../controller/secret-contents.ts';

const key = { namespace: 'default', name: 'keys' };

describe('a Secret that a version refers to', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
    await cluster.client.create(secrets, { metadata: key, data: { key: 'Zmlyc3Q=' } });
    await cluster.deploy({
      template: {
        spec: { containers: [{ name: 'web', image: 'a', envFrom: [{ secretRef: { name: 'keys' } }] }] },
      },
      guardSeconds: 0,
      drainSeconds: 0,
    });
    await cluster.advance(10_000);
  });
  afterEach(() => cluster.stop());

  async function change(body: object): Promise<void> {
    await cluster.client.patch(secrets, key, { type: 'merge', body });
    await cluster.advance(10_000);
  }

  async function serving(): Promise<string | undefined> {
    return (await cluster.application()).status?.serving?.version;
  }

  test('is released when what it holds changes, and not when anything else of it does', async () => {
    await change({ metadata: { annotations: { note: 'renewed' } } });
    expect(await serving()).toBe('1');
    await change({ data: { key: 'c2Vjb25k' } });
    expect(await serving()).toBe('2');
  });

  test('is not a change while it cannot be read, which is said', async () => {
    cluster.unreadable.add('Secret');
    await change({ data: { key: 'c2Vjb25k' } });
    expect(await serving()).toBe('1');
    expect(await cluster.condition('Synced')).toEqual({
      status: 'False',
      reason: 'ConfigurationUnread',
      message: 'pods are given what cannot be read now: Secret/keys',
    });
    cluster.unreadable.clear();
    await cluster.advance(20_000);
    expect(await serving()).toBe('2');
  });
});

describe('what is known of Secrets', () => {
  test('is read once for each of their versions, and not where they say that they are live', async () => {
    const api = new FakeApi();
    const client = createClient(api);
    const contents = new SecretContents({
      client,
      clock: new FakeClock(),
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    const seen = await client.create(secrets, { metadata: key, data: { key: 'Zmlyc3Q=' } });
    const live = { metadata: { name: 'live', uid: 'v', labels: { 'slipway.dev/config': 'live' } } };
    await contents.read([seen, live]);
    await contents.read([seen, live]);
    const reads = api.requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
    expect(reads).toEqual(['/api/v1/namespaces/default/secrets/keys']);
    expect(contents.sourceOf(seen)).toEqual({
      content: expect.stringMatching(/^[0-9a-f]{10}$/),
      isLive: false,
      keys: ['key'],
    });
    const changed = { metadata: { ...seen.metadata, resourceVersion: '99' } };
    expect(contents.sourceOf(changed).content).toBeUndefined();
    contents.forget(key);
    expect(contents.sourceOf(seen).content).toBeUndefined();
  });
});
