/** The simulated cluster with room for so many pods: a quota that is used up, or nodes that are full. */
import type { Pod, ReplicaSet } from '@slipway/kube/api.generated';
import type { ApplicationSpec } from '../src/api/application.ts';
import type { Verb } from '../src/api/release-command.ts';
import { labels } from '../src/names.ts';
import { reconcileApplication } from '../src/reconcile.ts';
import { checkAction, checkDeletion } from './invariants.ts';
import { carryOut } from './simulation/api.ts';
import { runEndpoints, runReplicaSets, setReady } from './simulation/controllers.ts';
import { runGateways } from './simulation/gateways.ts';
import { ask, changeSpec, templateOf } from './simulation/people.ts';
import { sight } from './simulation/sightings.ts';
import { createWorld, isPodReady, isTerminating, observationOf, type World } from './simulation/world.ts';

/** `quota`: what is too much is not created; `nodes`: it waits for a node; `image`: it cannot be pulled any more. */
export type Shortage = 'quota' | 'nodes' | 'image';

export interface Crowd {
  readonly shortage: Shortage;
  /** Pods that there is room for; under `image` only those of the first version count. */
  room: number;
}

export const quotaMessage = 'pods "shop-1-x" is forbidden: exceeded quota: pods';
export const nodesMessage = '0/1 nodes are available: 1 Insufficient cpu.';

/** Runs one Application in it, in virtual time. */
export class CrowdedCluster {
  readonly #crowd: Crowd;
  #world: World;

  constructor(spec: ApplicationSpec, crowd: Crowd) {
    this.#crowd = crowd;
    this.#world = createWorld({ ...spec, template: templateOf('a') });
  }

  get world(): World {
    return this.#world;
  }

  get status(): Required<World['releases'][number]>['status'] | undefined {
    return this.#world.releases.at(-1)?.status;
  }

  deploy(image: string): void {
    this.#world = changeSpec(this.#world, { template: templateOf(image) });
  }

  command(verb: Verb): void {
    this.#world = ask(this.#world, verb);
  }

  setRoom(room: number): void {
    this.#crowd.room = room;
  }

  /** As if a node had died: pods of that version are gone, and their room with them. */
  loseReadyPods(version: string, count: number): void {
    const lost = this.#podsOf(version).filter(isPodReady).slice(0, count);
    this.#world = { ...this.#world, pods: this.#world.pods.filter((pod) => !lost.includes(pod)) };
    this.#crowd.room -= lost.length;
  }

  readyPods(version: string): number {
    return this.#podsOf(version).filter(isPodReady).length;
  }

  podCount(version: string): number {
    return this.#podsOf(version).length;
  }

  /** By version, those without any left out. */
  get weights(): Readonly<Record<string, number>> {
    const backends = this.#world.split?.spec.rules[0]?.backends ?? [];
    return Object.fromEntries(
      backends.filter(({ weight }) => weight > 0).map(({ version, weight }) => [version.replace('shop-', ''), weight]),
    );
  }

