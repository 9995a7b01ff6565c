import type { KubeClient } from '@slipway/kube/client';
import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeLogs, type FakeLogs } from '../../testing/fake-logs.ts';
import { passOn } from '../../testing/pass-on.ts';
import { shopSpec, startTestServer, type TestServer, type TestStream } from '../../testing/test-server.ts';

const path = '/api/v1/namespaces/default/applications/shop/logs/stream';
const time = (second: number, fraction = '') => `2026-01-01T00:00:0${second}${fraction}Z`;

interface Item {
  readonly pod: string;
  readonly text: string;
}

let logs: FakeLogs;
let server: TestServer;
let names: readonly string[];
/** While it is there, a watch of pods tells nothing. */
let hold: PromiseWithResolvers<void> | undefined;
/** While it is true, pods that are asked for by name come without what makes them pods. */
let isSpoilt: boolean;
/** How often one pod was asked for. */
let asks: { count: number };

const holdingPods = (client: KubeClient): KubeClient => ({
  ...passOn(client),
  list: async (type, options) => {
    const page = await client.list(type, options);
    if (options?.fieldSelector !== undefined) asks.count += 1;
    if (!isSpoilt || options?.fieldSelector === undefined) return page;
    const spoilt = { resourceVersion: '999999999' };
    return {
      ...page,
      items: page.items.map((item) => ({
        ...item,
        metadata: { ...item.metadata, ...spoilt },
        status: { containerStatuses: 1 },
      })),
    };
  },
  watch: async function* (type, options) {
    for await (const event of client.watch(type, options)) {
      if (type.plural === 'pods') await hold?.promise;
      yield event;
    }
  },
});

beforeEach(async () => {
  logs = createFakeLogs();
  hold = undefined;
  isSpoilt = false;
  asks = { count: 0 };
  server = await startTestServer({ through: (client) => logs.answering(holdingPods(client)) });
  await server.cluster.deploy({ ...shopSpec('web:1'), version: '1', replicas: 2 });
  await server.cluster.advance(20_000);
  const { client } = server.cluster;
  const { items } = await client.list(pods, { namespace: 'default' });
  names = items.map(({ metadata }) => metadata.name ?? '').toSorted();
  for (const name of names) await runContainers(name, 1);
});
afterEach(() => server.stop());

type Status = Readonly<Record<string, unknown>>;

/** The first is `web`; all of a pod write the same. */
async function setContainers(name: string, count: number, status: Status): Promise<void> {
  const containerStatuses = Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? 'web' : `web-${index}`,
    image: 'i',
    imageID: 'i',
    ready: true,
    restartCount: 0,
    ...status,
  }));
  const patch = { type: 'merge', body: { status: { containerStatuses } } } as const;
  await server.cluster.client.patch(pods, { namespace: 'default', name }, patch, { subresource: 'status' });
  await server.cluster.advance(0);
}

const ended = { terminated: { exitCode: 1 } };
const runContainers = (name: string, count: number, restartCount = 0): Promise<void> =>
  setContainers(name, count, {
    restartCount,
    state: { running: {} },
    ...(restartCount > 0 ? { lastState: ended } : {}),
  });
/** Its one container has ended, and is to run again in a while; the count is still that of the run that has ended. */
async function backOff(name: string, restartCount: number): Promise<void> {
  logs.end(name);
  await setContainers(name, 1, { restartCount, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: ended });
}
async function runAgain(name: string, restartCount: number): Promise<void> {
  logs.startAgain(name);
  await runContainers(name, 1, restartCount);
}

function itemsOf({ frames }: TestStream): readonly Item[] {
  return frames.filter(({ type }) => type === 'lines').flatMap(({ items }) => items as Item[]);
}

const textsOf = (stream: TestStream) => itemsOf(stream).map(({ text }) => text);
const until = (stream: TestStream, text: string) =>
  server.during(
    stream.until(({ items = [] }: { items?: readonly Item[] }) => items.some((item) => item.text === text)),
  );

