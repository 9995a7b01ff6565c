/** Writes the objects of one router for every Split that goes by it, and confirms in its name. */
import type { KubeClient } from '@slipway/kube/client';
import type { Clock } from '@slipway/kube/clock';
import type { Controller } from '@slipway/kube/controller';
import { runController, source } from '@slipway/kube/controller-runtime';
import { Informer, type InformerChange } from '@slipway/kube/informer';
import type { Logger } from '@slipway/kube/logger';
import { apiVersionOf, keyOf, keyString, type KubeObject, type ObjectKey } from '@slipway/kube/object';
import { splits, type ForeignRouter, type Split, type SplitInstanceStatus } from '@slipway/kube/split';
import { absentAsUndefined, isStatusReason, StatusError } from '@slipway/kube/status-error';
import { deleteSeen } from '../controller/writing.ts';
import { labels } from '../names.ts';
import { describeMissing, judgeRoute, type Route } from './judge-route.ts';
import { asCarriedBy, routersOf } from './routers-of.ts';
import { routerAnnotations } from './own-objects.ts';
import { planRoute, refused, type ObservedRoute, type RouteAction } from './plan-route.ts';
import type { Existing, Router } from './router.ts';

export interface RouteControllerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly splits: Informer<Split>;
  /** The one that is served; all unless said otherwise. */
  readonly namespace?: string | undefined;
  readonly signal: AbortSignal;
}

/** Resolves after the signal, when nothing is written any more. */
export function runRouteController<T extends KubeObject>(
  router: Router<T>,
  options: RouteControllerOptions,
): Promise<void> {
  const objects = new Informer<T>({ ...options, type: router.type, labelSelector: labels.application });
  const stopwatch = new Stopwatch(options.clock);
  const writer = new RouteWriter<T>(options);
  const controller: Controller<ObservedRoute<T>, RouteAction<T>> = {
    name: `router-${router.name}`,
    observe: async (key) => {
      const found = options.splits.get(key);
      if (found === undefined || !routersOf(found).includes(router.name)) {
        stopwatch.forget(key);
        return undefined;
      }
      const split = asCarriedBy(router.name, found);
      // What is being watched was usable, and a write says when it is no more.
      const unusable = objects.hasSynced ? undefined : await findUnusable(router, options);
      if (unusable === undefined) start();
      const existing =
        unusable === undefined ? await readExisting({ router, split, objects, client: options.client }) : new Map();
      const route: Route<T> = { router, split, existing, unusable };
      const verdict = judgeRoute(route);
      const unchangedFor = stopwatch.measure(key, fingerprintOf(route, verdict.state));
      return { ...route, verdict, unchangedFor };
    },
    reconcile: planRoute,
    apply: async ({ actions }, observed) => writer.carryOut(actions, observed),
  };
  const running = runController(controller, {
    ...options,
    workers: 2,
    sources: [source(options.splits, ({ current }) => (current === undefined ? [] : [keyOf(current)]))],
  });
  // Once the kind is served; an informer of one that is not would only complain.
  let isStarted = false;
  const start = (): void => {
    if (isStarted) return;
    isStarted = true;
    objects.onChange((change) => {
      for (const key of splitsOf(change)) running.enqueue(key);
    });
    objects.start(options.signal);
  };
  return running.done;
}

function splitsOf({ current, old }: InformerChange<KubeObject>): readonly ObjectKey[] {
  return [current, old].flatMap((object) => {
    const name = object?.metadata.labels?.[labels.application];
    return name === undefined ? [] : [{ namespace: object?.metadata.namespace, name }];
  });
}

/** One object is asked for, because discovery would say that a kind is served which may not be read. */
async function findUnusable<T extends KubeObject>(
  router: Router<T>,
  { client, namespace }: Pick<RouteControllerOptions, 'client' | 'namespace'>,
): Promise<string | undefined> {
  try {
    await client.list(router.type, { limit: 1, namespace });
    return undefined;
  } catch (error) {
    if (isStatusReason(error, 'NotFound')) return describeMissing(router);
    if (isStatusReason(error, 'Forbidden') && error instanceof Error) return `RouterForbidden: ${error.message}`;
    throw error;
  }
}

interface Reading<T extends KubeObject> {
  readonly router: Router<T>;
  readonly split: Split;
  readonly objects: Informer<T>;
  readonly client: KubeClient;
}

/** What is not in the cache may be there without our label: it is asked for before anything is written in its place. */
async function readExisting<T extends KubeObject>({
  router,
  split,
  objects,
  client,
}: Reading<T>): Promise<Existing<T>> {
  const { namespace } = split.metadata;
  const found = await Promise.all(
    router.objectNames(split).map(async (name) => {
      const key = { namespace, name };
      return [name, objects.get(key) ?? (await absentAsUndefined(client.get(router.type, key)))] as const;
    }),
  );
  return new Map(found.flatMap(([name, object]) => (object === undefined ? [] : [[name, object] as const])));
}

/** Annotations change what some routers do, and no generation: what we wrote into them is part of it. */
function fingerprintOf<T extends KubeObject>({ split, existing }: Route<T>, state: string): string {
  const objects = [...existing.values()].map(
    ({ metadata: { uid = '', generation = 0, annotations } }) =>
      `${uid} ${generation} ${annotations?.[routerAnnotations.content] ?? ''}`,
  );
  return [state, split.metadata.uid, split.metadata.generation, ...objects].join('\n');
}

