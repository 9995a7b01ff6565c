import type { Node, Taint } from '@slipway/kube/api.generated';
import { findCondition } from '@slipway/kube/conditions';
import type { Neighbour } from './neighbour.ts';
import { parseAmounts, type Amounts, type PodDemand } from './pod-demand.ts';

/** A node and what its pods take of it, kept current with each change instead of being counted anew for each pod. */
export class NodeInfo {
  readonly name: string;
  #node: Node | undefined;
  #allocatable: Amounts = new Map();
  /** Of what every pod is held against, on a hundred nodes each: looking it up by name is most of that work. */
  readonly #hot = { allocatableCpu: 0, allocatableMemory: 0, allocatablePods: 0, cpu: 0, memory: 0 };
  #taints: readonly Taint[] = [];
  readonly #requested = new Map<string, number>();
  readonly #pods = new Map<string, PodDemand>();
  /** Those that do not want everybody beside them. */
  readonly #repelling = new Map<string, Neighbour>();
  readonly #owners = new Map<string, number>();
  readonly #hostPorts = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  /** Undefined while only pods speak of it. */
  get node(): Node | undefined {
    return this.#node;
  }

  get taints(): readonly Taint[] {
    return this.#taints;
  }

  get podCount(): number {
    return this.#pods.size;
  }

  get neighbours(): Iterable<Neighbour> {
    return this.#pods.values().map(({ neighbour }) => neighbour);
  }

  get isRepelling(): boolean {
    return this.#repelling.size > 0;
  }

  get repelling(): Iterable<Neighbour> {
    return this.#repelling.values();
  }

  get hostPorts(): Iterable<string> {
    return this.#hostPorts.keys();
  }

  allocatable(resource: string): number {
    switch (resource) {
      case 'cpu':
        return this.#hot.allocatableCpu;
      case 'memory':
        return this.#hot.allocatableMemory;
      case 'pods':
        return this.#hot.allocatablePods;
      default:
        return this.#allocatable.get(resource) ?? 0;
    }
  }

  requested(resource: string): number {
    switch (resource) {
      case 'cpu':
        return this.#hot.cpu;
      case 'memory':
        return this.#hot.memory;
      default:
        return this.#requested.get(resource) ?? 0;
    }
  }

  podsOfOwner(ownerUid: string): number {
    return this.#owners.get(ownerUid) ?? 0;
  }

  setNode(node: Node | undefined): void {
    this.#node = node;
    this.#allocatable = parseAmounts(node?.status?.allocatable);
    this.#hot.allocatableCpu = this.#allocatable.get('cpu') ?? 0;
    this.#hot.allocatableMemory = this.#allocatable.get('memory') ?? 0;
    this.#hot.allocatablePods = this.#allocatable.get('pods') ?? 0;
    this.#taints = node === undefined ? [] : taintsOf(node);
  }

  /** Adding a pod that is there already replaces it. */
  addPod(demand: PodDemand): void {
    this.removePod(demand.uid);
    this.#pods.set(demand.uid, demand);
    if (demand.neighbour.repels.length > 0) this.#repelling.set(demand.uid, demand.neighbour);
    this.#count(demand, 1);
  }

  removePod(uid: string): void {
    const demand = this.#pods.get(uid);
    if (demand === undefined) return;
    this.#pods.delete(uid);
    this.#repelling.delete(uid);
    this.#count(demand, -1);
  }

  #count({ requests, ownerUid, hostPorts }: PodDemand, sign: 1 | -1): void {
    for (const [name, amount] of requests) increase(this.#requested, name, sign * amount);
    this.#hot.cpu = this.#requested.get('cpu') ?? 0;
    this.#hot.memory = this.#requested.get('memory') ?? 0;
    if (ownerUid !== undefined) increase(this.#owners, ownerUid, sign);
    for (const port of hostPorts) increase(this.#hostPorts, port, sign);
  }
}

function increase(counts: Map<string, number>, name: string, by: number): void {
  const next = (counts.get(name) ?? 0) + by;
  if (next === 0) counts.delete(name);
  else counts.set(name, next);
}

/** A node that says that it is not ready takes no pods, as if it had the taint that Kubernetes gives such nodes. */
function taintsOf({ spec, status }: Node): readonly Taint[] {
  const taints = spec?.taints ?? [];
  const ready = findCondition(status?.conditions, 'Ready');
  if (ready === undefined || ready.status === 'True') return taints;
  const key = ready.status === 'Unknown' ? 'node.kubernetes.io/unreachable' : 'node.kubernetes.io/not-ready';
  return taints.some((taint) => taint.key === key) ? taints : [...taints, { key, effect: 'NoSchedule' }];
}
