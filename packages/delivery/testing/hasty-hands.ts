/**
 * Engines that are made reckless on purpose, by the hand that writes for them: what holds for the engine as it is must be seen
 * to break for every one of them.
 */
import type { KubeClient } from '@slipway/kube/client';
import { keyOf } from '@slipway/kube/object';
import { replicaSets } from '@slipway/kube/resources';
import { releaseCommands } from '../src/api/release-command.ts';
import { labels } from '../src/names.ts';

export type Hand = (client: KubeClient) => KubeClient;

const namespace = 'default';

/** Pods that are to leave the traffic go at once, and all that are beside them. */
const letsGo: Hand = (client) => ({
  ...client,
  patch: async (type, key, patch, options) => {
    const written = await client.patch(type, key, patch, options);
    const { labels: own = {} } = written.metadata;
    if (type.kind !== 'Pod' || own[labels.serves] === 'true' || own[labels.release] === undefined) return written;
    const labelSelector = `${labels.release}=${own[labels.release]}`;
    for (const set of (await client.list(replicaSets, { namespace, labelSelector })).items)
      await client.patch(replicaSets, keyOf(set), { type: 'merge', body: { spec: { replicas: 0 } } }, options);
    return written;
  },
});

/** What was asked goes first, and then it is written down what came of it: in between nobody knows. */
const forgets: Hand = (client) => ({
  ...client,
  patch: async (type, key, patch, options) => {
    const said = type.kind === 'Release' ? JSON.stringify(patch.body) : '';
    for (const { metadata } of said === '' ? [] : (await client.list(releaseCommands, { namespace })).items)
      if (said.includes(`"${metadata.name}"`)) await client.delete(releaseCommands, keyOf({ metadata }));
    return client.patch(type, key, patch, options);
  },
});

export const hastyHands = {
  'lets go whoever is to leave': letsGo,
  'forgets commands before it writes down what came of them': forgets,
} as const satisfies Readonly<Record<string, Hand>>;

/** Undefined: the engine's own. */
export function findHand(fault: string | undefined): Hand | undefined {
  if (fault === undefined) return undefined;
  const found = Object.entries(hastyHands).find(([name]) => name === fault);
  if (found !== undefined) return found[1];
  throw new Error(`there is no fault "${fault}", there are ${Object.keys(hastyHands).join(', ')}`);
}
