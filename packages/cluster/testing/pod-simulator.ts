import type { Pod } from '@slipway/kube/api.generated';
import type { KubeClient } from '@slipway/kube/client';
import { formatTime, type Clock } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import { keyOf } from '@slipway/kube/object';
import { nodes, pods } from '@slipway/kube/resources';
import { isStatusReason } from '@slipway/kube/status-error';
import { matchesNodeAffinity } from '../src/scheduler/node-affinity.ts';

export interface PodSimulatorOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From being scheduled to being ready; undefined for a pod that never is. */
  readyAfter?(pod: Pod): number | undefined;
  /** From being deleted to being gone. */
  readonly goneAfter?: number;
  /** How the pod ends by itself, counted from when it is ready; undefined for one that runs on. */
  endsBy?(pod: Pod): PodEnd | undefined;
}

export interface PodEnd {
  readonly after: number;
  readonly exitCode: number;
}

/** A scheduler and a node in one, which run nothing: pods become ready after a while and go when they are deleted. */
export function simulatePods(options: PodSimulatorOptions): Informer<Pod> {
  const { client, clock, signal, goneAfter = 50 } = options;
  const readyAfter = options.readyAfter ?? (() => 100);
  const scheduled = new Set<string>();
  const leaving = new Set<string>();
  let addresses = 0;
  const attempt = (work: () => Promise<unknown>): void => {
    if (signal.aborted) return;
    work().catch((error: unknown) => {
      if (!signal.aborted && !isStatusReason(error, 'NotFound', 'Conflict')) throw error;
    });
  };

  const bind = (pod: Pod): void => {
    attempt(async () => {
      const node = (await client.list(nodes)).items.find((each) => matchesNodeAffinity(pod, each));
      if (node === undefined) {
        clock.schedule(1_000, () => bind(pod));
        return;
      }
      const binding = { metadata: pod.metadata, target: { kind: 'Node', name: node.metadata.name } };
      await client.create({ ...pods, kind: 'Binding' }, binding, { subresource: 'binding' });
    });
  };
  const becomeReady = (pod: Pod): void => {
    addresses += 1;
    const podIP = `10.0.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
    const time = formatTime(clock.now());
    const conditions = ['Ready', 'ContainersReady'].map((type) => ({ type, status: 'True', lastTransitionTime: time }));
    const body = { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions } };
    attempt(() => client.patch(pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status' }));
    const end = options.endsBy?.(pod);
    if (end !== undefined) clock.schedule(end.after, () => finish(pod, end.exitCode));
  };
  const finish = (pod: Pod, exitCode: number): void => {
    const body = { status: endedStatus(pod, exitCode, clock.now()) };
    attempt(() => client.patch(pods, keyOf(pod), { type: 'strategic', body }, { subresource: 'status' }));
  };
  const goAway = (pod: Pod): void => {
    const preconditions = { uid: pod.metadata.uid };
    attempt(() => client.delete(pods, keyOf(pod), { gracePeriodSeconds: 0, preconditions }));
  };

  const informer = new Informer<Pod>({ client, type: pods, clock });
  informer.onChange(({ current }) => {
    const uid = current?.metadata.uid;
    if (current === undefined || uid === undefined) return;
    if (current.metadata.deletionTimestamp !== undefined) {
      if (leaving.has(uid)) return;
      leaving.add(uid);
      clock.schedule(goneAfter, () => goAway(current));
    } else if (current.spec?.nodeName === undefined) {
      bind(current);
    } else if (!scheduled.has(uid)) {
      scheduled.add(uid);
      const wait = readyAfter(current);
      if (wait !== undefined) clock.schedule(wait, () => becomeReady(current));
    }
  });
  informer.start(signal);
  return informer;
}

/** What a kubelet reports of a pod whose containers have all ended. */
export function endedStatus(pod: Pod, exitCode: number, now: number): NonNullable<Pod['status']> {
  const finishedAt = formatTime(now);
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    conditions: [{ type: 'Ready', status: 'False', reason: 'PodCompleted', lastTransitionTime: finishedAt }],
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
      name,
      image,
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode, finishedAt } },
    })),
  };
}
