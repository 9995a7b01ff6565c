import { pods } from '@slipway/kube/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeLogs, type FakeLogs } from '../../testing/fake-logs.ts';
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

beforeEach(async () => {
  logs = createFakeLogs();
  server = await startTestServer({ through: (client) => logs.answering(client) });
  await server.cluster.deploy({ ...shopSpec('web:1'), version: '1', replicas: 2 });
  await server.cluster.advance(20_000);
  const { client } = server.cluster;
  const { items } = await client.list(pods, { namespace: 'default' });
  names = items.map(({ metadata }) => metadata.name ?? '').toSorted();
  for (const name of names) await runContainers(name, 1);
});
afterEach(() => server.stop());

/** The first is `web`; all of a pod write the same. */
async function runContainers(name: string, count: number, restartCount = 0): Promise<void> {
  const containerStatuses = Array.from({ length: count }, (_, index) => ({
    name: index === 0 ? 'web' : `web-${index}`,
    image: 'i',
    imageID: 'i',
    ready: true,
    restartCount,
    state: { running: {} },
    ...(restartCount > 0 ? { lastState: { terminated: { exitCode: 1 } } } : {}),
  }));
  const patch = { type: 'merge', body: { status: { containerStatuses } } } as const;
  await server.cluster.client.patch(pods, { namespace: 'default', name }, patch, { subresource: 'status' });
  await server.cluster.advance(0);
}

function itemsOf({ frames }: TestStream): readonly Item[] {
  return frames.filter(({ type }) => type === 'lines').flatMap(({ items }) => items as Item[]);
}

const textsOf = (stream: TestStream) => itemsOf(stream).map(({ text }) => text);
const until = (stream: TestStream, text: string) =>
  stream.until(({ items = [] }: { items?: readonly Item[] }) => items.some((item) => item.text === text));

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

  it('repeats nothing, however often containers have started again', async () => {
    const [one = ''] = names;
    logs.write(one, time(1), 'a');
    const first = server.listen(`${path}?pod=${one}`);
    for (const restarts of [0, 1, 2, 3]) {
      await runContainers(one, 100, restarts);
      while (textsOf(first).length < 100 * (restarts + 1)) await server.call('GET', '/healthz');
    }
    const { after } = first.frames.at(-1);
    first.close();
    logs.write(one, time(2), 'b');
    const second = server.listen(`${path}?pod=${one}&follow=false&after=${after}`);
    expect(await second.ended).toBe(1_000);
    expect(new Set(textsOf(second))).toEqual(new Set(['b']));
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
