import type { Secret } from '@slipway/kube/api.generated';
import { silentLogger } from '@slipway/kube/logger';
import { secrets } from '@slipway/kube/resources';
import type { Split } from '@slipway/kube/split';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { backend, split } from '../testing/objects.ts';
import { SessionSecrets, type SessionSecretsOptions } from './session-secrets.ts';

let clock: FakeClock;
let cluster: FakeCluster;
let stop: AbortController;
beforeEach(() => {
  clock = new FakeClock();
  cluster = new FakeCluster();
  stop = new AbortController();
});
afterEach(() => stop.abort());

function start(overrides: Partial<SessionSecretsOptions> = {}): SessionSecrets {
  return new SessionSecrets({
    client: cluster.client,
    clock,
    random: () => 0,
    logger: silentLogger,
    signal: stop.signal,
    onChange: () => undefined,
    ...overrides,
  });
}

const secret = (name: string): Secret => ({ metadata: { namespace: 'default', name }, data: {} });

const withSessions = (secretName: string): Split =>
  split('shop', {
    backends: [backend('shop-1', 100)],
    sessions: { cookie: 'session', idleSeconds: 60, secretName },
  });

test('a Secret is known while a Split names it, and no other ever is', async () => {
  for (const name of ['a', 'b', 'c']) cluster.put(secrets, secret(name));
  const asked: (string | undefined)[] = [];
  const list: typeof cluster.client.list = (type, options) => {
    asked.push(`${options?.namespace} ${options?.fieldSelector}`);
    return cluster.client.list(type, options);
  };
  const known = start({ client: { ...cluster.client, list } });
  known.follow([withSessions('a'), withSessions('b'), withSessions('a'), split('plain', {})]);
  await known.firstRead();
  expect(known.get('default', 'a')).toMatchObject(secret('a'));
  expect(known.get('default', 'c')).toBeUndefined();
  expect(asked).toEqual(['default metadata.name=a', 'default metadata.name=b']);
  known.follow([withSessions('b')]);
  expect(known.get('default', 'a')).toBeUndefined();
  expect(known.get('default', 'b')).toMatchObject(secret('b'));
});

test('one that cannot be read keeps nobody waiting for long', async () => {
  const list = (): never => {
    throw new StatusError('Forbidden', 'secrets is forbidden');
  };
  const known = start({ client: { ...cluster.client, list } });
  known.follow([withSessions('a')]);
  let isOver = false;
  const read = known.firstRead().then(() => (isOver = true));
  await clock.advance(4_000);
  expect(isOver).toBe(false);
  await clock.advance(2_000);
  await read;
  expect(known.get('default', 'a')).toBeUndefined();
});
