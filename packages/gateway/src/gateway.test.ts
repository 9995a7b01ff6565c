import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Secret } from '@slipway/kube/api.generated';
import { systemClock } from '@slipway/kube/platform/system-clock';
import type { KubeClient } from '@slipway/kube/client';
import { silentLogger } from '@slipway/kube/logger';
import { endpointSlices, ingresses, leases, secrets, services } from '@slipway/kube/resources';
import {
  countTrafficUntilAnnotation,
  gatewayLeaseLabel,
  gatewayLeaseNamespace,
  observedEndpointsAnnotation,
  type SplitInstanceStatus,
  splits,
  trafficDurationBounds,
} from '@slipway/kube/split';
import { StatusError, type StatusReason } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import { certificate, privateKey } from '../testing/certificate.ts';
import { FakeCluster } from '../testing/fake-cluster.ts';
import { backend, ingress, service, slice, split } from '../testing/objects.ts';
import { bodyOf, eventually, World } from '../testing/world.ts';
import type { ListenAddress } from './listen.ts';
import { Proxy } from './proxy/proxy.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';

let cluster: FakeCluster;
let pods: World;
let gateway: Gateway;
const stop = new AbortController();

async function version(name: string, ready = true): Promise<void> {
  const pod = await pods.backend((_, outgoing) => outgoing.end(name));
  cluster.put(services, service(name));
  cluster.put(endpointSlices, slice(name, [{ ...pod, ready }]));
}

beforeEach(async () => {
  cluster = new FakeCluster();
  pods = new World();
  await version('shop-1');
  await version('shop-2');
  cluster.put(splits, split('shop', { backends: [backend('shop-1', 100), backend('shop-2', 0)] }));
  gateway = await start({ tlsListen: { host: '127.0.0.1', port: 0 }, adminListen: { host: '127.0.0.1', port: 0 } });
});
afterEach(async () => {
  await gateway.close();
  await pods.close();
});

function start(overrides: Partial<GatewayOptions> = {}): Promise<Gateway> {
  return startGateway({
    client: cluster.client,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger,
    instance: 'gateway-a',
    listen: { host: '127.0.0.1', port: 0 },
    signal: stop.signal,
    ...overrides,
  });
}

async function call(port = gateway.port, path = '/', host = 'shop.localhost'): Promise<string> {
  const sent = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false });
  sent.end();
  const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
  return `${message.statusCode} ${message.headers.location ?? (await bodyOf(message))}`;
}

function ownStatus(): SplitInstanceStatus | undefined {
  return cluster.get(splits, { namespace: 'default', name: 'shop' })?.status?.instances?.[0];
}

const shift = (first: number, second: number): unknown =>
  cluster.put(splits, {
    ...split('shop', { backends: [backend('shop-1', first), backend('shop-2', second)] }),
    status: cluster.get(splits, { namespace: 'default', name: 'shop' })?.status,
  });

describe('a split', () => {
  test('is in force when it is confirmed, and that soon after it was asked for', async () => {
    await gateway.close();
    const clock = new FakeClock();
    gateway = await start({ clock });
    expect(await call()).toBe('200 shop-1');
    for (let generation = 2; generation <= 9; generation++) {
      const isSecond = generation % 2 === 0;
      shift(isSecond ? 0 : 100, isSecond ? 100 : 0);
      while (ownStatus()?.observedGeneration !== generation) await clock.advance(1);
      expect(await call()).toBe(isSecond ? '200 shop-2' : '200 shop-1');
    }
    // Had each waited for the next regular report, it would be 4 s.
    expect(clock.monotonic()).toBeLessThan(1_000);
    expect(ownStatus()).toMatchObject({ name: 'gateway-a', inForceSince: expect.stringMatching(/^\d{4}-.*\d{6}Z$/) });
  });

  test('shows what drains until it has drained', async () => {
    const held: (() => void)[] = [];
    const slow = await pods.backend((_, outgoing) => held.push(() => outgoing.end('slow')));
    cluster.put(endpointSlices, slice('shop-1', [slow]));
    await eventually(
      () =>
        observed() ===
        cluster.get(endpointSlices, { namespace: 'default', name: 'shop-1-1' })?.metadata.resourceVersion,
    );
    const answer = call();
    await eventually(() => held.length === 1);
    shift(0, 100);
    await eventually(() => ownStatus()?.backends?.[0]?.openRequests === 1);
    expect(await call()).toBe('200 shop-2');
    for (const release of held) release();
    expect(await answer).toBe('200 slow');
    await eventually(() => ownStatus()?.backends?.[0]?.openRequests === 0);
  });

  test('shows what was counted while it is asked for, and no longer', async () => {
    const counted = (until: number): void => {
      const known = cluster.get(splits, { namespace: 'default', name: 'shop' });
      const annotations = { [countTrafficUntilAnnotation]: new Date(until).toISOString() };
      if (known !== undefined) cluster.put(splits, { ...known, metadata: { ...known.metadata, annotations } });
    };
    expect(await call()).toBe('200 shop-1');
    await eventually(() => ownStatus()?.observedGeneration === 1);
    expect(ownStatus()).not.toHaveProperty('traffic');
    counted(Date.now() + 60_000);
    await eventually(() => ownStatus()?.traffic?.find((each) => each.version === '1')?.requests === 1);
    expect(await call()).toBe('200 shop-1');
    await eventually(() => ownStatus()?.traffic?.find((each) => each.version === '1')?.requests === 2);
    const { durations = [] } = ownStatus()?.traffic?.find((each) => each.version === '1') ?? {};
    expect(durations).toHaveLength(trafficDurationBounds.length + 1);
    expect(durations.reduce((sum, count) => sum + count, 0)).toBe(2);
    counted(Date.now() - 1);
    await eventually(() => ownStatus()?.traffic === undefined);
  });

  test('that is deleted is no longer served', async () => {
    cluster.remove(splits, { namespace: 'default', name: 'shop' });
    await eventuallyCalled('404');
    expect(await call()).toContain('no route for shop.localhost/');
  });

  async function eventuallyCalled(status: string): Promise<void> {
    while (!(await call()).startsWith(status));
  }
});

