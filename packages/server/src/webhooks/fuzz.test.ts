/** Messages that are genuine by their signature and are nothing by their content: no fault of ours, and nothing secret out. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anything } from '../../testing/arbitrary-requests.ts';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';
import {
  distributionPush,
  dockerHubPush,
  githubPackage,
  githubPush,
  giteaPush,
  gitlabPush,
  harborCloudEvent,
  harborPush,
  quayPush,
} from '../../testing/webhook-messages.ts';
import { createSender, type TestSender } from '../../testing/webhook-sender.ts';
import type { SenderName } from './webhook.ts';

const messages: ReadonlyArray<readonly [SenderName, () => object]> = [
  ['dockerHub', dockerHubPush],
  ['quay', quayPush],
  ['harbor', harborPush],
  ['harbor', harborCloudEvent],
  ['distribution', distributionPush],
  ['github', githubPackage],
  ['github', githubPush],
  ['gitlab', gitlabPush],
  ['gitea', giteaPush],
];

/** Every place in a message, and the message itself. */
function placesOf(value: unknown, place: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([name, child]) => placesOf(child, [...place, name]))];
}

/** The message with something else in one place. */
function bend(value: unknown, [name, ...rest]: readonly string[], other: unknown): unknown {
  if (name === undefined) return other;
  if (Array.isArray(value))
    return value.map((child: unknown, index) => (String(index) === name ? bend(child, rest, other) : child));
  const known = value as Readonly<Record<string, unknown>>;
  return { ...known, [name]: bend(known[name], rest, other) };
}

describe('signed webhooks', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.deploy({ ...shopSpec('acme/shop:1.0.0'), version: '1.0.0' });
    await server.cluster.advance(5_000);
  });
  afterAll(() => server.stop());

  it.each(messages)('of %s may say anything', async (sender, create) => {
    const rule = { repository: 'acme/shop', policy: { semver: '*' }, namespaces: ['default'] };
    const manifests = {
      // Another one than messages tell of: nobody is asked for it.
      repository: 'https://git.example.org/acme/other.git',
      branch: 'main',
      directory: '.',
      namespaces: ['default'],
    };
    const target = sender === 'gitea' ? { manifests } : { images: [rule] };
    const hook: TestSender = await createSender(server, sender, target);
    const bent = fc
      .tuple(fc.constantFrom(...placesOf(create())), anything)
      .map(([place, other]) => bend(create(), place, other));
    await fc.assert(
      fc.asyncProperty(bent, async (payload) => {
        // What no JSON is cannot be signed by a sender either.
        const { status, body } = await hook.push(payload ?? {});
        expect([200, 202, 400, 409, 413, 422]).toContain(status);
        expect(JSON.stringify(body)).not.toContain(hook.secret);
      }),
      // All together fewer than one address may send in a minute.
      { numRuns: 30, seed: 3, endOnFailure: true },
    );
    const kept = JSON.stringify(await hook.deliveries());
    expect(kept).not.toContain(hook.secret);
    expect((await server.call('GET', '/healthz')).status).toBe(200);
  });
});
