/** Nodes that fall silent and come back, against the real API and the real controllers, in virtual time. */
import type { Node, Pod, Taint } from '@slipway/kube/api.generated';
import { formatMicroTime, formatTime } from '@slipway/kube/clock';
import { findCondition } from '@slipway/kube/conditions';
import { deployments, leases, nodes } from '@slipway/kube/resources';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createControlledCluster,
  listPods,
  webDeployment,
  type ControlledCluster,
} from '../../../testing/controlled-cluster.ts';
import { reconcileNode } from './reconcile-node.ts';
import { reconcileTaintedPod } from './taint-eviction.ts';

const now = Date.UTC(2026, 0, 1);
const running: ControlledCluster[] = [];

afterEach(async () => {
  for (const cluster of running.splice(0)) await cluster.stop();
});

interface Alive {
  readonly cluster: ControlledCluster;
  /** From now on the node says nothing. */
  fallSilent(): void;
}

/** Three pods on `node-a`, which renews its lease every ten seconds. */
async function given(): Promise<Alive> {
  const cluster = await createControlledCluster({ hasSilentNode: true });
  running.push(cluster);
  const { client, clock } = cluster;
  let isSilent = false;
  const key = { namespace: 'kube-node-lease', name: 'node-a' };
  await client.create(leases, { metadata: key, spec: { holderIdentity: 'node-a', leaseDurationSeconds: 40 } });
  const renew = async (): Promise<void> => {
    if (isSilent) return;
    clock.schedule(10_000, () => void renew());
    await client.patch(leases, key, { type: 'merge', body: { spec: { renewTime: formatMicroTime(clock.now()) } } });
  };
  await report(cluster);
  void renew();
  await client.create(deployments, webDeployment());
  await cluster.advance(5_000);
  return { cluster, fallSilent: () => (isSilent = true) };
}

async function report({ client, clock }: ControlledCluster): Promise<void> {
  const time = formatTime(clock.now());
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time }];
  await client.patch(
    nodes,
    { name: 'node-a' },
    { type: 'strategic', body: { status: { conditions } } },
    { subresource: 'status' },
  );
}

async function taintsOf({ client }: ControlledCluster): Promise<readonly string[]> {
  const { spec } = await client.get(nodes, { name: 'node-a' });
  return (spec?.taints ?? []).map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`);
}

async function readyOf({ client }: ControlledCluster): Promise<string | undefined> {
  return findCondition((await client.get(nodes, { name: 'node-a' })).status?.conditions, 'Ready')?.status;
}

function isReady({ status }: Pod): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

describe('a node', () => {
  it('that renews its lease stays as it is', async () => {
    const { cluster } = await given();
    await cluster.advance(300_000);
    expect(await readyOf(cluster)).toBe('True');
    expect(await taintsOf(cluster)).toEqual([]);
  });

  it('that falls silent becomes unknown, and nobody is sent to its pods', async () => {
    const { cluster, fallSilent } = await given();
    fallSilent();
    await cluster.advance(40_000);
    expect(await readyOf(cluster)).toBe('True');
    await cluster.advance(20_000);
    expect(await readyOf(cluster)).toBe('Unknown');
    expect(await taintsOf(cluster)).toEqual(['unreachable:NoSchedule', 'unreachable:NoExecute']);
    expect((await listPods(cluster.client)).filter(isReady)).toEqual([]);
  });

  it('loses its pods when they tolerate its silence no longer', async () => {
    const { cluster, fallSilent } = await given();
    const before = new Set((await listPods(cluster.client)).map(({ metadata }) => metadata.uid));
    fallSilent();
    await cluster.advance(340_000);
    const kept = async (): Promise<number> =>
      (await listPods(cluster.client)).filter(({ metadata }) => before.has(metadata.uid)).length;
    expect(await kept()).toBe(3);
    await cluster.advance(30_000);
    expect(await kept()).toBe(0);
  });

  it('that speaks again is as it was', async () => {
    const { cluster, fallSilent } = await given();
    fallSilent();
    await cluster.advance(100_000);
    await report(cluster);
    await cluster.advance(2_000);
    expect(await readyOf(cluster)).toBe('True');
    expect(await taintsOf(cluster)).toEqual([]);
  });

  it('that is cordoned says so by a taint, beside the taints of others', async () => {
    const { cluster } = await given();
    const own = [{ key: 'mine', effect: 'PreferNoSchedule' }];
    const change = (unschedulable: boolean, spec: object = {}): Promise<Node> =>
      cluster.client.patch(nodes, { name: 'node-a' }, { type: 'merge', body: { spec: { unschedulable, ...spec } } });
    await change(true, { taints: own });
    await cluster.advance(100);
    expect(await taintsOf(cluster)).toEqual(['mine:PreferNoSchedule', 'unschedulable:NoSchedule']);
    await change(false);
    await cluster.advance(100);
    expect(await taintsOf(cluster)).toEqual(['mine:PreferNoSchedule']);
  });
});

describe('reconcileNode', () => {
  it('is done with a node that is known to be unknown', () => {
    const node: Node = { metadata: { name: 'a' } };
    const first = reconcileNode({ node, heardAt: now - 60_000 }, now).actions;
    const [conditions, taints] = [
      first.find((each) => each.kind === 'setConditions'),
      first.find((each) => each.kind === 'setTaints'),
    ];
    const after: Node = { ...node, spec: { taints: taints?.taints }, status: { conditions: conditions?.conditions } };
    expect(conditions?.conditions.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 4 }, () => 'NodeStatusNeverUpdated'),
    );
    expect(reconcileNode({ node: after, heardAt: now - 60_000 }, now).actions).toEqual([{ kind: 'markPodsNotReady' }]);
  });
});

describe('reconcileTaintedPod', () => {
  const taint: Taint = { key: 'maintenance', effect: 'NoExecute', timeAdded: formatTime(now - 10_000) };
  const pod = (tolerations: NonNullable<Pod['spec']>['tolerations']): Pod => ({
    metadata: { name: 'web' },
    spec: { containers: [], tolerations },
    status: { phase: 'Running' },
  });
  const tolerating = { key: 'maintenance', operator: 'Exists' } as const;

  it.each([
    { name: 'a pod that tolerates nothing goes at once', tolerations: undefined, plan: 'evict' },
    { name: 'one that tolerates it stays', tolerations: [tolerating], plan: 'stay' },
    {
      name: 'one that tolerates it for a while stays so long',
      tolerations: [{ ...tolerating, tolerationSeconds: 30 }],
      plan: 'wait 20000',
    },
    { name: 'and goes then', tolerations: [{ ...tolerating, tolerationSeconds: 10 }], plan: 'evict' },
  ])('$name', ({ tolerations, plan }) => {
    const { actions, requeueAfter } = reconcileTaintedPod({ pod: pod(tolerations), taints: [taint] }, now);
    const waiting = requeueAfter === undefined ? 'stay' : `wait ${requeueAfter}`;
    expect(actions.length === 0 ? waiting : 'evict').toBe(plan);
  });
});
