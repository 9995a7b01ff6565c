import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { ControllerSource } from '@slipway/kube/controller-runtime';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import type { KubeObject, ObjectKey, ResourceType } from '@slipway/kube/object';
import { customResourceDefinitions, events } from '@slipway/kube/resources';
import type { SharedInformers } from '../shared-informers.ts';
import {
  isBound,
  isOrphaning,
  isWaitingForDependents,
  toGraphNode,
  type GraphNode,
  type OwnerGraph,
} from './owner-graph.ts';

export interface GraphBuilderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly informers: SharedInformers;
  readonly graph: OwnerGraph;
  /** Every kind that is served now; those of custom resources come and go. */
  readonly allTypes: () => readonly ResourceType[];
}

interface Watched {
  readonly type: ResourceType;
  synced(): Promise<void>;
  stop(): void;
  /** How many were deleted since the beginning; a list counts as one, which tells of none. Absent where all objects are known. */
  readonly deletions?: () => number;
  learn?(owner: KubeObject): boolean;
}

/**
 * Keeps the graph of owners current over all kinds but events, which own nothing, are owned by nothing, and are many. Kinds
 * that other controllers watch are read from their informers; of all others only the metadata is kept, and only of what is
 * owned, waits for something, or has been found to own something: a cluster may have a hundred thousand that do neither.
 */
export class GraphBuilder implements ControllerSource {
  readonly #options: GraphBuilderOptions;
  readonly #watched = new Map<string, Watched>();
  #enqueue: (key: ObjectKey) => void = () => {};

  constructor(options: GraphBuilderOptions) {
    this.#options = options;
  }

