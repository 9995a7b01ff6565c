/**
 * Holds what a controller does to the API in memory against the rules that random histories are held against: each of its
 * writes in the world as it was when it was sent, and each pod that ends against what may still have come to it.
 */
import type { EndpointSlice, Pod } from '@slipway/kube/api.generated';
import type { KubeClient, RawRequest } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import { keyOf, keyString, type KubeObject, type ObjectKey, type ResourceType } from '@slipway/kube/object';
import { endpointSlices, pods, replicaSets } from '@slipway/kube/resources';
import { splits, type Split } from '@slipway/kube/split';
import { applications } from '../src/api/application.ts';
import { releases } from '../src/api/release.ts';
import { labels } from '../src/names.ts';
import type { Action } from '../src/plan.ts';
import { checkAction, checkDeletion } from './invariants.ts';
import { checkRemoval, nobodyReached, noteRequests, type Reached } from './requests.ts';
import { createWorld, newGateway, type Gateway, type World } from './simulation/world.ts';

const followed = [applications, releases, replicaSets, pods, endpointSlices, splits] as const;

export class RuleWatch {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, KubeObject>>(followed.map(({ kind }) => [kind, new Map()]));
  readonly #reached: Reached = nobodyReached();
  readonly #healthy = new Set<string>();
  readonly #lost = new Set<string>();
  readonly #broken: string[] = [];
  #gateway: Gateway = newGateway('gateway-0');

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What broke a rule, in order. */
  get broken(): readonly string[] {
    return this.#broken;
  }

  follow(client: KubeClient, signal: AbortSignal): void {
    const clock = this.#clock;
    for (const type of followed) {
      const informer = new Informer<KubeObject>({ client, type, clock });
      informer.onChange((change) => this.#see(type.kind, change));
      informer.start(signal);
    }
  }

  /** Somebody else ends it, and whoever is served by it loses that. */
  expectLoss({ metadata }: Pod): void {
    this.#lost.add(metadata.uid ?? '');
  }

  /** The same client, whose writes are held against the rules. */
  watch(client: KubeClient): KubeClient {
    return {
      get: (...args) => client.get(...args),
      list: (...args) => client.list(...args),
      watch: (...args) => client.watch(...args),
      deleteCollection: (...args) => client.deleteCollection(...args),
      request: (request) => {
        this.#noteHealth(request);
        return client.request(request);
      },
      create: async (type, object, options) => {
        const written = await client.create(type, object, options);
        if (options?.dryRun !== true) this.#judge(type, written);
        return written;
      },
      update: async (type, object, options) => {
        const written = await client.update(type, object, options);
        if (options?.dryRun !== true) this.#judge(type, written);
        return written;
      },
      patch: async (type, key, patch, options) => {
        const written = await client.patch(type, key, patch, options);
        if (options?.dryRun !== true) this.#judge(type, written);
        return written;
      },
      delete: async (type, key, options) => {
        await client.delete(type, key, options);
        this.#judgeDeletion(type, key);
      },
    };
  }

  #judge(type: ResourceType, written: KubeObject): void {
    const objects = this.#objects.get(type.kind);
    if (objects === undefined || isNewer(objects.get(nameOf(written)), written)) return;
    const before = this.#world();
    objects.set(nameOf(written), written);
    this.#check(before, actionOf(type.kind, written));
  }

