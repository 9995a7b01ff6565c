/** What routers do with requests, as their documentation says, in virtual time: they follow late, and may refuse. */
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import { Informer } from '@slipway/kube/informer';
import { keyOf, type KubeObject, type ResourceType } from '@slipway/kube/object';
import { isStatusReason } from '@slipway/kube/status-error';

export interface ModelRequest {
  readonly host: string;
  readonly path: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Delivery {
  /** Undefined: answered by the router itself, with an error. */
  readonly service: string | undefined;
  readonly mirrored?: string | undefined;
}

/** Pure. `random` gives numbers from 0 to below 1. */
export type RouteRequest<T extends KubeObject> = (
  objects: readonly T[],
  request: ModelRequest,
  random: () => number,
) => Delivery;

export interface TrafficModel<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly route: RouteRequest<T>;
  /** What its controller says in the status of an object that it has taken, or has not; undefined where it says nothing. */
  readonly statusOf: (object: T, isTaken: boolean) => object | undefined;
}

/** Minimal standard of Park and Miller. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export interface ModelledRouterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** From a change of an object to requests going by it. */
  readonly lagMilliseconds: number;
}

/** The router in the cluster: its controller, which answers in half of the lag, and what carries the requests, after all of it. */
export class ModelledRouter<T extends KubeObject> {
  /** What it does with changes from now on. */
  takes = true;
  /** Whether it does anything with changes from now on, or says anything of them. */
  isAwake = true;
  readonly #model: TrafficModel<T>;
  readonly #options: ModelledRouterOptions;
  readonly #inForce = new Map<string, T>();
  readonly #random = seededRandom(7);

  constructor(model: TrafficModel<T>, options: ModelledRouterOptions) {
    this.#model = model;
    this.#options = options;
  }

  start(): void {
    const { clock, lagMilliseconds, signal } = this.#options;
    const objects = new Informer<T>({ ...this.#options, type: this.#model.type });
    objects.onChange(({ key, old, current }) => {
      if (!this.isAwake || (current !== undefined && isOnlyStatus(old, current))) return;
      const isTaken = this.takes;
      clock.schedule(lagMilliseconds / 2, () => {
        if (current !== undefined) void this.#answer(current, isTaken);
      });
      clock.schedule(lagMilliseconds, () => {
        if (current === undefined) this.#inForce.delete(key);
        else if (isTaken) this.#inForce.set(key, current);
      });
    });
    objects.start(signal);
  }

  send(request: ModelRequest): Delivery {
    return this.#model.route([...this.#inForce.values()], request, this.#random);
  }

  /** How many of so many requests went to each Service, and to nobody under an empty name. */
  count(request: ModelRequest, times: number): Readonly<Record<string, number>> {
    const counts = new Map<string, number>();
    for (let sent = 0; sent < times; sent += 1) {
      const { service = '' } = this.send(request);
      counts.set(service, (counts.get(service) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  }

  async #answer(object: T, isTaken: boolean): Promise<void> {
    const { client, signal } = this.#options;
    const status = this.#model.statusOf(object, isTaken);
    if (status === undefined || signal.aborted) return;
    try {
      const body = { status };
      await client.patch(this.#model.type, keyOf(object), { type: 'merge', body }, { subresource: 'status' });
    } catch (error) {
      if (!signal.aborted && !isStatusReason(error, 'NotFound')) throw error;
    }
  }
}

function isOnlyStatus(old: KubeObject | undefined, current: KubeObject): boolean {
  const bare = (object: KubeObject | undefined): string => {
    const { annotations, generation, uid } = object?.metadata ?? {};
    return JSON.stringify([uid, generation, annotations]);
  };
  return bare(old) === bare(current);
}

/** One of them in proportion to its weight; undefined where none has any. */
export function pickByWeight<Item>(
  items: readonly Item[],
  weightOf: (item: Item) => number,
  random: () => number,
): Item | undefined {
  let rest = random() * items.reduce((sum, item) => sum + weightOf(item), 0);
  return items.find((item) => {
    rest -= weightOf(item);
    return rest < 0;
  });
}

/** `/shop` covers `/shop` and `/shop/cart`, and not `/shopping`. */
export function isUnderPath(path: string, prefix: string): boolean {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === bare || path.startsWith(`${bare}/`);
}

/** `*.example.org` covers every host below it. */
export function isHostCovered(host: string, pattern: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}