function observed(): string | undefined {
  return cluster.get(leases, { namespace: gatewayLeaseNamespace, name: 'gateway-a' })?.metadata.annotations?.[
    observedEndpointsAnnotation
  ];
}

describe('the lease', () => {
  test('names the change of endpoints up to which routing is current', async () => {
    await version('shop-1', false);
    const changed = cluster.revision;
    await eventually(() => Number(observed() ?? 0) >= changed);
    expect(await call()).toMatch(/^503/);
    expect(cluster.get(leases, { namespace: gatewayLeaseNamespace, name: 'gateway-a' })).toMatchObject({
      metadata: { labels: { [gatewayLeaseLabel]: 'true' } },
      spec: { holderIdentity: 'gateway-a', leaseDurationSeconds: 15 },
    });
  });

  test('is gone when the gateway is', async () => {
    await eventually(() => observed() !== undefined);
    await gateway.close();
    expect(observed()).toBeUndefined();
  });

  test('is waited for no longer than a moment where the server has fallen silent', async () => {
    const clock = new FakeClock();
    const asked = Promise.withResolvers<void>();
    const silent: KubeClient['delete'] = async (_type, _key, { signal } = {}) => {
      asked.resolve();
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
      throw new Error('never answered');
    };
    const other = await start({ instance: 'gateway-b', clock, client: { ...cluster.client, delete: silent } });
    await eventually(() => cluster.get(leases, { namespace: gatewayLeaseNamespace, name: 'gateway-b' }) !== undefined);
    const closing = other.close();
    await asked.promise;
    await clock.advance(1_000);
    await closing;
  });
});

test('redirects to the host with or without www', async () => {
  cluster.put(splits, split('shop', { redirectWww: true, backends: [backend('shop-1', 100)] }));
  await eventually(() => ownStatus()?.observedGeneration === 2);
  expect(await call(gateway.port, '/a?b', 'www.shop.localhost:8080')).toBe('308 http://shop.localhost:8080/a?b');
});

test('serves its counts to Prometheus', async () => {
  await call();
  const text = await call(gateway.adminPort, '/metrics');
  expect(text).toContain(
    'slipway_gateway_requests_total{namespace="default",application="shop",service="shop-1",version="1",code_class="2xx"} 1',
  );
  expect(text).toContain(
    'slipway_gateway_request_duration_seconds_bucket{namespace="default",application="shop",service="shop-1",version="1",le="+Inf"} 1',
  );
  expect(await call(gateway.adminPort, '/healthz')).toBe('200 ok\n');
});