  /** What others hold goes later, and a watch tells of it. */
  #judgeDeletion(type: ResourceType, key: ObjectKey): void {
    const objects = this.#objects.get(type.kind);
    const gone = objects?.get(keyString(key));
    if (objects === undefined || gone === undefined) return;
    const before = this.#world();
    if ((gone.metadata.finalizers ?? []).length === 0) objects.delete(keyString(key));
    this.#check(before, deletionOf(type.kind, gone));
  }

  #check(before: World | undefined, action: Action | undefined): void {
    const after = this.#world();
    if (before === undefined || after === undefined || action === undefined) return;
    this.#note(before);
    this.#note(after);
    this.#hold(() => checkAction({ before, action, after }));
  }

  #see(kind: string, { key, old, current }: InformerChange<KubeObject>): void {
    const objects = this.#objects.get(kind);
    if (objects === undefined) return;
    const known = objects.get(key);
    // What was written by the controller itself is known already.
    if (current !== undefined && known !== undefined && isNewer(known, current)) return;
    const before = this.#world();
    if (before !== undefined) this.#note(before);
    const pod = before?.pods.find(({ metadata }) => kind === 'Pod' && nameOf({ metadata }) === key);
    const isEnding = current?.metadata.deletionTimestamp !== undefined || current === undefined;
    if (before !== undefined && pod !== undefined && isEnding && old?.metadata.deletionTimestamp === undefined)
      this.#judgeEnd(before, pod);
    if (current === undefined) objects.delete(key);
    else objects.set(key, current);
    if (kind === 'Split') this.#route();
  }

  #judgeEnd(before: World, pod: Pod): void {
    if (this.#lost.has(pod.metadata.uid ?? '')) return;
    this.#hold(() => {
      checkDeletion(before, pod);
      checkRemoval(this.#reached, before, pod);
    });
  }

  #hold(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#broken.push(error instanceof Error ? error.message : String(error));
    }
  }

  #note(world: World): void {
    noteRequests(this.#reached, world);
  }

  /** It routes by the Split as it was when it said so last. */
  #route(): void {
    const split = this.#world()?.split;
    const said = split?.status?.instances?.find(({ name }) => name === this.#gateway.name)?.observedGeneration;
    if (split !== undefined && said !== split.metadata.generation) return;
    const isClosing = this.#gateway.inForce?.rules.length !== 0 && split?.spec.rules.length === 0;
    const closedAt = isClosing ? this.#clock.now() : this.#gateway.closedAt;
    this.#gateway = { ...this.#gateway, inForce: split?.spec, closedAt };
  }

  #noteHealth({ path }: RawRequest): void {
    const name = /pods\/([^/:]+)/.exec(path)?.[1];
    const pod = this.#all(pods).find(({ metadata }) => metadata.name === name);
    if (pod?.spec?.containers[0]?.image !== 'broken') this.#healthy.add(pod?.metadata.uid ?? '');
  }

  #all<T extends KubeObject>({ kind }: ResourceType<T>): readonly T[] {
    const objects = [...(this.#objects.get(kind)?.values() ?? [])];
    // Each was followed, or written, as one of this kind.
    return objects.filter((object): object is T => object.metadata !== undefined);
  }

  /** Undefined before there is an Application. */
  #world(): World | undefined {
    const [application] = this.#all(applications);
    if (application === undefined) return undefined;
    const [split] = this.#all(splits);
    const now = this.#clock.now();
    return {
      ...createWorld(application.spec),
      now,
      application,
      releases: this.#all(releases),
      replicaSets: this.#all(replicaSets),
      pods: this.#all(pods).filter(({ metadata }) => metadata.labels?.[labels.release] !== undefined),
      slice: joined(this.#all(endpointSlices), application.metadata.name ?? ''),
      split: split === undefined ? undefined : byRelease(split),
      gateways: [this.#gateway],
      healthy: this.#healthy,
    };
  }
}

function nameOf(object: KubeObject): string {
  return keyString(keyOf(object));
}

function isNewer(known: KubeObject | undefined, { metadata }: KubeObject): boolean {
  const isSame = known !== undefined && known.metadata.uid === metadata.uid;
  return isSame && Number(known.metadata.resourceVersion) > Number(metadata.resourceVersion);
}

/** As the simulation has it: versions are named by their releases. */
function byRelease(split: Split): Split {
  const rules = split.spec.rules.map((rule) => ({
    ...rule,
    backends: rule.backends.map((each) => ({ ...each, version: `${split.metadata.name}-${each.version}` })),
  }));
  return { ...split, spec: { ...split.spec, rules } };
}

function joined(slices: readonly EndpointSlice[], service: string): EndpointSlice {
  const own = slices.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service);
  return {
    addressType: 'IPv4',
    metadata: { name: service },
    endpoints: own.flatMap(({ endpoints }) => endpoints ?? []),
  };
}

/** What the rules tell apart; undefined where they have nothing to say. */
function actionOf(kind: string, { metadata }: KubeObject): Action | undefined {
  const release = metadata.labels?.[labels.release] ?? '';
  if (kind === 'Split') return { type: 'setSplit', weights: {} };
  if (kind === 'ReplicaSet') return { type: 'scale', release, replicas: 0, reason: '' };
  if (kind !== 'Pod') return undefined;
  const serves = metadata.labels?.[labels.serves] === 'true';
  return { type: 'setServing', release, pods: [metadata.name ?? ''], serves, template: false };
}

function deletionOf(kind: string, { metadata }: KubeObject): Action | undefined {
  if (kind === 'Split') return { type: 'removeRoute' };
  if (kind === 'Release') return { type: 'deleteRelease', release: metadata.name ?? '' };
  if (kind !== 'ReplicaSet') return undefined;
  return { type: 'deleteVersion', release: metadata.labels?.[labels.release] ?? '' };
}
