import { afterEach, describe, expect, test } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { RecordingLogger } from '../testing/recording-logger.ts';
import type { ConfigMap } from './api.generated.ts';
import type { KubeClient } from './client.ts';
import { Informer, type InformerChange, type InformerOptions } from './informer.ts';
import { createClient } from './kube-client.ts';
import { configMaps } from './resources.ts';
import { StatusError } from './status-error.ts';
import type { TransportRequest } from './transport.ts';

const namespace = 'default';
const isWatch = ({ query }: TransportRequest): boolean => query.get('watch') === 'true';

interface World {
  readonly api: FakeApi;
  readonly clock: FakeClock;
  readonly client: KubeClient;
  readonly logger: RecordingLogger;
  readonly informer: Informer<ConfigMap>;
  readonly stop: AbortController;
  /** `+a`, `~a`, `-a`: what listeners were told, in order. */
  readonly told: string[];
  put(name: string, color: string): Promise<ConfigMap>;
  remove(name: string): Promise<void>;
  colors(): Record<string, string | undefined>;
  lists(): number;
}

const worlds: World[] = [];
afterEach(() => worlds.splice(0).forEach(({ stop }) => stop.abort()));

interface ServerOptions {
  /** Also what the reader ignores, as a server of another process does. */
  readonly tellsAll: boolean;
}

function createWorld(
  options: Partial<InformerOptions<ConfigMap>> = {},
  { tellsAll }: ServerOptions = { tellsAll: false },
): World {
  const api = new FakeApi();
  api.tellsAll = tellsAll;
  const clock = new FakeClock();
  const client = createClient(api);
  const logger = new RecordingLogger();
  const informer = new Informer({ client, type: configMaps, clock, logger, freeze: true, ...options });
  const told: string[] = [];
  informer.onChange((change) => told.push(describeChange(change)));
  const world: World = {
    api,
    clock,
    client,
    logger,
    informer,
    told,
    stop: new AbortController(),
    put: (name, color) =>
      client.patch(
        configMaps,
        { namespace, name },
        { type: 'apply', body: { metadata: { name, namespace, labels: { color } }, data: { color } } },
        { fieldManager: 'test' },
      ),
    remove: (name) => client.delete(configMaps, { namespace, name }),
    colors: () => Object.fromEntries(informer.list().map(({ metadata, data }) => [metadata.name, data?.['color']])),
    lists: () => api.requests.filter((request) => request.method === 'GET' && !isWatch(request)).length,
  };
  worlds.push(world);
  return world;
}

function describeChange({ key, old, current }: InformerChange<ConfigMap>): string {
  return `${old === undefined ? '+' : current === undefined ? '-' : '~'}${key.replace('default/', '')}`;
}

async function start(options: Partial<InformerOptions<ConfigMap>> = {}, server?: ServerOptions): Promise<World> {
  const world = createWorld(options, server);
  await world.put('a', 'red');
  await world.put('b', 'green');
  world.informer.start(world.stop.signal);
  await world.clock.advance(0);
  return world;
}

