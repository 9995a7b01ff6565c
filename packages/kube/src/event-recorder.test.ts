import { beforeEach, describe, expect, test } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { RecordingLogger } from '../testing/recording-logger.ts';
import type { Event } from './api.generated.ts';
import { EventRecorder } from './event-recorder.ts';
import { createClient } from './kube-client.ts';
import { configMaps, events, namespaces } from './resources.ts';
import { StatusError } from './status-error.ts';

let api: FakeApi;
let clock: FakeClock;
let logger: RecordingLogger;
let recorder: EventRecorder;

beforeEach(() => {
  api = new FakeApi();
  clock = new FakeClock();
  logger = new RecordingLogger();
  recorder = new EventRecorder({ client: createClient(api), clock, logger, component: 'tester', host: 'node-1' });
});

function about(name: string, message: string, reason = 'Failed'): void {
  const object = { metadata: { namespace: 'default', name, uid: `uid-${name}`, resourceVersion: '7' } };
  recorder.event({ object, type: configMaps }, { type: 'Warning', reason, message });
}

async function written(): Promise<readonly Event[]> {
  await recorder.flush();
  return (await createClient(api).list(events, { namespace: 'default' })).items;
}

async function told(): Promise<readonly string[]> {
  return (await written()).map(({ message, count }) => `${message} x${count}`);
}

describe('an event of what goes well', () => {
  test('waits until it is calm, what comes behind it of its object waits too, and that of another one does not', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked: number[] = [];
    const whenCalm = (since: number): Promise<void> => {
      asked.push(since);
      return promise;
    };
    recorder = new EventRecorder({ client: createClient(api), clock, logger, component: 'tester', whenCalm });
    const object = { metadata: { namespace: 'default', name: 'a', uid: 'uid-a' } };
    await clock.advance(5_000);
    recorder.event({ object, type: configMaps }, { type: 'Normal', reason: 'Made', message: 'made' });
    about('a', 'broken');
    about('b', 'broken too');
    await clock.advance(2_000);
    const now = async (): Promise<readonly string[]> =>
      (await createClient(api).list(events, { namespace: 'default' })).items.map(({ message }) => message ?? '');
    expect([await now(), asked]).toEqual([['broken too'], [5_000]]);
    resolve();
    const items = (await written()).toSorted((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
    expect(items.map(({ message }) => message)).toEqual(['made', 'broken', 'broken too']);
    expect(items.map(({ firstTimestamp }) => firstTimestamp)).toEqual(Array(3).fill('2026-01-01T00:00:05Z'));
  });

  test('holds up no warning of another object, of whichever', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    recorder = new EventRecorder({
      client: createClient(api),
      clock,
      logger,
      component: 'tester',
      whenCalm: () => promise,
    });
    for (let number = 0; number < 40; number++) {
      const object = { metadata: { namespace: 'default', name: `calm-${number}`, uid: `uid-calm-${number}` } };
      recorder.event({ object, type: configMaps }, { type: 'Normal', reason: 'Made', message: 'made' });
    }
    for (let number = 0; number < 40; number++) about(`object-${number}`, 'broken');
    await clock.advance(0);
    const types = async (): Promise<readonly unknown[]> =>
      (await createClient(api).list(events, { namespace: 'default' })).items.map(({ type }) => type);
    expect(await types()).toEqual(Array(40).fill('Warning'));
    resolve();
    expect(await written()).toHaveLength(80);
  });
});

describe('an event', () => {
  test('is written as Kubernetes writes it', async () => {
    about('a', 'no disk');
    const [event] = await written();
    expect(event).toMatchObject({
      involvedObject: {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        namespace: 'default',
        name: 'a',
        uid: 'uid-a',
        resourceVersion: '7',
      },
      type: 'Warning',
      reason: 'Failed',
      message: 'no disk',
      source: { component: 'tester', host: 'node-1' },
      reportingComponent: 'tester',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
    });
    expect(event?.metadata.name).toMatch(/^a\.[0-9a-f]{16}$/);
  });

  test('about an object without a namespace stands in default', async () => {
    recorder.event(
      { object: { metadata: { name: 'n' } }, type: namespaces },
      { type: 'Normal', reason: 'R', message: 'm' },
    );
    expect((await written())[0]?.involvedObject.namespace).toBeUndefined();
  });

  test('has a message of 1024 characters at most', async () => {
    about('a', 'x'.repeat(5_000));
    expect((await written())[0]?.message).toBe(`${'x'.repeat(1_023)}…`);
  });

  test('is told in its order, also within a millisecond', async () => {
    for (const message of ['first', 'second', 'third']) about('a', message);
    const names = (await written()).map(({ metadata }) => metadata.name ?? '');
    expect(names).toEqual(names.toSorted());
    expect(await told()).toEqual(['first x1', 'second x1', 'third x1']);
  });
});

