import type { Pod } from '@slipway/kube/api.generated';
import { pods } from '@slipway/kube/resources';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, expect, it, vi } from 'vitest';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { shareSources, type AgentSources } from './agent-sources.ts';

const stop = new AbortController();
const running: MemoryCluster[] = [];

afterEach(async () => {
  stop.abort();
  for (const cluster of running.splice(0)) await cluster.close();
});

function podOn(nodeName: string): Pod {
  return {
    metadata: { name: 'web', namespace: 'default' },
    spec: { nodeName, containers: [{ name: 'web', image: 'web:1' }] },
  };
}

/** What the node hears of: `+` for a pod that came, `-` for one that went. */
function listenTo(sources: AgentSources): readonly string[] {
  const heard: string[] = [];
  sources.onPodChange(({ old, current }) => heard.push(current === undefined ? '-' : old === undefined ? '+' : '~'));
  return heard;
}

it('tells every node of its own pods alone, also where one comes back on another node', async () => {
  const cluster = await createMemoryCluster();
  running.push(cluster);
  const { client } = cluster;
  await client.create(pods, podOn('a'));
  const shared = { client, clock: systemClock, logger: silentLogger, random: () => 0.5, signal: stop.signal };
  const sourcesOf = shareSources(shared);
  const [a, b] = [sourcesOf('a'), sourcesOf('b')];
  await a.synced();
  const [ofA, ofB] = [listenTo(a), listenTo(b)];
  expect(a.pods()).toHaveLength(1);
  expect(b.pods()).toEqual([]);
  await client.delete(pods, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 });
  await client.create(pods, podOn('b'));
  await vi.waitFor(() => expect(b.pods()).toHaveLength(1), { timeout: 60_000 });
  expect(ofA).toEqual(['+', '-']);
  expect(ofB).toEqual(['+']);
});
