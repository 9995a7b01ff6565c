import type { Clock } from './clock.ts';
import type { Controller } from './controller.ts';
import type { Informer, InformerChange } from './informer.ts';
import type { Logger } from './logger.ts';
import { keyString, parseKey, type KubeObject, type ObjectKey } from './object.ts';
import { isStatusReason } from './status-error.ts';
import { WorkQueue } from './workqueue.ts';

/** Says which of a controller's keys a change of some object concerns. */
export interface ControllerSource {
  subscribe(enqueue: (key: ObjectKey) => void): () => void;
  synced(): Promise<void>;
}

/** Ties an informer to a controller. `keys` maps a change to the keys to look at. */
export function source<T extends KubeObject>(
  informer: Informer<T>,
  keys: (change: InformerChange<T>) => Iterable<ObjectKey>,
): ControllerSource {
  return {
    subscribe: (enqueue) =>
      informer.onChange((change) => {
        for (const key of keys(change)) enqueue(key);
      }),
    synced: () => informer.synced(),
  };
}

export interface ControllerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** Keys looked at at once; 4 unless said otherwise. */
  readonly workers?: number | undefined;
  /** Whether a key is looked at before those of which this is false; these get one look of sixteen all the same. */
  readonly goesFirst?: ((key: ObjectKey) => boolean) | undefined;
  readonly sources: readonly ControllerSource[];
  /** Told how each look went. */
  readonly onLooked?: ((look: Looked) => void) | undefined;
  readonly signal: AbortSignal;
}

/** `outdated`: the caches lagged behind what was written, which is common and harmless. */
export type LookOutcome = 'done' | 'outdated' | 'failed';

interface Looked {
  readonly outcome: LookOutcome;
  readonly milliseconds: number;
}

export interface RunningController {
  enqueue(key: ObjectKey): void;
  /** How many keys wait to be looked at. */
  queueLength(): number;
  /** Resolves after the signal when what was under way has ended. */
  readonly done: Promise<void>;
}

/** Joins the three parts of a controller to a work queue. Nothing is looked at before every source has synced. */
export function runController<Observed, Action, Status>(
  controller: Controller<Observed, Action, Status>,
  options: ControllerOptions,
): RunningController {
  const { signal } = options;
  const queue = new WorkQueue({
    clock: options.clock,
    random: options.random,
    workers: options.workers ?? 4,
    goesFirst: (key) => options.goesFirst?.(parseKey(key)) ?? true,
    process: (key) => look({ controller, options, queue, key }),
  });
  const enqueue = (key: ObjectKey): void => {
    if (!signal.aborted) queue.add(keyString(key));
  };
  return { enqueue, queueLength: () => queue.length, done: run({ queue, options, enqueue }) };
}

interface Run {
  readonly queue: WorkQueue;
  readonly options: ControllerOptions;
  readonly enqueue: (key: ObjectKey) => void;
}

async function run({ queue, options, enqueue }: Run): Promise<void> {
  const { signal, sources } = options;
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const unsubscribe = sources.map((each) => each.subscribe(enqueue));
  await Promise.race([Promise.all(sources.map((each) => each.synced())), aborted]);
  if (!signal.aborted) queue.start();
  await aborted;
  for (const stop of unsubscribe) stop();
  await queue.stop();
}

interface Look<Observed, Action, Status> {
  readonly controller: Controller<Observed, Action, Status>;
  readonly options: ControllerOptions;
  readonly queue: WorkQueue;
  readonly key: string;
}

async function look<Observed, Action, Status>({
  controller,
  options,
  queue,
  key,
}: Look<Observed, Action, Status>): Promise<void> {
  const { clock, logger, signal, onLooked } = options;
  const since = clock.monotonic();
  const note = (outcome: LookOutcome): void => onLooked?.({ outcome, milliseconds: clock.monotonic() - since });
  try {
    const observed = await controller.observe(parseKey(key));
    if (observed !== undefined) {
      const plan = controller.reconcile(observed, clock.now());
      await controller.apply(plan, observed, signal);
      if (plan.requeueAfter !== undefined) queue.addAfter(key, plan.requeueAfter);
    }
    queue.forget(key);
    note('done');
  } catch (error) {
    if (signal.aborted) return;
    // A conflict says that the caches lag behind: common, harmless, and answered by looking again.
    const outcome = isStatusReason(error, 'Conflict', 'NotFound', 'AlreadyExists') ? 'outdated' : 'failed';
    note(outcome);
    logger[outcome === 'outdated' ? 'debug' : 'error']('reconcile failed, trying again', {
      controller: controller.name,
      key,
      error,
    });
    queue.addRateLimited(key);
  }
}
