/** Several nodes of one machine by the ordinary kubectl: cordon, uncordon, and drains that keep to a disruption budget. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '@slipway/kube/api.generated';
import { isConditionTrue } from '@slipway/kube/conditions';
import { pods } from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clusterTitle, needsEmbedded, startPlace, type Place } from './support/delivery-cluster.ts';
import { missing } from './support/execute.ts';

const replicas = 6;
const minAvailable = 5;
const program =
  "process.on('SIGTERM',()=>setTimeout(()=>process.exit(0),200));require('http').createServer((q,s)=>s.end('ok')).listen(8080,process.env.POD_IP)";

const manifests = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'web',
              image: 'node:24',
              command: ['node', '-e', program],
              readinessProbe: { httpGet: { path: '/', port: 8080 } },
            },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { minAvailable, selector: { matchLabels: { app: 'web' } } },
  },
]
  .map((object) => JSON.stringify(object))
  .join('\n');

const reason = needsEmbedded('the nodes of `slipway up --nodes`') ?? (await missing('kubectl'));

function serves({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && isConditionTrue(status?.conditions, 'Ready');
}

/** How many pods served at each moment, from a watch that tells every change. */
function countServing({ client, namespace }: Place): { stop(): Promise<readonly number[]> } {
  const end = new AbortController();
  const serving = new Set<string>();
  const counts: number[] = [];
  const watching = (async () => {
    const selection = { namespace, labelSelector: 'app=web' };
    const { items, metadata } = await client.list(pods, selection);
    for (const pod of items.filter(serves)) serving.add(pod.metadata.uid ?? '');
    counts.push(serving.size);
    const { resourceVersion } = metadata;
    for await (const event of client.watch(pods, { ...selection, resourceVersion, signal: end.signal })) {
      if (event.type === 'BOOKMARK') continue;
      if (event.type !== 'DELETED' && serves(event.object)) serving.add(event.object.metadata.uid ?? '');
      else serving.delete(event.object.metadata.uid ?? '');
      counts.push(serving.size);
    }
  })();
  return {
    stop: async () => {
      end.abort();
      await watching;
      return counts;
    },
  };
}

describe.skipIf(reason !== undefined).each(['process', 'simulated'] as const)(
  `several nodes, runtime %s, ${clusterTitle}${reason === undefined ? '' : `: ${reason}`}`,
  (runtime) => {
    let cluster: Place;

    beforeAll(async () => {
      cluster = await startPlace({ nodes: 3, runtime });
      const file = join(cluster.folder, 'web.json');
      await writeFile(file, manifests);
      await cluster.ask('apply', '-f', file);
      await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=60s');
    });

    afterAll(() => cluster?.stop());

    async function podsOn(node: string): Promise<readonly string[]> {
      const text = await cluster.ask('get', 'pods', '-o', 'name', '--field-selector', `spec.nodeName=${node}`);
      return text === '' ? [] : text.split('\n');
    }

    it('are there, each with an address of its own, and take their share', async () => {
      const path = 'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[0].address}{"\\n"}{end}';
      const nodes = (await cluster.ask('get', 'nodes', '-o', path)).split('\n').map((line) => line.split(' '));
      expect(nodes.map(([name]) => name)).toEqual(['slipway', 'slipway-2', 'slipway-3']);
      expect(new Set(nodes.map(([, address]) => address)).size).toBe(3);
      for (const [name = ''] of nodes) expect((await podsOn(name)).length).toBe(2);
    });

    it('a cordoned one takes no more pods', async () => {
      await cluster.ask('cordon', 'slipway-2');
      expect(await cluster.ask('get', 'node', 'slipway-2', '--no-headers')).toContain('Ready,SchedulingDisabled');
      const [victim = ''] = await podsOn('slipway-2');
      await cluster.ask('delete', victim);
      await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=60s');
      expect(await podsOn('slipway-2')).toHaveLength(1);
      await cluster.ask('uncordon', 'slipway-2');
      expect(await cluster.ask('get', 'node', 'slipway-2', '-o', 'jsonpath={.spec.unschedulable}')).toBe('');
    });

    it('a drained one is empty, and never served fewer than the budget asks', async () => {
      const serving = countServing(cluster);
      const told = await cluster.ask('drain', 'slipway-3', '--timeout=90s');
      expect(told).toContain('node/slipway-3 drained');
      expect(await podsOn('slipway-3')).toEqual([]);
      await cluster.ask('rollout', 'status', 'deployment/web', '--timeout=60s');
      const counts = await serving.stop();
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(minAvailable);
      expect(counts.at(-1)).toBe(replicas);
      await cluster.ask('uncordon', 'slipway-3');
    });

    it('a drain that the budget forbids says why', async () => {
      await cluster.ask('patch', 'pdb', 'web', '-p', `{"spec":{"minAvailable":${replicas}}}`);
      await cluster.ask('wait', 'pdb/web', '--for=jsonpath={.status.disruptionsAllowed}=0', '--timeout=30s');
      const { exitCode, stderr } = await cluster.kubectl('drain', 'slipway', '--timeout=2s');
      expect(exitCode).toBe(1);
      expect(stderr).toContain("Cannot evict pod as it would violate the pod's disruption budget.");
      await cluster.ask('uncordon', 'slipway');
    });
  },
);
