import type { EndpointSlice, Ingress } from '@slipway/kube/api.generated';
import type { Split } from '@slipway/kube/split';
import { describe, expect, test } from 'vitest';
import { backend, ingress, service, slice, split } from '../../testing/objects.ts';
import { buildRoutes } from './build-routes.ts';
import { matchRoute, type RoutingTable } from './routing-table.ts';

const pod = (number: number): { address: string; port: number } => ({ address: `10.0.0.${number}`, port: 8080 });

function build(state: {
  splits?: Split[];
  ingresses?: Ingress[];
  slices?: EndpointSlice[];
  sessionKey?: string;
}): RoutingTable {
  const { splits = [], ingresses = [], slices = [], sessionKey } = state;
  return buildRoutes({
    splits,
    ingresses,
    service: (_, name) => (name === 'missing' ? undefined : service(name)),
    sessionSecret: (_, name) =>
      sessionKey === undefined || name === 'missing' ? undefined : { metadata: { name }, data: { key: sessionKey } },
    slices: (_, name) => slices.filter((one) => one.metadata.labels?.['kubernetes.io/service-name'] === name),
  });
}

/** The service that answers. */
function served(table: RoutingTable, host: string, path: string): string | undefined {
  const match = matchRoute(table, host, path);
  if (match.kind === 'redirect') return `redirect to ${match.host}`;
  return match.kind === 'rule' ? match.rule.backends[0]?.service : undefined;
}

describe('the rule of a request', () => {
  const table = build({
    ingresses: [
      ingress('all', [
        { host: 'shop.example.org', path: '/', service: 'root' },
        { host: 'shop.example.org', path: '/cart/', service: 'cart' },
        { host: 'shop.example.org', path: '/cart', pathType: 'Exact', service: 'exact' },
        { host: 'shop.example.org', path: '/any', pathType: 'ImplementationSpecific', service: 'any' },
        { host: '*.example.org', path: '/', service: 'wildcard' },
        { path: '/status', service: 'everywhere' },
      ]),
      { ...ingress('fallback', []), spec: { defaultBackend: { service: { name: 'default', port: { number: 80 } } } } },
      {
        ...ingress('foreign', [{ host: 'shop.example.org', path: '/x', service: 'foreign' }]),
        spec: { ingressClassName: 'nginx', rules: [] },
      },
    ],
  });
  const cases: [string, string, string, string][] = [
    ['the exact host before the wildcard', 'shop.example.org', '/', 'root'],
    ['the longest path', 'shop.example.org', '/cart/1', 'cart'],
    ['exact before prefix of the same length', 'shop.example.org', '/cart', 'exact'],
    ['prefixes by whole elements', 'shop.example.org', '/carton', 'root'],
    ['implementation-specific as prefix', 'shop.example.org', '/any/thing', 'any'],
    ['the wildcard for one label', 'other.example.org', '/', 'wildcard'],
    ['the default for two labels', 'a.b.example.org', '/', 'default'],
    ['no wildcard for the bare domain', 'example.org', '/', 'default'],
    ['a rule without host for hosts that nobody names', 'unknown', '/status/x', 'everywhere'],
    ['the default backend for what no path matches', 'unknown', '/', 'default'],
  ];
  test.for(cases)('is %s', ([, host, path, expected]) => {
    expect(served(table, host, path)).toBe(expected);
  });

  test('is none where there is no default backend', () => {
    expect(served(build({}), 'shop', '/')).toBeUndefined();
  });
});

