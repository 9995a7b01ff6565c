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
])('%s', (_, history) => {
  expect(() => runHistory(history)).not.toThrow();
});
