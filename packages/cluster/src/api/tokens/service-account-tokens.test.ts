import type { KubeClient } from '@slipway/kube/client';
import { formatTime } from '@slipway/kube/clock';
import { pods, serviceAccounts } from '@slipway/kube/resources';
import { statusErrorFrom } from '@slipway/kube/status-error';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { makeServiceAccountKey } from '../../pki/service-account-key.ts';
import { isJsonObject, type JsonObject } from '../../schema/shape.ts';
import { adminIdentity, nodeIdentity, type Identity } from '../authorization.ts';
import { createSigningKey, readToken, signToken } from './web-token.ts';

const start = Date.UTC(2026, 0, 1);

let clock: FakeClock;
let cluster: MemoryCluster;
let client: KubeClient;

beforeEach(async () => {
  clock = new FakeClock(start);
  cluster = await createMemoryCluster({ clock });
  client = cluster.client;
  await client.create(serviceAccounts, { metadata: { name: 'robot', namespace: 'default' } });
});

afterEach(() => cluster.close());

async function askToken(
  spec: object = {},
  identity: Identity = adminIdentity,
  query: Readonly<Record<string, string>> = {},
): Promise<JsonObject> {
  const { status, body } = await cluster.api.handle(
    {
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/robot/token',
      query: new URLSearchParams(query),
      headers: {},
      body: { json: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec } },
    },
    identity,
  );
  const value = body.kind === 'json' && isJsonObject(body.value) ? body.value : {};
  if (status !== 201) throw statusErrorFrom(status, value);
  return value;
}

async function tokenOf(spec?: object): Promise<string> {
  const { status } = await askToken(spec);
  return isJsonObject(status) ? String(status['token']) : '';
}

function authenticate(token: string): Promise<Identity | undefined> {
  return cluster.api.tokens.authenticate(token);
}

function createPod(serviceAccountName: string, nodeName?: string) {
  const spec = { serviceAccountName, nodeName, containers: [{ name: 'a', image: 'a' }] };
  return client.create(pods, { metadata: { name: 'a', namespace: 'default' }, spec });
}

const boundToPod = { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'a' } };

describe('a token', () => {
  it('is answered with what was asked for, and an hour where nothing was', async () => {
    expect(await askToken()).toMatchObject({
      kind: 'TokenRequest',
      spec: { audiences: ['https://kubernetes.default.svc.cluster.local'], expirationSeconds: 3_600 },
      status: { expirationTimestamp: formatTime(start + 3_600_000) },
    });
  });

  it('makes its bearer the account', async () => {
    const account = await client.get(serviceAccounts, { namespace: 'default', name: 'robot' });
    expect(await authenticate(await tokenOf())).toMatchObject({
      user: 'system:serviceaccount:default:robot',
      uid: account.metadata.uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
  });

  it('ends in time', async () => {
    const token = await tokenOf({ expirationSeconds: 600 });
    await clock.advance(599_000);
    expect(await authenticate(token)).toBeDefined();
    await clock.advance(1_000);
    expect(await authenticate(token)).toBeUndefined();
  });

  it('ends with its account, whatever is called so later', async () => {
    const token = await tokenOf();
    await client.delete(serviceAccounts, { namespace: 'default', name: 'robot' });
    expect(await authenticate(token)).toBeUndefined();
    await client.create(serviceAccounts, { metadata: { name: 'robot', namespace: 'default' } });
    expect(await authenticate(token)).toBeUndefined();
  });

  it('ends with its pod', async () => {
    await createPod('robot');
    const token = await tokenOf(boundToPod);
    expect(await authenticate(token)).toMatchObject({
      extra: { 'authentication.kubernetes.io/pod-name': ['a'] },
    });
    await client.delete(pods, { namespace: 'default', name: 'a' }, { gracePeriodSeconds: 0 });
    expect(await authenticate(token)).toBeUndefined();
  });

  it('for others is none for this server', async () => {
    expect(await authenticate(await tokenOf({ audiences: ['vault'] }))).toBeUndefined();
  });

  it('that another key has signed is none', async () => {
    const other = createSigningKey(makeServiceAccountKey());
    const claims = readToken(signToken({ sub: 'a' }, other), other) ?? {};
    expect(claims).toEqual({ sub: 'a' });
    expect(await authenticate(signToken(claims, other))).toBeUndefined();
  });

  it('whose words were changed is none', async () => {
    const [header, payload = '', signature] = (await tokenOf()).split('.');
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const changed = { ...(isJsonObject(claims) ? claims : {}), exp: 99_999_999_999 };
    const text = Buffer.from(JSON.stringify(changed)).toString('base64url');
    expect(await authenticate([header, text, signature].join('.'))).toBeUndefined();
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    expect(await authenticate([unsigned, text, ''].join('.'))).toBeUndefined();
  });

  it.each([{ text: '' }, { text: 'a' }, { text: 'a.b.c' }, { text: '..' }, { text: 'e30.e30.e30' }])(
    'is not any text: "$text"',
    async ({ text }) => {
      expect(await authenticate(text)).toBeUndefined();
    },
  );
});

describe('a request for a token is refused', () => {
  it.each([
    { name: 'for too short', spec: { expirationSeconds: 599 }, message: 'less than 10 minutes' },
    { name: 'for too long', spec: { expirationSeconds: 2 ** 33 }, message: 'larger than 2^32 seconds' },
    {
      name: 'for what it cannot be bound to',
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'ConfigMap', name: 'a' } },
      message: 'cannot bind token for serviceaccount to type v1 ConfigMap',
    },
    { name: 'for a pod that there is not', spec: boundToPod, message: 'pods "a" not found' },
  ])('$name', async ({ spec, message }) => {
    await expect(askToken(spec)).rejects.toThrow(message);
  });

  it('for a pod of another account', async () => {
    await createPod('default');
    await expect(askToken(boundToPod)).rejects.toThrow('pod running with different serviceaccount name');
  });

  it('for a pod of that name that is another one', async () => {
    await createPod('robot');
    const boundObjectRef = { ...boundToPod.boundObjectRef, uid: 'other' };
    await expect(askToken({ boundObjectRef })).rejects.toMatchObject({ reason: 'Conflict' });
  });
});

