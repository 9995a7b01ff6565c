import { expect, test } from 'vitest';
import type { ApplicationSpec, CanaryStep } from '../api/application.ts';
import { validateRouter } from './validate-router.ts';

function canary(step: CanaryStep): Partial<ApplicationSpec> {
  return { strategy: { type: 'canary', canary: { steps: [{ setWeight: 10 }, step] } } };
}

const parentRefs = [{ name: 'public' }];
const header = { name: 'x-group', exact: 'beta' };

test.each<[string, string[], Partial<ApplicationSpec>]>([
  ['spec.route.redirectWww', ['gatewayApi', 'istio'], { route: { redirectWww: true } }],
  ['spec.route.compression', ['gatewayApi', 'ingressNginx', 'istio'], { route: { compression: true } }],
  ['spec.route.responseHeaders', ['ingressNginx'], { route: { responseHeaders: { 'X-A': '1' } } }],
  ['spec.route.tls', ['gatewayApi', 'istio'], { route: { tls: { secretName: 'shop-tls' } } }],
  [
    'spec.strategy.recreate.holdSeconds',
    ['gatewayApi', 'ingressNginx', 'istio'],
    { strategy: { type: 'rolling', recreate: { holdSeconds: 5 } } },
  ],
  ['spec.strategy.type', ['ingressNginx'], { strategy: { type: 'recreate' } }],
  ['spec.strategy.type', ['gatewayApi', 'ingressNginx', 'istio'], { strategy: { type: 'rainbow' } }],
  [
    'spec.strategy.canary.stickySeconds',
    ['gatewayApi', 'ingressNginx', 'istio'],
    { strategy: { type: 'canary', canary: { stickySeconds: 60 } } },
  ],
  ['spec.strategy.canary.steps[1].mirror', ['ingressNginx'], canary({ mirror: { percent: 5 } })],
  [
    'spec.strategy.canary.steps[1].match',
    ['ingressNginx'],
    canary({ match: { headers: [header], cookies: [{ name: 'group', exact: 'always' }] } }),
  ],
  ['spec.strategy.canary.steps[1].match', ['ingressNginx'], canary({ match: { cookies: [{ name: 'group' }] } })],
  [
    'spec.strategy.canary.steps[1].match',
    ['gatewayApi', 'ingressNginx', 'istio'],
    canary({ match: { headers: [header, { name: 'X-Group', prefix: 'b' }] } }),
  ],
  [
    'spec.checks[0].provider.gateway',
    ['gatewayApi', 'ingressNginx', 'istio'],
    { checks: [{ name: 'errors', provider: { gateway: { metric: 'errors' } }, successWhen: 'value < 0.1' }] },
  ],
  [
    'spec.strategy.blueGreen.previewHosts',
    ['ingressNginx'],
    {
      route: { hosts: ['*.example.org'] },
      strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['a.example.org'] } },
    },
  ],
])('%s is named where the router is one of %s', (field, routers, spec) => {
  for (const through of ['gatewayApi', 'istio', 'ingressNginx'] as const) {
    const parents = through === 'gatewayApi' ? { parentRefs } : {};
    const faults = validateRouter({ ...spec, route: { ...spec.route, ...parents, through } });
    const isNamed = faults.some((fault) => fault.field === field && fault.message.includes(`through ${through}: `));
    expect({ through, isNamed }).toEqual({ through, isNamed: routers.includes(through) });
  }
  expect(validateRouter({ ...spec, route: { ...spec.route, through: 'gateway' } })).toEqual([]);
});

test('Gateways and the time of propagation belong to routers of other projects', () => {
  const fields = (route: ApplicationSpec['route']): (string | undefined)[] =>
    validateRouter({ route }).map(({ field }) => field);
  expect(fields({ parentRefs, propagationSeconds: 5 })).toEqual([
    'spec.route.parentRefs',
    'spec.route.propagationSeconds',
  ]);
  expect(fields({ through: 'gatewayApi' })).toEqual(['spec.route.parentRefs']);
  expect(fields({ through: 'ingressNginx', parentRefs })).toEqual(['spec.route.parentRefs']);
  expect(fields({ through: 'istio', parentRefs, propagationSeconds: 5 })).toEqual([]);
});

test('without a router nobody does anything to requests', () => {
  const asked = {
    redirectWww: true,
    compression: true,
    responseHeaders: { 'X-A': '1' },
    tls: { secretName: 'shop-tls' },
  };
  const faults = validateRouter({ route: { hosts: ['shop.example.org'], through: 'none', ...asked } });
  expect(faults.map(({ field }) => field)).toEqual(Object.keys(asked).map((name) => `spec.route.${name}`));
  const harmless = { redirectWww: false, compression: false, responseHeaders: {} };
  expect(validateRouter({ route: { hosts: ['shop.example.org'], through: 'none', ...harmless } })).toEqual([]);
});
