import type { TokenReview } from '@slipway/kube/api.generated';
import { pods, secrets, serviceAccounts } from '@slipway/kube/resources';
import type { ResourceType } from '@slipway/kube/object';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import type { TokenOrder } from './service-account-tokens.ts';

const tokenReviews: ResourceType<TokenReview> = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  plural: 'tokenreviews',
  namespaced: false,
};
const own = 'https://kubernetes.default.svc.cluster.local';

let clock: FakeClock;
let cluster: MemoryCluster;
let uid = '';

beforeEach(async () => {
  clock = new FakeClock(Date.UTC(2026, 0, 1));
  cluster = await createMemoryCluster({ clock });
  const { metadata } = await cluster.client.create(serviceAccounts, {
    metadata: { name: 'robot', namespace: 'default' },
  });
  uid = metadata.uid ?? '';
});
afterEach(() => cluster.close());

async function issue(given: Partial<TokenOrder> = {}): Promise<string> {
  const account = { name: 'robot', uid };
  const order = { namespace: 'default', account, bound: {}, audiences: [own], expirationSeconds: 3_600, ...given };
  return (await cluster.api.tokens.issue(order)).token;
}

async function review(token: string, audiences?: readonly string[]): Promise<TokenReview['status']> {
  const spec = { token, ...(audiences === undefined ? {} : { audiences }) };
  const answer = await cluster.client.create(tokenReviews, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    metadata: {},
    spec,
  });
  expect(answer).toMatchObject({ kind: 'TokenReview', spec });
  return answer.status;
}

const none = { user: {}, error: 'invalid bearer token' };
const refused = (why: string) => ({ user: {}, error: `[invalid bearer token, ${why}]` });

describe('a review of a token', () => {
  it('says whose it is, with what it is bound to', async () => {
    const pod = await cluster.client.create(pods, {
      metadata: { name: 'a', namespace: 'default' },
      spec: { serviceAccountName: 'robot', containers: [{ name: 'a', image: 'a' }] },
    });
    const token = await issue({ bound: { pod: { name: 'a', uid: pod.metadata.uid ?? '' } } });
    expect(await review(token)).toMatchObject({
      authenticated: true,
      audiences: [own],
      user: {
        username: 'system:serviceaccount:default:robot',
        uid,
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: { 'authentication.kubernetes.io/pod-name': ['a'] },
      },
    });
  });

  it('is about the audiences that are asked for, and names those of them that the token is for', async () => {
    const token = await issue({ audiences: ['vault', 'slipway'] });
    expect(await review(token, ['slipway', 'other'])).toMatchObject({ authenticated: true, audiences: ['slipway'] });
    const isFor = 'token audiences ["vault" "slipway"] is invalid for the target audiences';
    expect(await review(token, ['other', 'x'])).toEqual(refused(`${isFor} ["other" "x"]`));
    expect(await review(token)).toEqual(refused(`${isFor} ["${own}"]`));
    expect(await review(await issue(), ['slipway'])).toMatchObject({ user: {}, error: expect.stringContaining(own) });
  });

  it('says that it is none once it is over, or its account has gone', async () => {
    const token = await issue();
    const [header, payload] = token.split('.');
    expect(await review(`${header}.${payload}.`)).toEqual(none);
    expect(await review('opaque')).toEqual(none);
    await clock.advance(3_600_000);
    expect(await review(token)).toEqual(refused('service account token has expired'));
    const next = await issue();
    await cluster.client.delete(serviceAccounts, { namespace: 'default', name: 'robot' });
    expect(await review(next)).toEqual(refused('serviceaccounts "robot" not found'));
    const { metadata } = await cluster.client.create(serviceAccounts, {
      metadata: { name: 'robot', namespace: 'default' },
    });
    const is = metadata.uid ?? '';
    expect(await review(next)).toEqual(refused(`service account UID (${is}) does not match claim (${uid})`));
  });

  it('says that it ended with what it was bound to', async () => {
    const secret = { metadata: { name: 'a', namespace: 'default' } };
    const { metadata } = await cluster.client.create(secrets, secret);
    const was = metadata.uid ?? '';
    const token = await issue({ bound: { secret: { name: 'a', uid: was } } });
    expect(await review(token)).toMatchObject({ authenticated: true });
    await cluster.client.delete(secrets, secret.metadata);
    expect(await review(token)).toEqual(refused('service account token has been invalidated'));
    const is = (await cluster.client.create(secrets, secret)).metadata.uid ?? '';
    expect(await review(token)).toEqual(
      refused(`secret UID (${is}) does not match service account secret ref claim (${was})`),
    );
  });

  it('is asked about a token', async () => {
    await expect(review('')).rejects.toMatchObject({ reason: 'BadRequest', message: expect.stringContaining('token') });
  });
});