describe('a node', () => {
  const node = nodeIdentity('one');

  it('gets the token of an account that a pod of its own runs as', async () => {
    const { metadata } = await createPod('robot', 'one');
    const boundObjectRef = { ...boundToPod.boundObjectRef, uid: metadata.uid };
    expect(await askToken({ boundObjectRef }, node)).toMatchObject({ status: { token: expect.stringMatching(/\./) } });
  });

  it.each([
    { name: 'that names no pod', reference: null, why: 'node requested token not bound to a pod' },
    {
      name: 'that names another kind',
      reference: { apiVersion: 'v1', kind: 'Secret', name: 'a', uid: 'x' },
      why: 'node requested token not bound to a pod',
    },
    {
      name: 'that does not say which pod of this name',
      reference: boundToPod.boundObjectRef,
      why: 'node requested token with a pod binding without a uid',
    },
    {
      name: 'for a pod that there is not',
      reference: { ...boundToPod.boundObjectRef, name: 'b', uid: 'x' },
      why: 'pods "b" not found',
    },
    {
      name: 'for a pod of that name that is another one',
      reference: { ...boundToPod.boundObjectRef, uid: 'x' },
      why: 'does not match the UID in record',
    },
  ])('gets none $name', async ({ reference, why }) => {
    await createPod('robot', 'one');
    await expect(askToken({ boundObjectRef: reference }, node)).rejects.toThrow(why);
  });

  it.each([{ nodeName: 'two' }, { nodeName: undefined }])(
    'gets none of a pod that is bound to $nodeName',
    async ({ nodeName }) => {
      const { metadata } = await createPod('robot', nodeName);
      const boundObjectRef = { ...boundToPod.boundObjectRef, uid: metadata.uid };
      await expect(askToken({ boundObjectRef }, node)).rejects.toThrow(
        'node requested token bound to a pod scheduled on a different node',
      );
    },
  );

  it('gets none that does not say which it is', async () => {
    const nobody = { user: 'system:somebody', groups: ['system:nodes'] };
    await expect(askToken(boundToPod, nobody)).rejects.toThrow('could not determine node from user "system:somebody"');
  });
});

describe('a request for a token that is only tried', () => {
  it('is answered like any other, without a token', async () => {
    const tried = await askToken({}, adminIdentity, { dryRun: 'All' });
    expect(tried).toMatchObject({
      kind: 'TokenRequest',
      status: { token: '', expirationTimestamp: formatTime(start + 3_600_000) },
    });
  });

  it('is refused like any other', async () => {
    await expect(askToken({ expirationSeconds: 1 }, adminIdentity, { dryRun: 'All' })).rejects.toThrow('10 minutes');
    await expect(askToken({}, adminIdentity, { dryRun: 'no' })).rejects.toMatchObject({ reason: 'Invalid' });
  });
});
