import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import { FakeClock, settle } from '../testing/fake-clock.ts';
import { RecordingLogger } from '../testing/recording-logger.ts';
import type { ConfigMap } from './api.generated.ts';
import { runController, source, type RunningController } from './controller-runtime.ts';
import type { Controller, Plan } from './controller.ts';
import { Informer } from './informer.ts';
import { createClient } from './kube-client.ts';
import { keyOf, type ObjectKey } from './object.ts';
import { configMaps } from './resources.ts';
import { StatusError } from './status-error.ts';

const namespace = 'default';
const keyA: ObjectKey = { namespace, name: 'a' };

/** Says what it saw of a ConfigMap, and does what the test wants. */
class Observer implements Controller<ConfigMap, string, string> {
  readonly name = 'observer';
  readonly #informer: Informer<ConfigMap>;
  readonly seen: string[] = [];
  readonly applied: string[] = [];
  requeueAfter: number | undefined;
  /** Thrown by as many looks. */
  readonly failures: Error[] = [];
  beforeApply: (signal: AbortSignal) => Promise<void> = async () => undefined;

  constructor(informer: Informer<ConfigMap>) {
    this.#informer = informer;
  }

  observe(key: ObjectKey): ConfigMap | undefined {
    const found = this.#informer.get(key);
    this.seen.push(`${key.name}:${found?.data?.['color'] ?? 'gone'}`);
    return found;
  }

  reconcile(observed: ConfigMap, now: number): Plan<string, string> {
    const { requeueAfter } = this;
    return { actions: [observed.data?.['color'] ?? ''], status: new Date(now).toISOString(), requeueAfter };
  }

  async apply({ actions, status }: Plan<string, string>, observed: ConfigMap, signal: AbortSignal): Promise<void> {
    await this.beforeApply(signal);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.applied.push(`${observed.metadata.name} ${actions.join()} ${status}`);
  }
}

let clock: FakeClock;
let stop: AbortController;
let logger: RecordingLogger;
let api: FakeApi;
let controller: Observer;
let informer: Informer<ConfigMap>;

beforeEach(() => {
  clock = new FakeClock();
  stop = new AbortController();
  logger = new RecordingLogger();
  api = new FakeApi();
  informer = new Informer<ConfigMap>({ client: createClient(api), type: configMaps, clock });
  controller = new Observer(informer);
});

afterEach(() => stop.abort(new Error('the test has ended')));

async function put(name: string, color: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data: { color } };
  const patch = { type: 'apply', body: object, force: true } as const;
  await createClient(api).patch(configMaps, { namespace, name }, patch, { fieldManager: 'test' });
  await settle();
}

function run(): RunningController {
  const changes = source(informer, ({ current, old }) =>
    [current ?? old].flatMap((object) => (object ? [keyOf(object)] : [])),
  );
  return runController(controller, { clock, logger, random: () => 0, sources: [changes], signal: stop.signal });
}

async function started(): Promise<RunningController> {
  informer.start(stop.signal);
  const running = run();
  await settle();
  return running;
}

describe('looking', () => {
  test('begins when every source has synced, and at everything that is there', async () => {
    await put('a', 'red');
    await put('b', 'blue');
    const running = run();
    running.enqueue(keyA);
    await settle();
    expect(controller.seen).toEqual([]);
    informer.start(stop.signal);
    await settle();
    expect(controller.seen.toSorted()).toEqual(['a:red', 'b:blue']);
  });

  test('follows each change with the plan for what is there now', async () => {
    await started();
    await put('a', 'red');
    await put('a', 'green');
    expect(controller.applied).toEqual(['a red 2026-01-01T00:00:00.000Z', 'a green 2026-01-01T00:00:00.000Z']);
  });

  test('at what is gone ends without a plan', async () => {
    await put('a', 'red');
    await started();
    await createClient(api).delete(configMaps, keyA);
    await settle();
    expect(controller.seen).toEqual(['a:red', 'a:gone']);
    expect(controller.applied).toHaveLength(1);
    expect(clock.pendingTimers).toBe(1);
  });

  test('comes again at the time that the plan asked for', async () => {
    await put('a', 'red');
    controller.requeueAfter = 5_000;
    await started();
    await clock.advance(4_999);
    expect(controller.applied).toHaveLength(1);
    await clock.advance(1);
    expect(controller.applied).toEqual(['a red 2026-01-01T00:00:00.000Z', 'a red 2026-01-01T00:00:05.000Z']);
  });

  test('at a key of which a change arrives meanwhile comes again afterwards', async () => {
    await put('a', 'red');
    const hold = Promise.withResolvers<void>();
    controller.beforeApply = () => hold.promise;
    await started();
    await put('a', 'green');
    expect(controller.seen).toEqual(['a:red']);
    hold.resolve();
    await settle();
    expect(controller.seen).toEqual(['a:red', 'a:green']);
  });
});

describe('a look that fails', () => {
  test('is logged once and tried again, later each time, until it succeeds', async () => {
    await put('a', 'red');
    controller.failures.push(new Error('no'), new Error('still no'));
    await started();
    expect(controller.seen).toHaveLength(1);
    await clock.advance(5);
    expect(controller.seen).toHaveLength(2);
    await clock.advance(9);
    expect(controller.seen).toHaveLength(2);
    await clock.advance(1);
    expect(controller.applied).toHaveLength(1);
    expect(logger.lines.map(({ level, fields }) => [level, fields['controller'], fields['key']])).toEqual([
      ['error', 'observer', 'default/a'],
      ['error', 'observer', 'default/a'],
    ]);
    await clock.advance(60_000);
    expect(controller.applied).toHaveLength(1);
  });

  test('does not hold up other keys', async () => {
    await put('a', 'red');
    controller.failures.push(new Error('no'));
    await started();
    await put('b', 'blue');
    expect(controller.applied).toEqual(['b blue 2026-01-01T00:00:00.000Z']);
  });

  test.each(['Conflict', 'NotFound', 'AlreadyExists'] as const)(
    'by %s says that the caches lag: no error, and another look',
    async (reason) => {
      await put('a', 'red');
      controller.failures.push(new StatusError(reason, 'older than you think'));
      await started();
      await clock.advance(5);
      expect(controller.applied).toHaveLength(1);
      expect(logger.lines.map(({ level }) => level)).toEqual(['debug']);
    },
  );
});

describe('stopping', () => {
  test('tells what is under way, waits for it, and begins nothing more', async () => {
    await put('a', 'red');
    const hold = Promise.withResolvers<void>();
    let signal: AbortSignal | undefined;
    controller.beforeApply = (given) => {
      signal = given;
      return hold.promise;
    };
    const running = await started();
    stop.abort(new Error('SIGTERM'));
    expect(signal?.aborted).toBe(true);
    running.enqueue(keyA);
    hold.resolve();
    await running.done;
    await clock.advance(60_000);
    expect(controller.seen).toEqual(['a:red']);
    expect(clock.pendingTimers).toBe(0);
  });

  test('makes no noise of what fails because of it', async () => {
    await put('a', 'red');
    controller.beforeApply = async (signal) => {
      stop.abort(new Error('SIGTERM'));
      signal.throwIfAborted();
    };
    const running = await started();
    await running.done;
    expect(logger.lines).toEqual([]);
  });

  test('before anything has synced ends at once', async () => {
    const running = run();
    stop.abort(new Error('SIGTERM'));
    await running.done;
    expect(controller.seen).toEqual([]);
  });
});
