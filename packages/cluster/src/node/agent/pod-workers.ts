import type { Pod } from '@slipway/kube/api.generated';
import { delay } from '@slipway/kube/clock';
import { keyString, type ObjectKey } from '@slipway/kube/object';
import type { ContainerExit, RunningPod } from '../runtime.ts';
import { adoptPodRecord } from './adopt-pod.ts';
import type { PodHost } from './pod-host.ts';
import type { PodRecord } from './pod-record.ts';
import { PodWorker } from './pod-worker.ts';

/** Between SIGTERM and the end of a pod that the API no longer knows. */
const orphanGrace = 2000;

export interface PodWorkersEvents {
  onAdded(pod: Pod): void;
  onFinalised(podUid: string): void;
}

/** One worker for each pod of the node, by uid: a pod that comes back under an old name is another pod. */
export class PodWorkers {
  readonly #host: PodHost;
  readonly #events: PodWorkersEvents;
  readonly #workers = new Map<string, PodWorker>();
  readonly #uidByKey = new Map<string, string>();
  /** Done with, though the API still has the object: a finalizer holds it. */
  readonly #finalised = new Set<string>();
  #adoptable = new Map<string, RunningPod>();
  #onEmpty: (() => void) | undefined;

  constructor(host: Omit<PodHost, 'onFinalised'>, events: PodWorkersEvents) {
    this.#host = { ...host, onFinalised: (podUid) => this.#finalise(podUid) };
    this.#events = events;
  }

  get size(): number {
    return this.#workers.size;
  }

  records(): readonly PodRecord[] {
    return [...this.#workers.values()].map(({ record }) => record);
  }

  find(key: ObjectKey): PodRecord | undefined {
    return this.#workers.get(this.#uidByKey.get(keyString(key)) ?? '')?.record;
  }

  findByUid(podUid: string): PodRecord | undefined {
    return this.#workers.get(podUid)?.record;
  }

  /** What already runs when the agent starts. Pods that the API does not have are stopped. */
  adopt(running: readonly RunningPod[], known: readonly Pod[]): void {
    const uids = new Set(known.map(({ metadata }) => metadata.uid));
    this.#adoptable = new Map(running.map((pod) => [pod.sandbox.podUid, pod]));
    for (const pod of running) {
      if (!uids.has(pod.sandbox.podUid)) void this.#stopOrphan(pod);
    }
  }

  /** The API's view of one name has changed. */
  onChange({ old, current }: { readonly old: Pod | undefined; readonly current: Pod | undefined }): void {
    const oldUid = old?.metadata.uid;
    if (oldUid !== undefined && oldUid !== current?.metadata.uid) this.#forget(oldUid);
    if (current !== undefined) this.#addOrUpdate(current);
  }

  /** A pod takes more than it may. */
  evict(podUid: string, message: string): void {
    this.#workers.get(podUid)?.tell({ kind: 'overLimit', message });
  }

  exited(exit: ContainerExit): void {
    this.#workers.get(exit.podUid)?.exited(exit);
  }

  /** Stops everything that runs; the objects stay as they are. Resolves when nothing is left. */
  async shutDown(graceSeconds: number): Promise<void> {
    if (this.#workers.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const worker of this.#workers.values()) worker.tell({ kind: 'nodeShutdown', graceSeconds });
    await empty;
  }

  detach(): void {
    for (const worker of this.#workers.values()) worker.detach();
  }

  #addOrUpdate(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.#workers.get(uid);
    if (known !== undefined) {
      known.update(pod);
      return;
    }
    if (this.#finalised.has(uid)) return;
    const worker = new PodWorker(this.#host, adoptPodRecord(pod, this.#adoptable.get(uid), this.#host.clock.now()));
    this.#adoptable.delete(uid);
    this.#workers.set(uid, worker);
    this.#uidByKey.set(keyString({ namespace: pod.metadata.namespace, name: pod.metadata.name ?? '' }), uid);
    this.#events.onAdded(pod);
    worker.start();
  }

  #forget(uid: string): void {
    if (!this.#finalised.delete(uid)) this.#workers.get(uid)?.tell({ kind: 'podGone' });
  }

  #finalise(podUid: string): void {
    const worker = this.#workers.get(podUid);
    if (worker === undefined) return;
    worker.detach();
    this.#workers.delete(podUid);
    const { pod, gone } = worker.record;
    const key = keyString({ namespace: pod.metadata.namespace, name: pod.metadata.name ?? '' });
    if (this.#uidByKey.get(key) === podUid) this.#uidByKey.delete(key);
    if (!gone) this.#finalised.add(podUid);
    this.#events.onFinalised(podUid);
    if (this.#workers.size === 0) this.#onEmpty?.();
  }

  async #stopOrphan({ sandbox, containers }: RunningPod): Promise<void> {
    const { runtime, clock, signal, logger, volumes } = this.#host;
    try {
      await Promise.all(containers.map(({ containerId }) => runtime.signalContainer(containerId, 'SIGTERM')));
      if (containers.length > 0) await delay(clock, orphanGrace, signal);
      await runtime.removeSandbox(sandbox.podUid);
      await volumes.remove(sandbox.podUid);
    } catch (error) {
      if (!signal.aborted)
        logger.error('A pod that the API does not know could not be stopped', { uid: sandbox.podUid, error });
    }
  }
}