/** Since when nothing has changed, by our own clock. A controller that starts anew waits once more. */
class Stopwatch {
  readonly #clock: Clock;
  readonly #since = new Map<string, { readonly fingerprint: string; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  measure(key: ObjectKey, fingerprint: string): number {
    const now = this.#clock.monotonic();
    const known = this.#since.get(keyString(key));
    if (known?.fingerprint === fingerprint) return now - known.at;
    this.#since.set(keyString(key), { fingerprint, at: now });
    return 0;
  }

  forget(key: ObjectKey): void {
    this.#since.delete(keyString(key));
  }
}

class RouteWriter<T extends KubeObject> {
  readonly #options: RouteControllerOptions;

  constructor(options: RouteControllerOptions) {
    this.#options = options;
  }

  async carryOut(actions: readonly RouteAction<T>[], route: ObservedRoute<T>): Promise<void> {
    for (const action of actions) {
      // What is refused is told, and what should have come after it would be wrong without it.
      if ((await this.#perform(action, route)) === 'refused') return;
    }
  }

  async #perform(action: RouteAction<T>, route: ObservedRoute<T>): Promise<'done' | 'refused'> {
    switch (action.type) {
      case 'report':
        await this.#report(action.entry, route);
        return 'done';
      case 'apply':
        return this.#apply(action.object, route);
      case 'withdraw':
        await this.#withdraw(action.object, route);
        return 'done';
    }
  }

  async #apply(object: T, route: ObservedRoute<T>): Promise<'done' | 'refused'> {
    const existing = route.existing.get(object.metadata.name ?? '');
    const { type } = route.router;
    try {
      await this.#write(withVersion(object, existing), { route, force: !isApplied(existing, route) });
      return 'done';
    } catch (error) {
      const sentence = describeRefusal(error, `${type.kind} ${keyString(keyOf(object))}`, route.router);
      if (sentence === undefined) throw error;
      return await this.#refuse(sentence, route);
    }
  }

  async #refuse(sentence: string, route: ObservedRoute<T>): Promise<'refused'> {
    await this.#report(refused(route, sentence, this.#options.clock.now()), route);
    return 'refused';
  }

  #write(object: KubeObject, { route, force }: { readonly route: Route<T>; readonly force: boolean }): Promise<T> {
    const body: object = JSON.parse(JSON.stringify(object));
    const fieldManager = managerOf(route.router.name);
    return this.#options.client.patch(
      route.router.type,
      keyOf(object),
      { type: 'apply', body, force },
      { fieldManager },
    );
  }

  /** What others put into an object stays, and with it what they need of it: nothing of theirs is deleted. */
  async #withdraw(object: T, route: ObservedRoute<T>): Promise<void> {
    const rest = route.router.withoutOurs(object);
    if (rest === undefined) return deleteSeen(this.#options.client, route.router.type, object);
    const { name, namespace } = object.metadata;
    const { type } = route.router;
    const bare = { ...rest, apiVersion: apiVersionOf(type), kind: type.kind, metadata: { name, namespace } };
    const { status: _, ...body }: KubeObject & { readonly status?: unknown } = bare;
    await this.#write(withVersion(body, object), { route, force: true });
    return undefined;
  }

  async #report(entry: SplitInstanceStatus | undefined, { router, split }: ObservedRoute<T>): Promise<void> {
    const { name, namespace, uid } = split.metadata;
    const instances = entry === undefined ? [] : [entry];
    const body: object = JSON.parse(
      JSON.stringify({
        apiVersion: apiVersionOf(splits),
        kind: splits.kind,
        metadata: { name, namespace, uid },
        status: { instances },
      }),
    );
    const options = { subresource: 'status', fieldManager: managerOf(router.name) };
    await this.#options.client.patch(splits, keyOf(split), { type: 'apply', body, force: true }, options);
  }
}

/** Each router has its own: what one no longer applies goes, and nothing of the others'. */
function managerOf(router: ForeignRouter): string {
  return `slipway-router-${router}`;
}

/** Nothing but what was looked at is changed. */
function withVersion<Body extends KubeObject>(object: Body, existing: KubeObject | undefined): Body {
  const { uid, resourceVersion } = existing?.metadata ?? {};
  return { ...object, metadata: { ...object.metadata, uid, resourceVersion } };
}

/**
 * Who edits an object once is overruled; who applies it again and again would have us and him overrule each other for ever.
 */
function isApplied<T extends KubeObject>(existing: T | undefined, { router }: Route<T>): boolean {
  return (existing?.metadata.managedFields ?? []).some(
    ({ manager, operation, fieldsV1 = {} }) =>
      operation === 'Apply' && manager !== managerOf(router.name) && 'f:spec' in fieldsV1,
  );
}

/** Of a write; undefined where the next one may succeed. */
function describeRefusal(error: unknown, what: string, { product }: { readonly product: string }): string | undefined {
  if (!(error instanceof StatusError)) return undefined;
  const { reason, message, details } = error;
  if (details?.causes?.some((cause) => cause.reason === 'FieldManagerConflict') === true)
    return `FieldConflict: ${what} is applied by somebody else too: ${message}: take these fields out of what is applied there`;
  // A field that the installed kind does not know is answered as a fault of the server.
  const isRefused = isStatusReason(error, 'Invalid', 'BadRequest', 'Forbidden', 'NotFound', 'InternalError', 'Unknown');
  return isRefused
    ? `RouteRejected: the API server does not take ${what} (${reason}: ${message}): is what is installed as new as ${product}?`
    : undefined;
}
