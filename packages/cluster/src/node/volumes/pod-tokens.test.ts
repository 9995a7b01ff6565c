import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { createClient } from '@slipway/kube/kube-client';
import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../../kube/testing/fake-clock.ts';
import { createMemoryCluster, type MemoryCluster } from '../../../testing/memory-cluster.ts';
import { nodeIdentity } from '../../api/authorization.ts';
import { PodTokens, rotateTokens } from './pod-tokens.ts';

let clock: FakeClock;
let cluster: MemoryCluster;
let tokens: PodTokens;
let pod: Pod;

beforeEach(async () => {
  clock = new FakeClock();
  cluster = await createMemoryCluster({ clock });
  const client: KubeClient = createClient(cluster.api.transportFor(nodeIdentity('node-1')));
  tokens = new PodTokens({ client, clock });
  pod = await cluster.client.create(pods, {
    metadata: { name: 'a', namespace: 'default' },
    spec: { nodeName: 'node-1', containers: [{ name: 'a', image: 'a' }] },
  });
});

afterEach(() => cluster.close());

const hour = { path: 'token', expirationSeconds: 3_600 };

describe('tokens of pods', () => {
  it('make the pod its service account', async () => {
    const token = await tokens.fetch(pod, hour);
    expect(await cluster.api.tokens.authenticate(token)).toMatchObject({
      user: 'system:serviceaccount:default:default',
      extra: { 'authentication.kubernetes.io/pod-uid': [pod.metadata.uid] },
    });
  });

  it('are kept for four fifths of their life', async () => {
    const podUid = pod.metadata.uid ?? '';
    const first = await tokens.fetch(pod, hour);
    await clock.advance(2_879_000);
    expect([await tokens.fetch(pod, hour), tokens.isDue(podUid)]).toEqual([first, false]);
    await clock.advance(1_000);
    expect(tokens.isDue(podUid)).toBe(true);
    expect(await tokens.fetch(pod, hour)).not.toBe(first);
    expect(tokens.isDue(podUid)).toBe(false);
  });

  it('for others are others', async () => {
    const own = await tokens.fetch(pod, hour);
    const other = await tokens.fetch(pod, { ...hour, audience: 'vault' });
    expect(await cluster.api.tokens.authenticate(own)).toBeDefined();
    expect(await cluster.api.tokens.authenticate(other)).toBeUndefined();
  });

  it('of a pod that ran before are due', () => {
    expect(tokens.isDue('unknown')).toBe(true);
  });

  it('are made anew where they are due and nowhere else', async () => {
    const stop = new AbortController();
    const refreshed: string[] = [];
    const done = rotateTokens({
      clock,
      signal: stop.signal,
      podUids: () => ['a', 'b'],
      isDue: (podUid) => podUid === 'b',
      refresh: async (podUid) => void refreshed.push(podUid),
    });
    await clock.advance(60_000);
    stop.abort();
    await done;
    expect(refreshed).toEqual(['b']);
  });
});