describe('an informer', () => {
  test('holds what exists and then follows every change in order', async () => {
    const { put, remove, clock, told, colors, informer, api } = await start();
    expect(informer.hasSynced).toBe(true);
    await put('a', 'blue');
    await put('c', 'white');
    await remove('b');
    await clock.advance(0);
    expect(colors()).toEqual({ a: 'blue', c: 'white' });
    expect(told).toEqual(['+a', '+b', '~a', '+c', '-b']);
    expect(informer.resourceVersion).toBe(String(api.revision));
  });

  test('lists at first with no revision: an answer from some cache may be older than what another one acted on', async () => {
    const { api } = await start();
    const lists = api.requests.filter((request) => request.method === 'GET' && !isWatch(request));
    expect(lists.map(({ query }) => query.get('resourceVersion'))).toEqual([null]);
  });

  test('has synced with an empty list too', async () => {
    const { informer, stop, clock } = createWorld();
    informer.start(stop.signal);
    expect(informer.hasSynced).toBe(false);
    await clock.advance(0);
    await informer.synced();
    expect(informer.list()).toEqual([]);
  });

  test('tells a listener that is added late of everything that exists', async () => {
    const { informer, put, clock } = await start();
    const late: string[] = [];
    const stop = informer.onChange((change) => late.push(describeChange(change)));
    await put('a', 'blue');
    await clock.advance(0);
    stop();
    await put('a', 'white');
    await clock.advance(0);
    expect(late).toEqual(['+a', '+b', '~a']);
  });

  test('gives the old object with a change and the last state with a deletion', async () => {
    const { informer, put, remove, clock } = await start();
    const changes: InformerChange<ConfigMap>[] = [];
    informer.onChange((change) => changes.push(change));
    await put('a', 'blue');
    await remove('a');
    await clock.advance(0);
    const [, , changed, deleted] = changes;
    expect(changed).toMatchObject({ old: { data: { color: 'red' } }, current: { data: { color: 'blue' } } });
    expect(deleted).toMatchObject({ old: { data: { color: 'blue' } }, current: undefined });
  });

  test('finds objects by the values of an index, as they are now', async () => {
    const { informer, put, remove, clock } = await start({
      indexes: { color: ({ data }) => [data?.['color'] ?? ''] },
    });
    const named = (color: string) => informer.byIndex('color', color).map(({ metadata }) => metadata.name);
    await put('b', 'red');
    await clock.advance(0);
    expect([named('red'), named('green')]).toEqual([['a', 'b'], []]);
    await remove('a');
    await clock.advance(0);
    expect(named('red')).toEqual(['b']);
    expect(() => informer.byIndex('size', 'small')).toThrow('has no index named size');
  });

  test('freezes objects deeply when asked to', async () => {
    const { informer } = await start();
    const object = informer.get({ namespace, name: 'a' });
    expect(Object.isFrozen(object)).toBe(true);
    expect(Object.isFrozen(object?.metadata.labels)).toBe(true);
  });

  test('drops what ceases to be selected', async () => {
    const { put, clock, told } = await start({ labelSelector: 'color in (red,green)' });
    await put('a', 'blue');
    await clock.advance(0);
    expect(told).toEqual(['+a', '+b', '-a']);
  });

  test('goes on from a bookmark, not from the last change', async () => {
    const { api, clock, lists, client, informer } = await start({ labelSelector: 'color' });
    await client.create(configMaps, { metadata: { name: 'unselected', namespace } });
    api.bookmark();
    await clock.advance(0);
    api.compact();
    api.endWatches();
    await clock.advance(20_000);
    expect(lists()).toBe(1);
    expect(informer.resourceVersion).toBe(String(api.revision));
  });
});

