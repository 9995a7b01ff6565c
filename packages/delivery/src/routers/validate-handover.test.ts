import { expect, test } from 'vitest';
import type { ApplicationSpec } from '../api/application.ts';
import type { Carriers } from '../carriers.ts';
import { validateHandover } from './validate-handover.ts';

const byGateways: Partial<ApplicationSpec> = {
  route: { hosts: ['shop'], through: 'gatewayApi', parentRefs: [{ name: 'public' }] },
};

function faultsIn(spec: Partial<ApplicationSpec>, carriers: Carriers): readonly string[] {
  const split = { metadata: {}, spec: { application: 'shop', rules: [], ...carriers } };
  return validateHandover({ application: { metadata: {}, spec }, split }).map(({ field = '' }) => field);
}

test.each<[string, Partial<ApplicationSpec>, Carriers, readonly string[]]>([
  [
    'what only the next router can do waits for it to carry alone',
    { strategy: { type: 'canary', canary: { stickySeconds: 60 } }, route: { hosts: ['shop'] } },
    { alsoThrough: [{ name: 'istio' }] },
    ['spec.strategy.canary.stickySeconds'],
  ],
  ['what the next router is told itself is nothing to the one before', byGateways, { through: 'ingressNginx' }, []],
])('%s', (_, spec, carriers, fields) => {
  expect(faultsIn(spec, carriers)).toEqual(fields);
});
