/** What hooks and checks need and nobody has made keeps a version from being begun, and is told at once. */
import { secrets } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDeliveryCluster, type DeliveryCluster } from '../../testing/delivery-cluster.ts';
import type { ApplicationSpec } from '../api/application.ts';
import type { Source } from './content.ts';
import { findLacks, findUnread } from './needs-beside.ts';

const template = { spec: { containers: [{ name: 'web', image: 'a' }] } };
const webhook = { url: 'https://hooks.test/', secretRef: { name: 'signing' } };
const web = { url: 'https://metrics.test/', jsonPath: '$.rate', secretRef: { name: 'access' } };

const spec: Partial<ApplicationSpec> = {
  template,
  guardSeconds: 0,
  drainSeconds: 0,
  hooks: { beforePromotion: [{ name: 'tell', webhook }] },
};

describe('what is not there', () => {
  const checked: ApplicationSpec = {
    template,
    checks: [{ name: 'errors', provider: { web }, successWhen: 'value < 1.0' }],
  };
  const given = (configuration: object): ApplicationSpec => ({
    template,
    hooks: {
      beforeRelease: [
        { name: 'migrate', job: { template: { spec: { containers: [{ name: 'migrate', ...configuration }] } } } },
      ],
    },
  });
  const job = { template: { spec: { containers: [{ name: 'main', envFrom: [{ secretRef: { name: 'made' } }] }] } } };
  const asking = (hooks: ApplicationSpec['hooks'], checks?: ApplicationSpec['checks']): ApplicationSpec => ({
    template,
    hooks,
    checks,
  });
  const notMade = 'hook make needs Secret/made, which does not exist: create it';
  const holding = (...keys: readonly string[]): Source => ({ content: 'hash', isLive: false, keys });

  test.each<readonly [string, ApplicationSpec, Readonly<Record<string, Source>>, readonly string[]]>([
    [
      'a webhook signs by the key secret',
      { ...checked, ...spec, checks: [] },
      { 'Secret/signing': holding('secret') },
      [],
    ],
    [
      'a webhook signs by the key that it names',
      asking({
        beforePromotion: [{ name: 'tell', webhook: { ...webhook, secretRef: { name: 'signing', key: 'hmac' } } }],
      }),
      { 'Secret/signing': holding('hmac') },
      [],
    ],
    [
      'a hook that may fail stops nothing',
      asking({
        beforePromotion: [{ name: 'tell', webhook, onFailure: 'ignore' }],
        afterPromotion: [{ name: 'tell-all', webhook }],
        onRollback: [{ name: 'tell-back', webhook }],
      }),
      {},
      [],
    ],
    [
      'a hook after promotion by which a release fails stops it',
      asking({ afterPromotion: [{ name: 'tell', webhook, onFailure: 'fail' }] }),
      {},
      ['hook tell needs Secret/signing, which does not exist: create it'],
    ],
    [
      'what comes after a Job before the release may need what that makes',
      asking(
        {
          beforeRelease: [
            { name: 'make', job },
            { name: 'ask', webhook },
          ],
          beforePromotion: [{ name: 'tell', webhook }],
        },
        checked.checks,
      ),
      {},
      [notMade],
    ],
    [
      'what comes before a Job does not',
      asking(
        {
          beforePromotion: [
            { name: 'tell', webhook },
            { name: 'make', job },
          ],
        },
        checked.checks,
      ),
      {},
      [
        'check errors needs Secret/access, which does not exist: create it',
        'hook tell needs Secret/signing, which does not exist: create it',
        notMade,
      ],
    ],
    [
      'a key of another name is none',
      { ...checked, ...spec, checks: [] },
      { 'Secret/signing': holding('key') },
      ['hook tell signs by the key "secret" of Secret/signing, which is missing or empty: add it'],
    ],
    [
      'of a Secret that could not be read nothing is said to be missing',
      { ...checked, ...spec, checks: [] },
      { 'Secret/signing': { content: undefined, isLive: false } },
      [],
    ],
    ['a check may ask with a token', checked, { 'Secret/access': holding('token') }, []],
    ['a check may ask with a name and a password', checked, { 'Secret/access': holding('password', 'username') }, []],
    [
      'a name alone proves nothing',
      checked,
      { 'Secret/access': holding('username') },
      [
        'check errors asks with the key "token", or "username" and "password", or "ca.crt" of Secret/access, which are missing or empty: add one of these',
      ],
    ],
    [
      'a Job needs what it is given',
      given({ envFrom: [{ configMapRef: { name: 'settings' } }] }),
      {},
      ['hook migrate needs ConfigMap/settings, which does not exist: create it'],
    ],
    [
      'a Job needs the keys that it names',
      given({ env: [{ name: 'URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } }] }),
      { 'Secret/database': holding('user') },
      ['hook migrate needs "url" of Secret/database, which is missing there: add it'],
    ],
    [
      'a key of a Secret that could not be read is not said to be missing',
      given({ env: [{ name: 'URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } }] }),
      { 'Secret/database': { content: undefined, isLive: false } },
      [],
    ],
    [
      'a Job starts without what is optional',
      given({ envFrom: [{ configMapRef: { name: 'settings', optional: true } }] }),
      {},
      [],
    ],
  ])('%s', (_, asked, sources, said) => {
    const application = { metadata: { name: 'shop' }, spec: asked };
    expect(findLacks({ application, sources: new Map(Object.entries(sources)) })).toEqual(said);
  });
});

describe('what exists and could not be read', () => {
  const job = {
    template: {
      spec: {
        containers: [
          {
            name: 'migrate',
            env: [{ name: 'URL', valueFrom: { secretKeyRef: { name: 'database', key: 'url' } } }],
            envFrom: [{ secretRef: { name: 'whole' } }],
          },
        ],
      },
    },
  };
  const unread: Source = { content: undefined, isLive: false };
  const asked: ApplicationSpec = {
    template,
    hooks: {
      beforeRelease: [
        { name: 'tell', webhook },
        { name: 'migrate', job },
      ],
    },
  };

  test.each<readonly [string, Readonly<Record<string, Source>>, readonly string[]]>([
    [
      'is told of where keys are needed, by a Job too, and not where it only has to be there',
      { 'Secret/signing': unread, 'Secret/database': unread, 'Secret/whole': unread },
      ['Secret/signing', 'Secret/database'],
    ],
    [
      'is not what has been read',
      { 'Secret/signing': unread, 'Secret/database': { content: 'hash', isLive: false, keys: ['url'] } },
      ['Secret/signing'],
    ],
    ['is not what does not exist', {}, []],
  ])('%s', (_, sources, keys) => {
    const application = { metadata: { name: 'shop' }, spec: asked };
    expect(findUnread({ application, sources: new Map(Object.entries(sources)) })).toEqual(keys);
  });
});

describe('a Secret that a hook needs', () => {
  let cluster: DeliveryCluster;

  beforeEach(async () => {
    cluster = await createDeliveryCluster();
  });
  afterEach(() => cluster.stop());

  async function hold(data: Readonly<Record<string, string>>): Promise<void> {
    const metadata = { namespace: 'default', name: 'signing' };
    await cluster.client.create(secrets, { metadata, data });
  }

  test('is waited for, and the version begins when it is there', async () => {
    await cluster.deploy(spec);
    await cluster.advance(100);
    expect(await cluster.condition('Synced')).toEqual({
      status: 'False',
      reason: 'ConfigurationMissing',
      message: 'hook tell needs Secret/signing, which does not exist: create it',
    });
    await hold({ secret: 'a2V5' });
    await cluster.advance(10_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
  });

  test('is not enough without its key', async () => {
    await hold({ secret: '', other: 'a2V5' });
    await cluster.deploy(spec);
    await cluster.advance(100);
    expect((await cluster.condition('Synced'))?.message).toBe(
      'hook tell signs by the key "secret" of Secret/signing, which is missing or empty: add it',
    );
    const key = { namespace: 'default', name: 'signing' };
    await cluster.client.patch(secrets, key, { type: 'merge', body: { data: { secret: 'a2V5' } } });
    await cluster.advance(10_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('is not known to have its key while it cannot be read, which is said', async () => {
    cluster.unreadable.add('Secret');
    await hold({ secret: 'a2V5' });
    await cluster.deploy(spec);
    await cluster.advance(10_000);
    expect(await cluster.condition('Synced')).toEqual({
      status: 'False',
      reason: 'ConfigurationUnread',
      message: 'hooks and checks need what cannot be read now: Secret/signing',
    });
    cluster.unreadable.clear();
    await cluster.advance(20_000);
    expect((await cluster.application()).status?.serving?.version).toBe('1');
  });

  test('begins no release while it cannot be read though a Job names a key of it', async () => {
    const env = [{ name: 'KEY', valueFrom: { secretKeyRef: { name: 'signing', key: 'secret' } } }];
    const job = { template: { spec: { containers: [{ name: 'migrate', image: 'm', env }] } } };
    cluster.unreadable.add('Secret');
    await hold({ other: 'a2V5' });
    await cluster.deploy({ ...spec, hooks: { beforeRelease: [{ name: 'migrate', job }] } });
    await cluster.advance(10_000);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'ConfigurationUnread' });
    await expect(cluster.release('1')).rejects.toThrow(/not found/);
    cluster.unreadable.clear();
    await cluster.advance(20_000);
    expect((await cluster.condition('Synced'))?.message).toBe(
      'hook migrate needs "secret" of Secret/signing, which is missing there: add it',
    );
    await expect(cluster.release('1')).rejects.toThrow(/not found/);
  });

  test('that is gone stands neither in the way of what serves nor of going back to it', async () => {
    await hold({ secret: 'a2V5' });
    await cluster.deploy(spec);
    await cluster.advance(10_000);
    await cluster.client.delete(secrets, { namespace: 'default', name: 'signing' });
    await cluster.advance(1_000);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
    const other = { spec: { containers: [{ name: 'web', image: 'b' }] } };
    await cluster.deploy({ ...spec, template: other });
    await cluster.advance(1_000);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'False', reason: 'ConfigurationMissing' });
    expect(await cluster.condition('Available')).toMatchObject({ status: 'True' });
    await cluster.deploy(spec);
    await cluster.advance(1_000);
    expect(await cluster.condition('Synced')).toMatchObject({ status: 'True' });
  });
});