describe('a host and path', () => {
  const old = split('old', { hosts: ['shop.localhost'], backends: [backend('old-1', 100)] }, '2026-01-01T00:00:00Z');
  const young = split(
    'young',
    { hosts: ['Shop.localhost', 'young.localhost'], backends: [backend('young-1', 100)] },
    '2026-01-02T00:00:00Z',
  );

  test('belongs to the oldest claimant, and the other is told by name', () => {
    const table = build({ splits: [young, old] });
    expect(served(table, 'shop.localhost', '/')).toBe('old-1');
    expect(served(table, 'young.localhost', '/')).toBe('young-1');
    expect(table.splits.map(({ name, conflicts }) => [name, conflicts])).toEqual([
      ['young', ['RouteConflict: host shop.localhost, path / belongs to Application default/old, which is older']],
      ['old', []],
    ]);
    expect(table.splits.map(({ unservedRules }) => unservedRules)).toEqual([[], []]);
  });

  test('leaves a rule unserved only where every host and path of it is taken', () => {
    const rule = { hosts: ['shop.localhost'], backends: [backend('late-1', 100)] };
    const free = split('late', rule, '2026-01-04T00:00:00Z');
    const late = {
      ...free,
      spec: { ...free.spec, rules: [...free.spec.rules, { ...rule, hosts: ['free.localhost'], paths: [] }] },
    };
    expect(build({ splits: [old, late] }).splits.map(({ unservedRules }) => unservedRules)).toEqual([[], [0]]);
  });

  test('is left to the router of another project where the Split goes through that', () => {
    const foreign = { ...old, spec: { ...old.spec, through: 'gatewayApi' as const } };
    const table = build({ splits: [young, foreign] });
    expect(served(table, 'shop.localhost', '/')).toBe('young-1');
    expect(table.splits.map(({ name }) => name)).toEqual(['young']);
  });

  test('goes to the next claimant when the oldest is gone', () => {
    expect(served(build({ splits: [young] }), 'shop.localhost', '/')).toBe('young-1');
  });

  test('may be shared out by path', () => {
    const api = split(
      'api',
      { hosts: ['shop.localhost'], paths: ['/api/'], backends: [backend('api-1', 100)] },
      '2026-01-03T00:00:00Z',
    );
    const table = build({ splits: [old, api] });
    expect(served(table, 'shop.localhost', '/api')).toBe('api-1');
    expect(table.splits[1]?.conflicts).toEqual([]);
  });
});

describe('www', () => {
  test('is redirected in both directions, unless the other host is served itself', () => {
    const table = build({
      splits: [
        split('a', { hosts: ['a.org', 'www.b.org', 'c.org'], redirectWww: true }),
        split('c', { hosts: ['www.c.org'], backends: [backend('c-1', 100)] }),
      ],
    });
    expect(served(table, 'www.a.org', '/')).toBe('redirect to a.org');
    expect(served(table, 'b.org', '/')).toBe('redirect to www.b.org');
    expect(served(table, 'www.c.org', '/')).toBe('c-1');
  });

  test('is redirected by the annotation of ingress-nginx', () => {
    const annotated = ingress('a', [{ host: 'a.org', path: '/', service: 'a' }]);
    const annotations = { 'nginx.ingress.kubernetes.io/from-to-www-redirect': 'true' };
    const table = build({ ingresses: [{ ...annotated, metadata: { ...annotated.metadata, annotations } }] });
    expect(served(table, 'www.a.org', '/')).toBe('redirect to a.org');
  });
});

describe('endpoints', () => {
  const backendOf = (slices: EndpointSlice[], port: string | number = 'http', name = 'shop-1') =>
    build({ splits: [split('shop', { backends: [{ ...backend(name, 100), port }] })], slices }).rules[0]?.backends[0];
  const endpointsOf = (...given: Parameters<typeof backendOf>) => backendOf(...given)?.endpoints;

  test('are the ready ones that do not terminate, each once', () => {
    const slices = [
      slice('shop-1', [pod(1), { ...pod(2), ready: false }, { ...pod(3), terminating: true }, pod(4)]),
      slice('shop-1', [pod(4)]),
      slice('shop-2', [pod(5)]),
    ];
    expect(endpointsOf(slices)).toEqual([pod(1), pod(4)]);
  });

  test('that terminate and serve still are known beside them', () => {
    const [ready, terminating] = [false, true];
    const pods = [
      pod(1),
      { ...pod(2), ready, serving: true, terminating },
      { ...pod(3), ready, serving: false, terminating },
      { ...pod(4), ready, terminating },
      { ...pod(5), ready, serving: true },
    ];
    expect(backendOf([slice('shop-1', pods)])).toMatchObject({ endpoints: [pod(1)], leaving: [pod(2)] });
  });

  test('are found by the number of the port too', () => {
    expect(endpointsOf([slice('shop-1', [pod(1)])], 80)).toEqual([pod(1)]);
  });

  test('are none for a port or Service that does not exist', () => {
    expect(endpointsOf([slice('shop-1', [pod(1)])], 'admin')).toEqual([]);
    expect(endpointsOf([slice('missing', [pod(1)])], 'http', 'missing')).toEqual([]);
  });
});

