import { expect, test } from 'vitest';
import { runHistory } from '../testing/histories.ts';
import type { History } from '../testing/history.ts';
import { rounds } from '../testing/mutants.ts';

const serving: Omit<History, 'strategy' | 'happenings'> = { routed: true, replicas: 2, serving: true };

/** What routers make of a history: they follow late, refuse, and are started anew. */
test.each<[string, History]>([
  [
    'a pod that is wanted again stands in the Service before a gateway has confirmed the way back',
    {
      ...serving,
      strategy: { type: 'canary', canary: { steps: [{ setWeight: 20 }], approximate: true } },
      happenings: [
        { type: 'replicas', count: 1 },
        { type: 'deploy', image: 'b' },
        ...rounds(1),
        { type: 'replicas', count: 3 },
        ...rounds(1),
        { type: 'removed', kind: 'split', index: 0 },
        { type: 'command', verb: 'rollback' },
        { type: 'gatewaySticks' },
        ...rounds(4),
      ],
    },
  ],
  [
    'a router is let go though all gateways that take over are started anew meanwhile: clients find them where they were',
    {
      ...serving,
      strategy: { type: 'blueGreen' },
      happenings: [
        { type: 'through', router: 'istio' },
        ...rounds(20),
        { type: 'through', router: 'gateway' },
        ...rounds(4),
        { type: 'gatewayDies', index: 0 },
        { type: 'gatewayDies', index: 1 },
        { type: 'gatewayReturns', index: 0 },
        { type: 'gatewayReturns', index: 1 },
        ...rounds(10),
      ],
    },
  ],
  [
    'what serves is written down again while a router carries that cannot do what spec asks for by now',
    {
      ...serving,
      strategy: { type: 'blueGreen' },
      happenings: [
        { type: 'through', router: 'gatewayApi' },
        ...rounds(20),
        { type: 'through', router: 'gateway' },
        ...rounds(1),
        { type: 'strategy', strategy: { type: 'recreate', recreate: { holdSeconds: 30 } } },
        { type: 'removed', kind: 'release', index: 0 },
      ],
    },
  ],
])('%s', (_, history) => {
  expect(() => runHistory(history)).not.toThrow();
});
