import { beforeEach, describe, expect, test } from 'vitest';
import { FakeApi } from '../testing/fake-api.ts';
import type { KubeClient } from './client.ts';
import { fenceClient, type Fence } from './fenced-client.ts';
import { createClient } from './kube-client.ts';
import { configMaps } from './resources.ts';
import type { TransportRequest } from './transport.ts';

const key = { namespace: 'default', name: 'a' };
const object = { metadata: key };

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events) continue;
}

const verbs: ReadonlyArray<{ readonly name: string; ask(client: KubeClient, signal?: AbortSignal): Promise<unknown> }> =
  [
    { name: 'get', ask: (client, signal) => client.get(configMaps, key, { signal }) },
    { name: 'list', ask: (client, signal) => client.list(configMaps, { signal }) },
    { name: 'create', ask: (client, signal) => client.create(configMaps, object, { signal }) },
    { name: 'update', ask: (client, signal) => client.update(configMaps, object, { signal }) },
    { name: 'patch', ask: (client, signal) => client.patch(configMaps, key, { type: 'merge', body: {} }, { signal }) },
    { name: 'delete', ask: (client, signal) => client.delete(configMaps, key, { signal }) },
    { name: 'deleteCollection', ask: (client, signal) => client.deleteCollection(configMaps, key, { signal }) },
    { name: 'request', ask: (client, signal) => client.request({ method: 'GET', path: '/api/v1/pods', signal }) },
    {
      name: 'watch',
      ask: async (client, signal = new AbortController().signal) => drain(client.watch(configMaps, { signal })),
    },
  ];

describe.each(verbs)('$name', ({ ask }) => {
  let api: FakeApi;
  let ended: AbortController;
  let isOver: boolean;
  let client: KubeClient;

  beforeEach(() => {
    api = new FakeApi();
    ended = new AbortController();
    isOver = false;
    const fence: Fence = {
      signal: ended.signal,
      check: () => {
        if (isOver) throw new Error('over');
      },
    };
    client = fenceClient(createClient(api), fence);
  });

  /** Answers never, and says what it was given to end by. */
  function hang(): Promise<TransportRequest> {
    const { promise, resolve } = Promise.withResolvers<TransportRequest>();
    api.intercept = (request) => {
      resolve(request);
      return new Promise((_answer, reject) => {
        request.signal?.addEventListener('abort', () => reject(new Error('given up')), { once: true });
      });
    };
    return promise;
  }

  test('sends nothing beyond the fence', async () => {
    isOver = true;
    await expect(async () => ask(client)).rejects.toThrow('over');
    expect(api.requests).toEqual([]);
  });

  test.each(['the fence', 'the caller'])('is given up when %s ends it on its way', async (who) => {
    const caller = new AbortController();
    const arrived = hang();
    const outcome = ask(client, caller.signal).then(
      () => 'ended',
      (error: Error) => error.message,
    );
    await arrived;
    (who === 'the fence' ? ended : caller).abort(new Error('enough'));
    // A watch that is aborted ends without an error.
    expect(['given up', 'ended']).toContain(await outcome);
  });
});