  subscribe(enqueue: (key: ObjectKey) => void): () => void {
    this.#enqueue = enqueue;
    this.#followTypes();
    return () => {
      for (const { stop } of this.#watched.values()) stop();
    };
  }

  async synced(): Promise<void> {
    await Promise.all([...this.#watched.values()].map((watched) => watched.synced()));
  }

  /** To be asked before an owner is read that is not in the graph. */
  deletionsOf(type: ResourceType): number {
    return this.#watched.get(nameOf(type))?.deletions?.() ?? 0;
  }

  /**
   * Takes the owner into the graph, so that its end is heard of. False where it is to be read again: others of its kind were
   * deleted since `deletions`, and it may have been one of them, or the end of another one of its name is not heard of yet.
   */
  learn(type: ResourceType, owner: KubeObject, deletions: number): boolean {
    if (this.deletionsOf(type) !== deletions) return false;
    if (!this.#watched.has(nameOf(type))) this.#followTypes();
    return this.#watched.get(nameOf(type))?.learn?.(owner) ?? true;
  }

  #followTypes(): void {
    const types = new Map<string, ResourceType>();
    for (const type of this.#options.allTypes()) {
      const name = nameOf(type);
      const followed = this.#watched.get(name)?.type;
      // In the version in which it is followed already, as long as that is served.
      const isBetter = followed !== undefined && type.version === followed.version;
      if (!isEvent(type) && (isBetter || !types.has(name))) types.set(name, type);
    }
    for (const [name, watched] of this.#watched) {
      if (types.get(name)?.version === watched.type.version) continue;
      watched.stop();
      this.#watched.delete(name);
    }
    for (const [name, type] of types) {
      if (!this.#watched.has(name)) this.#watched.set(name, this.#watch(type));
    }
  }

  #watch(type: ResourceType): Watched {
    const shared = sharedInformer(this.#options.informers, type);
    if (shared !== undefined) {
      const stop = shared.onChange((change) => this.#accept(type, change));
      return { type, synced: () => shared.synced(), stop };
    }
    const stopping = new AbortController();
    // Every definition counts: with it comes a kind to follow.
    const keeps = (object: KubeObject): boolean => isDefinition(type) || isBound(object) || this.#isKnown(object);
    const informer = new Informer<KubeObject>({ ...this.#options, type, keeps, transform: metadataOnly });
    let deletions = 0;
    const stopListening = informer.onChange((change) => {
      if (change.old !== undefined && change.old.metadata.uid !== change.current?.metadata.uid) deletions += 1;
      this.#accept(type, change);
    });
    informer.start(AbortSignal.any([this.#options.signal, stopping.signal]));
    const stop = (): void => {
      stopListening();
      stopping.abort(new Error(`${type.plural} are no longer served`));
      for (const { metadata } of informer.list()) this.#remove(metadata.uid ?? '');
    };
    return {
      type,
      synced: () => informer.synced(),
      stop,
      deletions: () => deletions + informer.lists,
      learn: (owner) => informer.keep(owner),
    };
  }

  #isKnown({ metadata }: KubeObject): boolean {
    return this.#options.graph.get(metadata.uid ?? '') !== undefined;
  }

  #accept(type: ResourceType, { old, current }: InformerChange<KubeObject>): void {
    if (old !== undefined && old.metadata.uid !== current?.metadata.uid) this.#remove(old.metadata.uid ?? '');
    if (current !== undefined) this.#put(toGraphNode(type, current));
    if (isDefinition(type)) this.#followTypes();
  }

  #put(node: GraphNode): void {
    const { graph } = this.#options;
    const ownersBefore = graph.get(node.uid)?.owners ?? [];
    graph.put(node);
    const isDue =
      isOrphaning(node) || isWaitingForDependents(node) || node.owners.some(({ uid }) => !this.#isSettled(uid));
    if (isDue) this.#look(node.uid);
    // An owner that waits has one dependent less, or is no longer blocked by it.
    for (const { uid } of [...ownersBefore, ...node.owners]) this.#lookIfWaiting(uid);
  }

  #remove(uid: string): void {
    const { graph } = this.#options;
    const owners = graph.get(uid)?.owners ?? [];
    graph.remove(uid);
    for (const dependent of graph.dependentsOf(uid)) this.#look(dependent.uid);
    for (const owner of owners) this.#lookIfWaiting(owner.uid);
  }

  #isSettled(ownerUid: string): boolean {
    const owner = this.#options.graph.get(ownerUid);
    return owner !== undefined && !isWaitingForDependents(owner);
  }

  #lookIfWaiting(uid: string): void {
    const owner = this.#options.graph.get(uid);
    if (owner !== undefined && isWaitingForDependents(owner)) this.#look(uid);
  }

  #look(uid: string): void {
    this.#enqueue({ name: uid });
  }
}

function isDefinition({ kind, group }: ResourceType): boolean {
  return kind === customResourceDefinitions.kind && group === customResourceDefinitions.group;
}

function isEvent({ kind, group }: ResourceType): boolean {
  return kind === events.kind && (group === events.group || group === 'events.k8s.io');
}

/** In whatever version. */
function nameOf({ group, plural }: ResourceType): string {
  return `${plural}.${group}`;
}

/** Those that hold all objects of their kind. */
function sharedInformer(informers: SharedInformers, type: ResourceType): Subscribable | undefined {
  const byName: Readonly<Record<string, Subscribable>> = {
    'pods.': informers.pods,
    'services.': informers.services,
    'endpoints.': informers.endpoints,
    'namespaces.': informers.namespaces,
    'nodes.': informers.nodes,
    'replicasets.apps': informers.replicaSets,
    'deployments.apps': informers.deployments,
    'endpointslices.discovery.k8s.io': informers.endpointSlices,
    'statefulsets.apps': informers.statefulSets,
    'daemonsets.apps': informers.daemonSets,
    'cronjobs.batch': informers.cronJobs,
    'replicationcontrollers.': informers.replicationControllers,
    'horizontalpodautoscalers.autoscaling': informers.horizontalPodAutoscalers,
    'resourcequotas.': informers.resourceQuotas,
  };
  return byName[nameOf(type)];
}

interface Subscribable {
  onChange(listener: (change: InformerChange<KubeObject>) => void): () => void;
  synced(): Promise<void>;
}

function metadataOnly({ metadata }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } = metadata;
  return { metadata: { name, namespace, uid, resourceVersion, ownerReferences, finalizers, deletionTimestamp } };
}