describe('an informer that keeps few of many', () => {
  const keeps = ({ data }: ConfigMap): boolean => data?.['color'] !== 'red';

  test.for([false, true])('knows those, and tells of the others when they are deleted: %s', async (tellsAll) => {
    const { put, remove, clock, told, colors } = await start({ keeps }, { tellsAll });
    expect([colors(), told]).toEqual([{ b: 'green' }, ['+b']]);
    await put('a', 'white');
    await put('c', 'red');
    await put('b', 'red');
    await remove('c');
    await clock.advance(0);
    expect([colors(), told.slice(1)]).toEqual([{ a: 'white' }, ['+a', '-b', '-c']]);
  });

  test.for([false, true])('loses nothing of what follows fast: %s', async (tellsAll) => {
    const { put, remove, clock, told, colors, informer, api } = await start({ keeps }, { tellsAll });
    await put('c', 'red');
    // The first one is still under way when the next one is asked about.
    await Promise.all([put('c', 'white'), put('c', 'red')]);
    await put('d', 'white');
    await Promise.all([remove('d'), put('d', 'red')]);
    await clock.advance(0);
    expect([colors(), told]).toEqual([{ b: 'green' }, ['+b', '+c', '-c', '+d', '-d']]);
    api.bookmark();
    await put('b', 'red');
    await clock.advance(0);
    expect([colors(), told.at(-1)]).toEqual([{}, '-b']);
    expect(informer.resourceVersion).toBe(String(api.revision));
    await put('b', 'white');
    await clock.advance(0);
    expect(colors()).toEqual({ b: 'white' });
  });

  test('is not woken by a server in the same process for what it would do nothing with', async () => {
    const { put, clock, informer, api, colors } = await start({ keeps });
    const { resourceVersion } = informer;
    await put('c', 'red');
    await put('a', 'red');
    await clock.advance(0);
    expect(informer.resourceVersion).toBe(resourceVersion);
    api.endWatches();
    await put('a', 'white');
    await clock.advance(20_000);
    expect(colors()).toEqual({ a: 'white', b: 'green' });
  });

  test('takes in what was read otherwise, and follows it from then on', async () => {
    const isTaken = new Set<string>();
    const { put, clock, told, informer, client } = await start({
      keeps: (object) => keeps(object) || isTaken.has(object.metadata.name ?? ''),
    });
    const read = await client.get(configMaps, { namespace, name: 'a' });
    isTaken.add('a');
    informer.keep(read);
    informer.keep(read);
    await put('a', 'red and white');
    await clock.advance(0);
    expect(told).toEqual(['+b', '+a', '~a']);
    informer.keep(read);
    expect(informer.get({ namespace, name: 'a' })?.data).toEqual({ color: 'red and white' });
  });

  test('keeps what it has taken in when it hears of the end of another one of that name', async () => {
    const isTaken = new Set<string>();
    const { api, put, remove, clock, told, informer, colors } = await start({
      keeps: (object) => keeps(object) || isTaken.has(object.metadata.uid ?? ''),
    });
    api.silenceWatches();
    await remove('a');
    const read = await put('a', 'red');
    isTaken.add(read.metadata.uid ?? '');
    informer.keep(read);
    await clock.advance(150_000);
    expect([colors(), told]).toEqual([{ a: 'red', b: 'green' }, ['+b', '+a', '~a']]);
  });
});