test('says which port is taken, and leaves no Lease behind', async () => {
  const listen = { host: '127.0.0.1', port: gateway.port };
  await expect(start({ instance: 'gateway-b', listen })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${gateway.port}: another program uses the port`,
  );
  expect(cluster.get(leases, { namespace: gatewayLeaseNamespace, name: 'gateway-b' })).toBeUndefined();
});

describe('a start', () => {
  /** The API as it is, but for lists of Splits, which fail until `mend` is called. */
  function failingSplits(reason: StatusReason): { client: KubeClient; mend: () => void } {
    let isBroken = true;
    const list: KubeClient['list'] = async (type, selection) => {
      if (isBroken && type.plural === splits.plural) throw new StatusError(reason, 'no Splits now');
      return cluster.client.list(type, selection);
    };
    return { client: { ...cluster.client, list }, mend: () => (isBroken = false) };
  }

  test('waits for the Splits, however long it takes, so that it sends no request of theirs away', async () => {
    const clock = new FakeClock();
    const { client, mend } = failingSplits('ServiceUnavailable');
    const served: Gateway[] = [];
    const starting = start({ instance: 'gateway-b', client, clock }).then((late) => served.push(late));
    await clock.advance(60_000);
    expect(served).toEqual([]);
    mend();
    await clock.advance(20_000);
    await starting;
    const [late = gateway] = served;
    expect(await call(late.port)).toBe('200 shop-1');
    await late.close();
  });

  test('does without them where the cluster does not know the kind, and serves them when it does', async () => {
    const clock = new FakeClock();
    const { client, mend } = failingSplits('NotFound');
    cluster.put(ingresses, ingress('web', [{ host: 'web.localhost', path: '/', service: 'shop-2' }]));
    const without = await start({ instance: 'gateway-b', client, clock });
    expect(await call(without.port, '/', 'web.localhost')).toBe('200 shop-2');
    expect(await call(without.port)).toMatch(/^404/);
    mend();
    while (!(await call(without.port)).startsWith('200')) await clock.advance(1_000);
    await without.close();
  });
});

test('a gateway that is ended while it begins to listen leaves nothing open', async () => {
  const { address: host, port } = await pods.deadEndpoint();
  const ending = new AbortController();
  const clock = new FakeClock();
  class EndedProxy extends Proxy {
    override listen(address: ListenAddress): Promise<number> {
      const listening = super.listen(address);
      ending.abort(new Error('ended'));
      return listening;
    }
  }
  const dataPlane = new EndedProxy({ clock, random: Math.random });
  const starting = start({
    instance: 'gateway-b',
    listen: { host, port },
    signal: ending.signal,
    dataPlane,
  });
  await expect(starting).rejects.toThrow('ended');
  expect(clock.pendingTimers).toBe(0);
  await expect(once(connect({ host, port }), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

describe('sessions', () => {
  const key = { namespace: 'default', name: 'shop-sessions' };
  const rule = {
    backends: [backend('shop-1', 100), backend('shop-2', 0)],
    sessions: { cookie: 'session', idleSeconds: 60, secretName: key.name },
  };
  const secret = (): Secret => ({ metadata: key, data: { key: Buffer.alloc(32, 7).toString('base64') } });

  async function cookie(port = gateway.port): Promise<string | undefined> {
    const sent = request({ host: '127.0.0.1', port, headers: { host: 'shop.localhost' }, agent: false });
    sent.end();
    const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
    message.resume();
    return message.headers['set-cookie']?.[0];
  }

  test('begin when their Secret is there, end when it is not, and say why', async () => {
    cluster.put(splits, split('shop', rule));
    const why = 'SessionsNotInForce: Secret default/shop-sessions does not exist';
    await eventually(() => ownStatus()?.observedGeneration === 2);
    expect(ownStatus()?.conflicts).toEqual([expect.stringContaining(why)]);
    expect(await cookie()).toBeUndefined();
    cluster.put(secrets, secret());
    await eventually(() => ownStatus()?.conflicts === undefined);
    expect(await cookie()).toMatch(/^session=[\w-]+\.shop-1\./);
    await eventually(() => ownStatus()?.backends?.[0]?.sessions === 1);
    cluster.remove(secrets, key);
    await eventually(() => ownStatus()?.conflicts !== undefined);
    expect(await cookie()).toBeUndefined();
  });

  test('are in force from the first request that a new instance answers', async () => {
    cluster.put(secrets, secret());
    cluster.put(splits, split('shop', rule));
    await eventually(() => ownStatus()?.observedGeneration === 2);
    const second = await start({ instance: 'gateway-b' });
    expect(await cookie(second.port)).toMatch(/^session=/);
    await second.close();
  });
});

describe('TLS', () => {
  function callTls(servername: string): Promise<string> {
    const sent = requestTls({
      host: '127.0.0.1',
      port: gateway.tlsPort,
      servername,
      headers: { host: servername },
      rejectUnauthorized: false,
      agent: false,
    });
    sent.end();
    return (once(sent, 'response') as Promise<[IncomingMessage]>).then(
      async ([message]) => `${message.statusCode} ${await bodyOf(message)}`,
    );
  }

  test('ends with the certificate of the host, from its Secret', async () => {
    const pod = await pods.backend((incoming, outgoing) => outgoing.end(incoming.headers['x-forwarded-proto']));
    cluster.put(endpointSlices, slice('shop-1', [pod]));
    cluster.put(secrets, tlsSecret('shop-tls'));
    cluster.put(splits, split('shop', { tls: { secretName: 'shop-tls' }, backends: [backend('shop-1', 100)] }));
    await eventually(() => ownStatus()?.observedGeneration === 2);
    expect(await callTls('shop.localhost')).toBe('200 https');
  });

  test('is refused for a name without a certificate', async () => {
    await expect(callTls('other.localhost')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

function tlsSecret(name: string): Secret {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  return {
    type: 'kubernetes.io/tls',
    metadata: { namespace: 'default', name },
    data: { 'tls.crt': encode(certificate), 'tls.key': encode(privateKey) },
  };
}