describe('what all pods of an application write', () => {
  it('comes line by line with pod, container, version and time', async () => {
    const [one = '', other = ''] = names;
    logs.write(one, time(1, '.5'), 'first');
    logs.write(other, time(2), 'second');
    const stream = server.listen(path);
    await Promise.all([until(stream, 'first'), until(stream, 'second')]);
    logs.write(one, time(3), 'third');
    await until(stream, 'third');
    expect(itemsOf(stream).find(({ text }) => text === 'first')).toEqual({
      pod: one,
      container: 'web',
      version: '1',
      at: time(1, '.5'),
      text: 'first',
    });
    stream.close();
  });

  it('ends where nobody asks what comes', async () => {
    const [one = '', other = ''] = names;
    for (const second of [1, 2, 3]) logs.write(one, time(second), `line ${second}`);
    logs.write(other, time(4), 'other');
    const stream = server.listen(`${path}?follow=false&tail=1&pod=${one}`);
    expect(await stream.ended).toBe(1_000);
    expect(textsOf(stream)).toEqual(['line 3']);
    expect(stream.frames.at(-1)).toEqual({ type: 'end' });
  });

  it('goes on where a reader was, without a line missing or repeated', async () => {
    const [one = '', other = ''] = names;
    logs.write(one, time(1, '.1'), 'a');
    logs.write(one, time(1, '.1'), 'b');
    logs.write(other, time(9), 'late');
    const first = server.listen(path);
    await Promise.all([until(first, 'b'), until(first, 'late')]);
    const { after } = first.frames.at(-1);
    first.close();
    logs.write(one, time(1, '.1'), 'c');
    logs.write(other, time(9), 'later');
    const second = server.listen(`${path}?after=${after}`);
    await Promise.all([until(second, 'c'), until(second, 'later')]);
    expect(textsOf(second).toSorted()).toEqual(['c', 'later']);
    second.close();
  });

  it('goes on by itself where the connection to the cluster breaks', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'before');
    const stream = server.listen(`${path}?pod=${one}`);
    await until(stream, 'before');
    logs.breakConnections();
    logs.write(one, time(1), 'after');
    const asked = logs.requests.length;
    while (logs.requests.length === asked) {
      await server.cluster.advance(1_000);
      await server.call('GET', '/healthz');
    }
    await until(stream, 'after');
    expect(textsOf(stream)).toEqual(['before', 'after']);
    stream.close();
  });

  it('says how many containers there is no room for, and goes on with those that it has', async () => {
    const [one = '', other = ''] = names;
    await runContainers(other, 101);
    logs.write(one, time(1), 'first');
    const stream = server.listen(path);
    // The pod that is first by its name is read, and what is left of a hundred.
    await Promise.all([until(stream, 'first'), stream.until(({ type }) => type === 'leftOut')]);
    expect(stream.frames.find(({ type }) => type === 'leftOut')).toEqual({ type: 'leftOut', containers: 2 });
    await runContainers(other, 50);
    await stream.until(({ type, containers }) => type === 'leftOut' && containers === 0);
    stream.close();
  });

  it('gives of a container that starts again and again each run whole, in order and once', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'begin 0');
    const stream = server.listen(`${path}?pod=${one}&tail=1`);
    await until(stream, 'begin 0');
    logs.write(one, time(1), 'end 0');
    await backOff(one, 0);
    for (const run of [1, 2, 3]) {
      await runAgain(one, run);
      // All before the reader is there: it is no beginning of which he asked for so many lines.
      for (const what of ['begin', 'go on', 'end']) logs.write(one, time(1 + run), `${what} ${run}`);
      if (run < 3) await backOff(one, run);
      await until(stream, `end ${run}`);
    }
    const runs = [1, 2, 3].flatMap((run) => [`begin ${run}`, `go on ${run}`, `end ${run}`]);
    expect(textsOf(stream)).toEqual(['begin 0', 'end 0', ...runs]);
    stream.close();
  });

  it('gives what a container in back-off has written to whoever comes then', async () => {
    const [one = ''] = names;
    for (const text of ['a', 'b']) logs.write(one, time(1), text);
    await backOff(one, 0);
    const stream = server.listen(`${path}?pod=${one}&follow=false&tail=1`);
    expect(await stream.ended).toBe(1_000);
    expect(textsOf(stream)).toEqual(['b']);
  });

  it('goes on in the run that has ended meanwhile, and then with the one after it', async () => {
    const [one = '', other = ''] = names;
    logs.write(one, time(1), 'a');
    // Of which nothing was sent when the reader went.
    await setContainers(other, 1, { state: { running: {} } });
    const first = server.listen(path);
    await until(first, 'a');
    const { after } = first.frames.at(-1);
    first.close();
    for (const pod of names) {
      logs.write(pod, time(2), `end of ${pod}`);
      await backOff(pod, 0);
    }
    const whileWaiting = server.listen(`${path}?follow=false&after=${after}`);
    await whileWaiting.ended;
    expect(textsOf(whileWaiting).toSorted()).toEqual(names.map((pod) => `end of ${pod}`).toSorted());
    for (const pod of names) {
      await runAgain(pod, 1);
      logs.write(pod, time(3), `again ${pod}`);
    }
    for (const [from, rest] of [
      [after, [`end of ${one}`, `again ${one}`]],
      [whileWaiting.frames.at(-2).after, [`again ${one}`]],
    ] as const) {
      const stream = server.listen(`${path}?follow=false&after=${from}`);
      await stream.ended;
      expect(
        itemsOf(stream)
          .filter(({ pod }) => pod === one)
          .map(({ text }) => text),
      ).toEqual(rest);
      expect(itemsOf(stream).filter(({ pod }) => pod === other)).toHaveLength(rest.length);
    }
  });

  it('repeats nothing where it is told late that a container runs again', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'a');
    const stream = server.listen(`${path}?pod=${one}`);
    await until(stream, 'a');
    logs.end(one);
    logs.startAgain(one);
    logs.write(one, time(3), 'b');
    await until(stream, 'b');
    const lastState = { terminated: { exitCode: 1, startedAt: time(0) } };
    await setContainers(one, 1, { restartCount: 1, state: { running: { startedAt: time(2) } }, lastState });
    logs.breakConnections();
    logs.write(one, time(4), 'c');
    await until(stream, 'c');
    expect(textsOf(stream)).toEqual(['a', 'b', 'c']);
    stream.close();
  });

  it('gives the end of a run and then the next one where neither the log nor the watch of pods came through', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'a');
    const stream = server.listen(`${path}?pod=${one}`);
    await until(stream, 'a');
    hold = Promise.withResolvers();
    logs.breakConnections();
    logs.write(one, time(1), 'end of a');
    logs.end(one);
    logs.startAgain(one);
    logs.write(one, time(3), 'b');
    const lastState = { terminated: { exitCode: 1, startedAt: time(0) } };
    await setContainers(one, 1, { restartCount: 1, state: { running: { startedAt: time(2) } }, lastState });
    await until(stream, 'b');
    expect(textsOf(stream)).toEqual(['a', 'end of a', 'b']);
    hold.resolve();
    logs.breakConnections();
    logs.write(one, time(4), 'c');
    await until(stream, 'c');
    expect(textsOf(stream)).toEqual(['a', 'end of a', 'b', 'c']);
    stream.close();
  });

  it.each([
    { name: 'from its last line', before: ['a'] },
    { name: 'that had written nothing before', before: [] },
  ])('gives the end of a run $name, where the node tells late that the container runs again', async ({ before }) => {
    const [one = '', other = ''] = names;
    logs.write(other, time(1), 'other');
    for (const text of before) logs.write(one, time(1), text);
    const stream = server.listen(path);
    for (const text of ['other', ...before]) await until(stream, text);
    logs.breakConnections();
    logs.write(one, time(1), 'end of a');
    logs.end(one);
    logs.startAgain(one);
    logs.write(one, time(3), 'b');
    while (asks.count < 2) {
      await server.cluster.advance(100);
      await server.call('GET', '/healthz');
    }
    const lastState = { terminated: { exitCode: 1, startedAt: time(0) } };
    await setContainers(one, 1, { restartCount: 1, state: { running: { startedAt: time(2) } }, lastState });
    await until(stream, 'b');
    expect(itemsOf(stream).flatMap(({ pod, text }) => (pod === one ? [text] : []))).toEqual([
      ...before,
      'end of a',
      'b',
    ]);
    stream.close();
  });

  it('goes on after a while where the place of the reader is no longer kept', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'a');
    const stream = server.listen(`${path}?pod=${one}`);
    await until(stream, 'a');
    logs.breakConnections();
    logs.end(one);
    logs.startAgain(one);
    logs.write(one, time(3), 'b');
    await until(stream, 'b');
    logs.write(one, time(4), 'c');
    await until(stream, 'c');
    expect(textsOf(stream)).toEqual(['a', 'b', 'c']);
    stream.close();
  });

  it('ends with a fault of its own as such, also where the connection to the cluster broke before', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'a');
    const stream = server.listen(`${path}?pod=${one}`);
    await until(stream, 'a');
    isSpoilt = true;
    logs.breakConnections();
    expect(await server.during(stream.ended)).toBe(1_011);
  });

  it('repeats nothing, however often a hundred containers have started again', async () => {
    const [one = ''] = names;
    await runContainers(one, 100);
    logs.write(one, time(1), 'a');
    const first = server.listen(`${path}?pod=${one}`);
    for (const run of [0, 1, 2]) {
      if (run > 0) {
        logs.end(one);
        logs.startAgain(one);
        await runContainers(one, 100, run);
        logs.write(one, time(1 + run), 'a');
      }
      const count = 100 * (run + 1);
      await server.during(first.until(() => textsOf(first).length >= count));
      expect(textsOf(first)).toHaveLength(count);
    }
    const { after } = first.frames.at(-1);
    first.close();
    logs.write(one, time(9), 'b');
    const second = server.listen(`${path}?pod=${one}&follow=false&after=${after}`);
    expect(await second.ended).toBe(1_000);
    expect(new Set(textsOf(second))).toEqual(new Set(['b']));
    expect(textsOf(second)).toHaveLength(100);
  });

  it('comes in frames of at most 256 KiB, whatever letters and signs it is written in', async () => {
    const [one = ''] = names;
    const texts = ['€'.repeat(16_000), '\u0001'.repeat(16_000), `${'x'.repeat(16_383)}😀`];
    for (let line = 0; line < 60; line += 1) logs.write(one, time(1), texts[line % texts.length] ?? '');
    const stream = server.listen(`${path}?pod=${one}&follow=false`);
    expect(await stream.ended).toBe(1_000);
    expect(textsOf(stream)).toEqual(Array.from({ length: 60 }, (_, line) => (texts[line % 3] ?? '').slice(0, 16_383)));
    // As they came: what is read of JSON is written as it was.
    const bytes = stream.frames.map((frame) => Buffer.byteLength(JSON.stringify(frame)));
    expect(Math.max(...bytes)).toBeLessThanOrEqual(256 * 1_024);
    expect(Math.max(...bytes)).toBeGreaterThan(128 * 1_024);
  });

  it('says of a line that it is longer, and repeats none that came in parts', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'x'.repeat(16_385));
    logs.write(one, time(1), 'y'.repeat(600_000));
    logs.write(one, time(1), 'short');
    const first = server.listen(`${path}?pod=${one}`);
    await until(first, 'short');
    expect(itemsOf(first)).toMatchObject([
      { text: 'x'.repeat(16_384), cut: true },
      { text: 'y'.repeat(16_384), cut: true },
      { text: 'short' },
    ]);
    expect(itemsOf(first).at(-1)).not.toHaveProperty('cut');
    const { after } = first.frames.at(-1);
    first.close();
    logs.write(one, time(1), 'next');
    const second = server.listen(`${path}?pod=${one}&follow=false&after=${after}`);
    await second.ended;
    expect(textsOf(second)).toEqual(['next']);
  });

  it('is refused to who may not see it, where there is none, and from what is no position', async () => {
    const foreign = await server.tokenFor({ role: 'admin', namespaces: ['bank'] });
    expect(await server.listen(path, { token: '' }).ended).toBe(401);
    expect(await server.listen(path, { token: foreign }).ended).toBe(403);
    expect(await server.listen(path.replace('shop', 'none')).ended).toBe(404);
    expect(await server.listen(`${path}?after=abc`).ended).toBe(400);
  });
});
