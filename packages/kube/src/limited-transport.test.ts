import { beforeEach, describe, expect, test } from 'vitest';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import { limitTransport } from './limited-transport.ts';
import type { Transport } from './transport.ts';

let clock: FakeClock;
let sent: string[];
let transport: Transport;
let busy: { readonly status: number; readonly headers: Record<string, string> } | undefined;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  busy = undefined;
  const answers: Transport = {
    send: async ({ method, path }) => {
      sent.push(`${method} ${path.split('/').at(-1) ?? ''}`);
      return { ...(busy ?? { status: 200, headers: {} }), body: { kind: 'json', value: {} } };
    },
  };
  transport = limitTransport(answers, { clock, perSecond: 10, burst: 5 });
});

const pods = '/api/v1/namespaces/a/pods';

function ask(method: string, path: string, signal?: AbortSignal): Promise<unknown> {
  return transport.send({ method, path, query: new URLSearchParams(), headers: {}, signal });
}

async function askTimes(count: number, method = 'GET', path = pods): Promise<void> {
  for (let n = 0; n < count; n += 1) void ask(method, path);
  await settle();
}

async function pass(milliseconds: number): Promise<void> {
  await clock.advance(milliseconds);
  await settle();
}

describe('a limited transport', () => {
  test('lets a burst through at once and the rest one by one', async () => {
    await askTimes(8);
    expect(sent).toHaveLength(5);
    await pass(100);
    expect(sent).toHaveLength(6);
    await pass(200);
    expect(sent).toHaveLength(8);
  });

  test('has its burst again after a while, and no more than that', async () => {
    await askTimes(5);
    await pass(60_000);
    await askTimes(20);
    expect(sent).toHaveLength(10);
    // Every promise that was begun is settled.
    await pass(2_000);
    expect(sent).toHaveLength(25);
  });

  test('sends nothing for as long as the API server asks, but what keeps the leadership', async () => {
    busy = { status: 429, headers: { 'retry-after': '3' } };
    await askTimes(1);
    busy = undefined;
    await askTimes(2);
    await askTimes(1, 'PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/l');
    await pass(2_900);
    expect(sent).toEqual(['GET pods', 'PUT l']);
    await pass(300);
    expect(sent).toHaveLength(4);
  });

  test('does not take the answer of a pod for that of the API server', async () => {
    busy = { status: 429, headers: { 'retry-after': '3' } };
    await askTimes(2, 'GET', `${pods}/x/proxy/health`);
    expect(sent).toHaveLength(2);
  });

  test('lets writes go first, then reads, and events last', async () => {
    await askTimes(5);
    sent.length = 0;
    await askTimes(1, 'POST', '/api/v1/namespaces/a/events');
    await askTimes(1, 'GET', '/api/v1/namespaces/a/secrets');
    await askTimes(1, 'PATCH', '/apis/slipway.dev/v1alpha1/namespaces/a/splits/shop');
    await askTimes(1, 'GET', '/api/v1/namespaces/a/pods/web/proxy/health');
    for (let n = 0; n < 4; n += 1) await pass(100);
    expect(sent).toEqual(['PATCH shop', 'GET health', 'GET secrets', 'POST events']);
  });

  test('never holds up a lease', async () => {
    await askTimes(30);
    sent.length = 0;
    await askTimes(1, 'PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/slipway-controller');
    expect(sent).toEqual(['PUT slipway-controller']);
    await pass(5_000);
  });

  test('gives up a request whose signal aborts, and its place', async () => {
    await askTimes(5);
    const abort = new AbortController();
    const given = ask('PATCH', `${pods}/first`, abort.signal);
    const next = ask('PATCH', `${pods}/second`);
    abort.abort(new Error('the leadership is over'));
    await expect(given).rejects.toThrow('the leadership is over');
    await pass(100);
    await next;
    expect(sent.slice(5)).toEqual(['PATCH second']);
  });

  test('refuses to let requests pile up without bound', async () => {
    const all = Promise.allSettled(Array.from({ length: 10_006 }, () => ask('GET', pods)));
    await settle();
    await expect(ask('GET', pods)).rejects.toThrow('10000 requests wait already for the limit of 10 a second');
    await pass(1_001_000);
    const outcomes = await all;
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });
});