test('a response header with a line end is left out', () => {
  const table = build({
    splits: [split('shop', { responseHeaders: { 'X-Good': 'a', 'X-Bad': 'a\r\nSet-Cookie: b', 'X Bad': 'a' } })],
  });
  expect([...(table.rules[0]?.responseHeaders ?? [])]).toEqual([['X-Good', 'a']]);
});

test.for([
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Keep-Alive',
  'Upgrade',
  'TE',
  'Trailer',
  'Content-Encoding',
])('the header %s, which says how an answer is to be read, stays out of the table', (name) => {
  const table = build({ splits: [split('shop', { responseHeaders: { [name]: '1', 'X-Good': 'a' } })] });
  expect([...(table.rules[0]?.responseHeaders ?? [])]).toEqual([['X-Good', 'a']]);
});

describe('what takes more than weights', () => {
  const backends = [backend('shop-1', 100), backend('shop-2', 0)];

  test('is not there where nobody asks for it', () => {
    const [rule] = build({ splits: [split('shop', { backends })] }).rules;
    expect(Object.keys(rule ?? {}).toSorted()).toEqual(['backends', 'compression', 'responseHeaders']);
  });

  test('is a match for a backend of the rule, with headers in lower case and values as heads are read', () => {
    const table = build({
      splits: [
        split('shop', {
          backends,
          matches: [
            { headers: [{ name: 'X-Group', exact: 'é' }], service: 'shop-2' },
            { cookies: [{ name: 'Group', prefix: 'b' }, { name: 'x' }], service: 'shop-1' },
            { service: 'shop-3' },
          ],
        }),
      ],
    });
    expect(table.rules[0]?.matches).toEqual([
      { headers: [{ name: 'x-group', kind: 'exact', value: 'Ã©' }], cookies: [], service: 'shop-2' },
      {
        headers: [],
        cookies: [
          { name: 'Group', kind: 'prefix', value: 'b' },
          { name: 'x', kind: 'present', value: '' },
        ],
        service: 'shop-1',
      },
    ]);
    expect(table.splits[0]?.conflicts).toEqual([
      'MatchNotInForce: requests are matched for Service shop-3, which is no backend of the rule',
    ]);
    expect(table.splits[0]?.unservedRules).toEqual([]);
  });

  test('is a mirror with the endpoints that are ready, also one that is no backend', () => {
    const mirror = { service: 'shop-3', port: 'http', version: '3', percent: 20 };
    const [rule] = build({ splits: [split('shop', { backends, mirror })], slices: [slice('shop-3', [pod(7)])] }).rules;
    expect(rule?.mirror).toMatchObject({ percent: 20, backend: { version: '3', endpoints: [pod(7)], weight: 0 } });
  });

  const sessions = { cookie: 'session', idleSeconds: 60, secretName: 'shop-sessions' };
  const key = Buffer.alloc(32, 1);

  test('is sessions, with the key that signs them', () => {
    const table = build({ splits: [split('shop', { backends, sessions })], sessionKey: key.toString('base64') });
    expect(table.rules[0]?.sessions).toEqual({ cookie: 'session', idleSeconds: 60, key, scope: 'default/shop' });
    expect(table.splits[0]).toMatchObject({ hasSessions: true, conflicts: [] });
  });

  test('is no sessions without a key that signs, and why', () => {
    const cases = [
      { sessionKey: key.toString('base64'), secretName: 'missing', cause: 'Secret default/missing does not exist' },
      { sessionKey: '', secretName: 'empty', cause: 'Secret default/empty has no data.key of 16 bytes or more' },
      {
        sessionKey: 'c2hvcnQ=',
        secretName: 'short',
        cause: 'Secret default/short has no data.key of 16 bytes or more',
      },
    ];
    for (const { sessionKey, secretName, cause } of cases) {
      const table = build({ splits: [split('shop', { backends, sessions: { ...sessions, secretName } })], sessionKey });
      expect(table.rules[0]?.sessions).toBeUndefined();
      expect(table.splits[0]).toMatchObject({
        hasSessions: false,
        conflicts: [expect.stringContaining(`SessionsNotInForce: ${cause}`)],
        unservedRules: [],
      });
    }
  });
});
