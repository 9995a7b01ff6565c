/** Every operation of the OpenAPI document, asked with what it allows, bent in places: no fault of ours, and no secret out. */
import { secrets } from '@slipway/kube/resources';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arbitraryRequests, type FuzzedDocument, type FuzzedRequest } from '../../testing/arbitrary-requests.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

const runs = 15;
/** What nobody is to read: of the cluster, and of the server's own records. */
const hidden = ['c2VjcmV0LW9mLWNsdXN0ZXI', 'secret-of-channel', 'secret-of-hook-0123456789'];
/** It ends the login of who asks, and has nothing to bend. */
const left = new Set(['DELETE /api/v1/session']);

describe('every operation', () => {
  let server: TestServer;
  let tokens: readonly string[];

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.client.create(secrets, {
      metadata: { namespace: 'default', name: 'keys' },
      data: { key: 'c2VjcmV0LW9mLWNsdXN0ZXI=' },
    });
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(30_000);
    const channel = (body: object) => server.call('POST', '/api/v1/notifications/channels', { body });
    await channel({
      name: 'chat',
      type: 'slack',
      secretUrl: 'https://hooks.example.org/secret-of-channel',
      enabled: false,
    });
    const url = 'https://example.org';
    await channel({ name: 'hook', type: 'webhook', url, secret: 'secret-of-hook-0123456789', enabled: false });
    tokens = [server.token, await server.tokenFor({ role: 'view', namespaces: ['default'] }), '', 'slipway_none.none'];
  });
  afterAll(() => server.stop());

  /** Commands and new releases are awaited in time that does not pass by itself. */
  async function ask({ method, path, body }: FuzzedRequest, token: string): Promise<void> {
    const state = { isAnswered: false };
    const answering = server
      .call(method, path, { token, ...(body === undefined ? {} : { body: JSON.stringify(body) ?? 'null' }) })
      .finally(() => {
        state.isAnswered = true;
      });
    const passing = (async () => {
      while (!state.isAnswered) {
        await server.cluster.advance(200);
        await new Promise(setImmediate);
      }
    })();
    const [{ status, body: answer }] = await Promise.all([answering, passing]);
    expect({ status, answer: status >= 500 ? answer : '' }).not.toMatchObject({ status: 500 });
    const text = JSON.stringify(answer);
    for (const secret of hidden) expect(text).not.toContain(secret);
  }

  it('answers whatever it is asked, as the document says', async () => {
    const { body } = await server.call('GET', '/api/v1/openapi.json');
    const operations = arbitraryRequests(body as FuzzedDocument).filter(
      ({ name }) => !left.has(name) && !name.endsWith('/stream'),
    );
    expect(operations.length).toBeGreaterThan(30);
    for (const { name, requests } of operations)
      await fc
        .assert(
          fc.asyncProperty(requests, fc.constantFrom(...tokens), async (request, token) => ask(request, token)),
          { numRuns: runs, seed: 1, endOnFailure: true },
        )
        .catch((error: unknown) => {
          throw new Error(`${name} failed`, { cause: error });
        });
    expect((await server.call('GET', '/healthz')).status).toBe(200);
  });
});
