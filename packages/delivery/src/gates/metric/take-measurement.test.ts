/** Over real connections on this machine. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { StatusError } from '@slipway/kube/status-error';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import type { Check, CheckProvider } from '../../api/check.ts';
import { startCheck } from './check-state.ts';
import { createHttpGet } from './http-get.ts';
import { loadCompile } from './load-compile.ts';
import { takeMeasurement, type MeasuringPorts } from './take-measurement.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let handler: Handler;
let address: string;
let server: ReturnType<typeof createServer>;
const asked: IncomingMessage[] = [];

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push(request);
    handler(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = server.address();
  address = `http://127.0.0.1:${typeof found === 'object' ? found?.port : ''}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const compile = await loadCompile();
const token = 'a-token-that-nobody-may-see';
const stored: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  token: { token },
  basic: { username: 'ada', password: 'love-lace' },
  empty: {},
};

function ports(more: Partial<MeasuringPorts> = {}): MeasuringPorts {
  return {
    clock: systemClock,
    httpGet: createHttpGet({ clock: systemClock, loopback: true }),
    compile,
    readSecret: (name) => {
      const data = stored[name];
      if (data === undefined) return Promise.reject(new StatusError('NotFound', `secrets "${name}" not found`));
      const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]);
      return Promise.resolve({ metadata: { name }, data: Object.fromEntries(encoded) });
    },
    ...more,
  };
}

const subject = {
  namespace: 'default',
  application: 'shop',
  candidate: { version: '2', service: 'shop-2' },
  stable: { version: '1', service: 'shop-1' },
};

function measure(provider: CheckProvider, more: Partial<Check> = {}, given: MeasuringPorts = ports()) {
  const check: Check = { name: 'errors', provider, successWhen: 'value < 0.05', ...more };
  const state = startCheck({ check, during: 'release', attempt: 1, patienceSeconds: 600, now: 0 });
  return takeMeasurement({ check, state, subject, split: undefined, signal: new AbortController().signal }, given);
}

function prometheus(more: object = {}): CheckProvider {
  return { prometheus: { address, query: 'errors{v="{{version}}"}', ...more } };
}

function web(more: object = {}): CheckProvider {
  return { web: { url: `${address}/{{version}}/m?x={{stable}}`, jsonPath: '$.rate', ...more } };
}

function series(value: string): string {
  return JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: [{ metric: {}, value: [1, value] }] },
  });
}

describe('a measurement', () => {
  test('of Prometheus asks an instant query for the version, and keeps it as it was sent', async () => {
    handler = (_, response) => response.end(series('0.01'));
    const taken = await measure(prometheus());
    expect(taken).toMatchObject({
      measurement: { number: 1, outcome: 'passed', value: '0.01', samples: 1 },
      query: 'errors{v="2"}',
    });
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /api/v1/query?query=errors%7Bv%3D%222%22%7D',
    ]);
    expect(asked[0]?.headers).toMatchObject({ accept: 'application/json', 'user-agent': 'slipway' });
  });

  test('with baseline asks the same of stable', async () => {
    handler = ({ url = '' }, response) => response.end(series(url.includes('%222%22') ? '0.07' : '0.01'));
    const taken = await measure(prometheus(), { baseline: true, successWhen: 'value <= baseline' });
    expect(taken).toMatchObject({
      measurement: { outcome: 'failed', value: '0.07', baseline: '0.01' },
      query: 'errors{v="2"}',
      baselineQuery: 'errors{v="1"}',
    });
  });

  test('of a web server reads a number by its path', async () => {
    handler = (_, response) => response.end('{"rate": 0.2}');
    const taken = await measure(web({ headers: { 'X-Tenant': 'shop' } }));
    expect(taken).toMatchObject({ measurement: { outcome: 'failed', value: '0.2' }, query: `${address}/2/m?x=1` });
    expect(asked[0]?.headers['x-tenant']).toBe('shop');
  });

  test.each<[rule: string, answer: Handler, reason: RegExp]>([
    [
      'follows no redirect',
      (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      /answered 302: redirects/,
    ],
    ['reads no endless answer', (_, response) => response.end('x'.repeat(1_100_000)), /longer than 1048576 bytes/],
    [
      'survives an answer that breaks off',
      ({ socket }, response) => response.write('{"ra', () => socket.destroy()),
      /aborted/,
    ],
    [
      'says who does not answer',
      ({ socket }) => socket.destroy(),
      /^127\.0\.0\.1:\d+ could not be asked: socket hang up/,
    ],
    [
      'tells an answer that is no 2xx',
      (_, response) => response.writeHead(500).end('{"rate": 0}'),
      /answered 500, expected 2xx/,
    ],
  ])('%s', async (_, answer, reason) => {
    handler = answer;
    const { measurement } = await measure(web());
    expect(measurement).toMatchObject({ outcome: 'error', reason: expect.stringMatching(reason) });
    expect(asked).toHaveLength(1);
  });

  test('waits ten seconds and no longer, for the head and for the body', async () => {
    for (const answer of ['nothing', 'a beginning']) {
      const clock = new FakeClock();
      const arrived = Promise.withResolvers<void>();
      handler = (_, response) => {
        if (answer === 'a beginning') response.write('{"rate":');
        arrived.resolve();
      };
      const taking = measure(web(), {}, ports({ clock, httpGet: createHttpGet({ clock, loopback: true }) }));
      await arrived.promise;
      await clock.advance(10_000);
      const { measurement } = await taking;
      expect(measurement).toMatchObject({ outcome: 'error', reason: expect.stringContaining('no answer within 10 s') });
      expect(clock.pendingTimers).toBe(0);
    }
  });

  test("is not led to loopback where the machine is not its author's", async () => {
    const httpGet = createHttpGet({ clock: systemClock, loopback: false });
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433']) {
      const url = `${address.replace('127.0.0.1', host)}/`;
      const { measurement } = await measure({ web: { url, jsonPath: '$.rate' } }, {}, ports({ httpGet }));
      expect(measurement.reason).toContain('is an address that checks may not lead to');
    }
    expect(asked).toEqual([]);
  });
});

describe('credentials', () => {
  test.each([
    ['token', `Bearer ${token}`],
    ['basic', 'Basic YWRhOmxvdmUtbGFjZQ=='],
  ])('from a Secret with %s are sent', async (name, header) => {
    handler = (_, response) => response.end(series('0'));
    const { measurement } = await measure(prometheus({ insecure: true, secretRef: { name } }));
    expect(measurement.outcome).toBe('passed');
    expect(asked[0]?.headers.authorization).toBe(header);
  });

  test.each(['token', 'basic'])(
    'from a Secret with %s are not told, even where the server tells them',
    async (name) => {
      handler = ({ headers }, response) =>
        response
          .writeHead(401)
          .end(JSON.stringify({ status: 'error', error: `no access for ${headers.authorization}` }));
      const taken = await measure(prometheus({ insecure: true, secretRef: { name } }));
      expect(taken.measurement.reason).toMatch(/no access for (Bearer|Basic) \*\*\*$/);
      expect(JSON.stringify(taken)).not.toMatch(/a-token|love-lace|YWRhOm/);
    },
  );

  test.each([
    ['none', 'secrets "none" not found'],
    ['empty', 'the Secret empty has none of the keys that are expected: token, or username and password, or ca.crt'],
  ])('that cannot be read from the Secret %s ask nobody', async (name, reason) => {
    const { measurement } = await measure(prometheus({ insecure: true, secretRef: { name } }));
    expect(measurement).toMatchObject({ outcome: 'error', reason });
    expect(asked).toEqual([]);
  });

  test('are not sent without TLS', async () => {
    const { measurement } = await measure(prometheus({ secretRef: { name: 'token' } }));
    expect(measurement).toMatchObject({ outcome: 'error', reason: expect.stringContaining('by https only') });
    expect(asked).toEqual([]);
  });
});