  /** Pods of a version that the endpoints of the Application's Service name as ready. */
  inside(version: string): number {
    const own = new Set(this.#podsOf(version).map(({ metadata }) => metadata.name));
    const ready = (this.#world.slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    return ready.filter(({ targetRef }) => own.has(targetRef?.name)).length;
  }

  /** So many seconds, in each of which everything moves once and the controller looks. */
  advance(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      const grown = this.#runReplicaSets();
      const started = grown.pods.reduce((all, pod, index) => (isPlaced(pod) ? setReady(all, index, true) : all), grown);
      const moved = runGateways(runEndpoints(started));
      const world = { ...moved, ...sight(moved) };
      const seen = observationOf(world);
      const decision = reconcileApplication(seen, world.now);
      const { world: after } = carryOut(world, decision, {
        decidedOn: seen,
        stopAfter: Infinity,
        onAction: checkAction,
      });
      this.#world = { ...after, now: after.now + 1_000 };
    }
  }

  /** Pods go before others come. */
  #runReplicaSets(): World {
    const { shortage } = this.#crowd;
    const sets = this.#world.replicaSets;
    const smaller = sets.map((set) => resized(set, Math.min(sizeOf(set), this.#owned(set).length)));
    const shrunk = runReplicaSets({ ...this.#world, replicaSets: smaller }, checkDeletion);
    this.#world = { ...shrunk, pods: shrunk.pods.filter((pod) => !isTerminating(pod)), replicaSets: sets };
    if (shortage !== 'quota') return this.#place(runReplicaSets(this.#world, checkDeletion));
    let left = this.#crowd.room - this.#world.pods.length;
    const grown = sets.map((set) => {
      const size = Math.max(this.#owned(set).length, Math.min(sizeOf(set), this.#owned(set).length + left));
      left -= size - this.#owned(set).length;
      return resized(set, size);
    });
    const world = runReplicaSets({ ...this.#world, replicaSets: grown }, checkDeletion);
    return { ...world, replicaSets: sets.map((set, index) => withFailure(set, sizeOf(set) > sizeOf(grown[index]))) };
  }

  /** What runs stays, and the oldest of the others have the room that is left. */
  #place(world: World): World {
    const isFirst = (pod: Pod): boolean => pod.metadata.labels?.[labels.release] === 'shop-1';
    const counted = this.#crowd.shortage === 'image' ? world.pods.filter(isFirst) : world.pods;
    const running = counted.filter(isPodReady);
    const coming = counted.filter((pod) => !isPodReady(pod));
    const placed = new Set([...running, ...coming.slice(0, Math.max(0, this.#crowd.room - running.length))]);
    const lack = this.#crowd.shortage === 'image' ? withoutImage : withoutNode;
    const pods = world.pods.map((pod) => (!counted.includes(pod) || placed.has(pod) ? withRoom(pod) : lack(pod)));
    return { ...world, pods };
  }

  #owned({ metadata }: ReplicaSet): readonly Pod[] {
    const release = metadata.labels?.[labels.release];
    return this.#world.pods.filter((pod) => pod.metadata.labels?.[labels.release] === release);
  }

  #podsOf(version: string): readonly Pod[] {
    return this.#world.pods.filter(({ metadata }) => metadata.labels?.[labels.release] === `shop-${version}`);
  }
}

function sizeOf(set: ReplicaSet | undefined): number {
  return set?.spec?.replicas ?? 0;
}

function resized(set: ReplicaSet, replicas: number): ReplicaSet {
  return { ...set, spec: { ...set.spec, selector: set.spec?.selector ?? {}, replicas } };
}

function withFailure(set: ReplicaSet, isRefused: boolean): ReplicaSet {
  const conditions = isRefused
    ? [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: quotaMessage }]
    : [];
  return { ...set, status: { ...set.status, replicas: sizeOf(set), conditions } };
}

function isPlaced({ status }: Pod): boolean {
  return status?.containerStatuses === undefined && !hasNoNode(status?.conditions);
}

function hasNoNode(conditions: NonNullable<Pod['status']>['conditions']): boolean {
  return conditions?.some(({ type, status }) => type === 'PodScheduled' && status === 'False') === true;
}

function withRoom(pod: Pod): Pod {
  return isPlaced(pod) ? pod : { ...pod, status: { conditions: [] } };
}

function withoutNode(pod: Pod): Pod {
  const unplaced = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: nodesMessage };
  return { ...pod, status: { conditions: [unplaced] } };
}

function withoutImage(pod: Pod): Pod {
  const waiting = { reason: 'ErrImagePull', message: 'not found' };
  const container = { name: 'web', image: 'a', imageID: '', ready: false, restartCount: 0, state: { waiting } };
  return { ...pod, status: { conditions: [], containerStatuses: [container] } };
}
