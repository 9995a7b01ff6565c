import type { Secret } from '@slipway/kube/api.generated';
import { secrets, serviceAccounts } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingLogger } from '../../../../kube/testing/recording-logger.ts';
import { createControlledCluster, type ControlledCluster } from '../../../testing/controlled-cluster.ts';

const type = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';
const namespace = 'default';
const key = { namespace, name: 'robot-token' };

let cluster: ControlledCluster;

beforeEach(async () => {
  cluster = await createControlledCluster();
});

afterEach(() => cluster.stop());

async function createAccount(): Promise<string> {
  const { metadata } = await cluster.client.create(serviceAccounts, { metadata: { namespace, name: 'robot' } });
  return metadata.uid ?? '';
}

async function createSecret(rest: Partial<Secret> = {}): Promise<void> {
  const metadata = { ...key, annotations: { [nameAnnotation]: 'robot', ...rest.metadata?.annotations } };
  await cluster.client.create(secrets, { ...rest, type, metadata });
  await cluster.advance(1_000);
}

async function find(): Promise<Secret | undefined> {
  const { items } = await cluster.client.list(secrets, { namespace });
  return items.find(({ metadata }) => metadata.name === key.name);
}

async function tokenOf(): Promise<string> {
  return text((await find())?.data?.['token']);
}

function text(data: string | undefined): string {
  return Buffer.from(data ?? '', 'base64').toString();
}

const userOf = async (token: string): Promise<string | undefined> =>
  (await cluster.api.tokens.authenticate(token))?.user;

describe('a Secret of a service account', () => {
  it('is given a token of it, the authority and the namespace', async () => {
    const uid = await createAccount();
    await createSecret();
    const secret = await find();
    expect(secret?.metadata.annotations?.[uidAnnotation]).toBe(uid);
    expect(text(secret?.data?.['ca.crt'])).toBe('authority');
    expect(text(secret?.data?.['namespace'])).toBe(namespace);
    expect(await cluster.api.tokens.authenticate(await tokenOf())).toEqual({
      user: 'system:serviceaccount:default:robot',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
  });

  it('keeps its token, and what else is in it', async () => {
    await createAccount();
    await createSecret({ data: { other: 'eA==' } });
    const token = await tokenOf();
    await cluster.client.patch(secrets, key, { type: 'merge', body: { data: { 'ca.crt': null } } });
    await cluster.advance(1_000);
    const secret = await find();
    expect(text(secret?.data?.['ca.crt'])).toBe('authority');
    expect(text(secret?.data?.['other'])).toBe('x');
    expect(await tokenOf()).toBe(token);
  });

  it('goes where there is no such account', async () => {
    await createSecret();
    expect(await find()).toBeUndefined();
  });

  it('goes where it is for an earlier account of that name', async () => {
    await createAccount();
    await createSecret({ metadata: { annotations: { [uidAnnotation]: 'another' } } });
    expect(await find()).toBeUndefined();
  });

  it('stays where it names no uid', async () => {
    await createAccount();
    await createSecret({ metadata: { annotations: { [uidAnnotation]: '' } } });
    expect(await userOf(await tokenOf())).toBe('system:serviceaccount:default:robot');
  });

  it('goes with its account', async () => {
    await createAccount();
    await createSecret();
    const token = await tokenOf();
    expect(await userOf(token)).toBe('system:serviceaccount:default:robot');
    await cluster.client.delete(serviceAccounts, { namespace, name: 'robot' });
    await cluster.advance(1_000);
    expect(await find()).toBeUndefined();
    expect(await userOf(token)).toBeUndefined();
  });
});

describe('a Secret that nobody may change', () => {
  it('is left as it is, and goes with its account', async () => {
    await cluster.stop();
    const logger = new RecordingLogger();
    cluster = await createControlledCluster({ logger });
    await createAccount();
    await createSecret({ immutable: true });
    expect(logger.lines.filter(({ msg }) => msg.startsWith('reconcile failed'))).toEqual([]);
    expect((await find())?.data).toBeUndefined();
    await cluster.client.delete(serviceAccounts, { namespace, name: 'robot' });
    await cluster.advance(1_000);
    expect(await find()).toBeUndefined();
  });
});

describe('the token of a Secret', () => {
  it('does not end in time, and is for the API server alone', async () => {
    await createAccount();
    await createSecret();
    await cluster.advance(2 * 3_600_000);
    const token = await tokenOf();
    expect(await userOf(token)).toBe('system:serviceaccount:default:robot');
    expect(await cluster.api.tokens.review(token, ['vault'])).toMatchObject({ identity: undefined });
  });

  it('ends when the Secret holds another one', async () => {
    await createAccount();
    await createSecret();
    const token = await tokenOf();
    await cluster.client.patch(secrets, key, { type: 'merge', body: { data: { token: 'eA==' } } });
    expect(await userOf(token)).toBeUndefined();
  });

  it('ends with the Secret', async () => {
    await createAccount();
    await createSecret();
    const token = await tokenOf();
    await cluster.client.delete(secrets, key);
    expect(await userOf(token)).toBeUndefined();
  });
});