describe('an event that repeats', () => {
  test('counts up, and says when it was last', async () => {
    about('a', 'no disk');
    await clock.advance(60_000);
    about('a', 'no disk');
    about('a', 'no disk');
    const all = await written();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({
      count: 3,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:01:00Z',
    });
  });

  test('is another one about another object or with another reason', async () => {
    about('a', 'no disk');
    about('b', 'no disk');
    about('a', 'no disk', 'Slow');
    expect(await told()).toEqual(['no disk x1', 'no disk x1', 'no disk x1']);
  });

  test('begins anew where the cluster has forgotten it', async () => {
    about('a', 'no disk');
    const [first] = await written();
    await createClient(api).delete(events, { namespace: 'default', name: first?.metadata.name ?? '' });
    await clock.advance(1_000);
    about('a', 'no disk');
    about('a', 'no disk');
    expect(await told()).toEqual(['no disk x2']);
  });

  test('is combined where only its message differs, from the tenth on', async () => {
    for (let number = 1; number <= 14; number++) about('a', `created pod ${number}`);
    const all = await told();
    expect(all).toHaveLength(10);
    expect(all.slice(-2)).toEqual(['created pod 9 x1', '(combined from similar events): created pod 14 x5']);
  });

  test('stands for itself again after a quiet time', async () => {
    for (let number = 1; number <= 10; number++) about('a', `created pod ${number}`);
    await clock.advance(10 * 60_000 + 1);
    about('a', 'created pod 11');
    expect((await told()).at(-1)).toBe('created pod 11 x1');
  });
});

describe('too many events', () => {
  test('about one object are dropped, without a word about others', async () => {
    for (let number = 1; number <= 40; number++) about('a', 'no disk');
    about('b', 'no disk');
    expect(await told()).toEqual(['no disk x25', 'no disk x1']);
    expect(logger.lines).toHaveLength(15);
    expect(logger.lines.every(({ level }) => level === 'debug')).toBe(true);
  });

  test('let one more through in each five minutes', async () => {
    for (let number = 1; number <= 30; number++) about('a', 'no disk');
    await clock.advance(5 * 60_000);
    about('a', 'no disk');
    about('a', 'no disk');
    expect(await told()).toEqual(['no disk x26']);
  });

  test('do not pile up while the API server does not answer', async () => {
    const hold = Promise.withResolvers<undefined>();
    api.intercept = () => hold.promise as Promise<never>;
    for (let number = 0; number < 12_005; number++) about(`object-${number}`, 'no disk');
    api.intercept = undefined;
    hold.resolve(undefined);
    expect(await written()).toHaveLength(12_000);
    // One line, however many were dropped.
    expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({ msg: 'events were dropped, too many waited to be written', fields: { count: 5 } }),
    ]);
    about('a', 'no disk');
    expect(await written()).toHaveLength(12_001);
  });
});

describe('at its end a recorder', () => {
  test('writes what waits, and nothing that comes later', async () => {
    about('a', 'no disk');
    about('b', 'no disk');
    await recorder.end();
    about('c', 'too late');
    expect(await told()).toEqual(['no disk x1', 'no disk x1']);
    expect([logger.lines, clock.pendingTimers]).toEqual([[], 0]);
  });

  test('waits for a second and gives up what is left', async () => {
    const hold = Promise.withResolvers<undefined>();
    const asked: unknown[] = [];
    api.intercept = (request) => {
      asked.push(request);
      return hold.promise as Promise<never>;
    };
    for (const message of ['first', 'second', 'third']) about('a', message);
    let hasEnded = false;
    const ended = recorder.end().then(() => (hasEnded = true));
    await clock.advance(999);
    expect(hasEnded).toBe(false);
    await clock.advance(1);
    await ended;
    expect(logger.lines).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: 'events were given up, the end came before they were written',
        fields: { count: 3 },
      }),
    ]);
    hold.resolve(undefined);
    await recorder.flush();
    expect(asked).toHaveLength(1);
  });
});

test('an event that cannot be written is given up, and the next one is not', async () => {
  api.intercept = () => {
    api.intercept = undefined;
    throw new StatusError('Forbidden', 'events is forbidden');
  };
  about('a', 'no disk');
  about('b', 'no disk');
  expect(await told()).toEqual(['no disk x1']);
  expect(logger.lines.map(({ level, msg }) => [level, msg])).toEqual([['debug', 'event not recorded']]);
});