describe('an informer survives', () => {
  test('a server that ends the watch, without listing again', async () => {
    const { api, clock, put, colors, lists } = await start();
    await clock.advance(5_000);
    api.endWatches();
    await put('a', 'blue');
    await clock.advance(0);
    expect(colors()).toMatchObject({ a: 'blue' });
    expect(lists()).toBe(1);
  });

  test('an expired revision, and tells the difference, deletions included', async () => {
    const { api, clock, put, remove, told, lists } = await start();
    api.silenceWatches();
    await put('a', 'blue');
    await remove('b');
    await put('c', 'white');
    api.compact();
    api.endWatches();
    await clock.advance(1_000);
    expect(told).toEqual(['+a', '+b', '~a', '+c', '-b']);
    expect(lists()).toBe(2);
  });

  test('an expired revision that is told within the stream', async () => {
    const { api, clock, lists, remove, told, logger } = await start();
    api.silenceWatches();
    await remove('a');
    api.breakWatches(new StatusError('Gone', 'too old resource version'));
    await clock.advance(0);
    expect(lists()).toBe(2);
    expect(told.at(-1)).toBe('-a');
    expect(logger.lines).toEqual([]);
  });

  test('a revision that the server has not reached: its data were replaced by older ones', async () => {
    const { api, clock, lists, informer } = await start();
    api.intercept = (request) => {
      if (!isWatch(request) || request.query.get('resourceVersion') === '1') return undefined;
      throw new StatusError('Timeout', 'Too large resource version: 3, current: 1', {
        details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
      });
    };
    api.goBackTo(1);
    api.endWatches();
    await clock.advance(5_000);
    expect(lists()).toBe(2);
    expect(informer.resourceVersion).toBe('1');
    expect(api.openWatches).toBe(1);
  });

  test('a connection on which nothing arrives any more', async () => {
    const { api, clock, put, colors } = await start();
    api.silenceWatches();
    await put('a', 'blue');
    await clock.advance(119_000);
    expect(colors()).toMatchObject({ a: 'red' });
    await clock.advance(2_000);
    expect(colors()).toMatchObject({ a: 'blue' });
  });

  test('a list that is never answered', async () => {
    const world = createWorld();
    const { api, informer, stop, clock } = world;
    let isHanging = true;
    api.intercept = ({ signal }) =>
      isHanging
        ? new Promise((_, reject) =>
            signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
          )
        : undefined;
    informer.start(stop.signal);
    await clock.advance(59_000);
    isHanging = false;
    await clock.advance(2_000);
    expect(informer.hasSynced).toBe(true);
  });

  test('bookmarks alone keep a connection: nothing is asked again', async () => {
    const { api, clock } = await start();
    const before = api.requests.length;
    for (let minute = 0; minute < 4; minute++) {
      // An API server sends one each minute; it arrives a little later.
      await clock.advance(61_000);
      api.bookmark();
    }
    await clock.advance(0);
    expect(api.requests.length).toBe(before);
  });

  test('a server that is away, asking less and less often', async () => {
    const { api, clock, put, colors, logger } = await start();
    const asked: number[] = [];
    api.intercept = (request) => {
      if (!isWatch(request)) return undefined;
      asked.push(clock.now());
      throw new StatusError('ServiceUnavailable', 'connection refused');
    };
    api.breakWatches(new StatusError('ServiceUnavailable', 'connection reset'));
    await put('a', 'blue');
    await clock.advance(60_000);
    const waits = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
    expect(asked.length).toBeLessThan(20);
    expect(logger.lines[0]).toMatchObject({ level: 'warn', fields: { kind: 'ConfigMap' } });
    api.intercept = undefined;
    await clock.advance(10_000);
    expect(colors()).toMatchObject({ a: 'blue' });
  });

  test('a healthy stream that breaks, without counting the failures before it', async () => {
    const { api, clock } = await start();
    const lost = new StatusError('ServiceUnavailable', 'connection reset');
    for (let time = 0; time < 10; time++) {
      await clock.advance(50_000);
      api.bookmark();
      await clock.advance(0);
      api.breakWatches(lost);
      await clock.advance(200);
      expect(api.openWatches).toBe(1);
    }
  });

  test('streams that break before they were of use, asking less and less often', async () => {
    const { api, clock } = await start();
    const lost = new StatusError('ServiceUnavailable', 'connection reset');
    const before = api.requests.length;
    for (let time = 0; time < 600; time++) {
      api.breakWatches(lost);
      await clock.advance(100);
    }
    expect(api.requests.length - before).toBeLessThan(20);
  });

  test('a server that ends each watch at once, without asking it in a busy loop', async () => {
    const { api, clock } = await start();
    api.intercept = (request) =>
      isWatch(request)
        ? { status: 200, headers: {}, body: { kind: 'watch', events: (async function* () {})() } }
        : undefined;
    api.endWatches();
    const before = api.requests.length;
    await clock.advance(60_000);
    expect(api.requests.length - before).toBeLessThan(20);
  });

  test('an object that was replaced by another of its name', async () => {
    const { api, clock, put, remove, informer } = await start();
    const old = informer.get({ namespace, name: 'a' });
    api.silenceWatches();
    await remove('a');
    await put('a', 'red');
    api.compact();
    api.endWatches();
    await clock.advance(1_000);
    expect(informer.get({ namespace, name: 'a' })?.metadata.uid).not.toBe(old?.metadata.uid);
  });
});

describe('an informer that is stopped', () => {
  test('closes its watch, keeps no timer and says nothing more', async () => {
    const { api, clock, stop, put, told, logger } = await start();
    stop.abort();
    await put('a', 'blue');
    await clock.advance(120_000);
    expect(api.openWatches).toBe(0);
    expect(clock.pendingTimers).toBe(0);
    expect(told).toEqual(['+a', '+b']);
    expect(logger.lines).toEqual([]);
  });

  test('stops while it waits to try again', async () => {
    const { api, clock, stop } = await start();
    api.intercept = () => {
      throw new StatusError('ServiceUnavailable', 'connection refused');
    };
    api.breakWatches(new Error('reset'));
    await clock.advance(100);
    stop.abort();
    await clock.advance(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
