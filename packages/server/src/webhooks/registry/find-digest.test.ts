import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRegistry, type TestRegistry } from '../../../testing/registry.ts';
import { Problem } from '../../http/problem.ts';
import { TryLater } from '../run-deliveries.ts';
import { findDigest, type DigestQuestion } from './find-digest.ts';

let registry: TestRegistry;

beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry[Symbol.asyncDispose]());

const { signal } = new AbortController();
const find = (more: Partial<DigestQuestion> = {}) =>
  findDigest(
    { repository: `${registry.host}/acme/shop`, tag: 'stable', allowAddresses: ['127.0.0.0/8'], ...more },
    signal,
  );
const answer = (status: number, headers: Readonly<Record<string, string>> = {}) =>
  registry.answers.push((response: ServerResponse) => response.writeHead(status, headers).end());

/** Whose answer to who asks for a token goes on and on. */
async function startEndless() {
  const server = createServer((request, response) => {
    if (request.method === 'HEAD') {
      const realm = `http://${request.headers.host ?? ''}/token`;
      return void response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end();
    }
    const fill = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    };
    response.on('drain', fill);
    fill();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

describe('the digest of a tag', () => {
  it('is asked of the registry, with a token that it gives for reading that repository alone', async () => {
    const digest = registry.push('acme/shop', 'stable', 'one');
    expect(await find()).toBe(digest);
    expect(registry.asked).toEqual([
      { what: 'HEAD /v2/acme/shop/manifests/stable', scheme: undefined },
      { what: 'GET /token', scheme: undefined },
      { what: 'HEAD /v2/acme/shop/manifests/stable', scheme: 'Bearer' },
    ]);
    expect(await find()).toBe(digest);
    expect(registry.push('acme/shop', 'stable', 'two')).toBe(await find());
  });

  it('is had with credentials, which only who gives tokens is shown', async () => {
    const digest = registry.push('acme/shop', 'stable', 'one');
    registry.requireCredentials('robot', 'sesame');
    await expect(find()).rejects.toThrow('wants credentials, and the webhook has none');
    await expect(find({ credentials: { username: 'robot', password: 'open' } })).rejects.toThrow('other credentials');
    registry.asked.length = 0;
    expect(await find({ credentials: { username: 'robot', password: 'sesame' } })).toBe(digest);
    expect(registry.asked.map(({ scheme }) => scheme)).toEqual([undefined, 'Basic', 'Bearer']);
  });

  it('is asked in no private network that is not named', async () => {
    await expect(find({ allowAddresses: [] })).rejects.toThrow('is in a private network');
    await expect(find({ allowAddresses: ['10.0.0.0/8'] })).rejects.toBeInstanceOf(Problem);
    expect(registry.asked).toEqual([]);
  });

  it('takes its token from nobody else than the registry', async () => {
    registry.push('acme/shop', 'stable', 'one');
    registry.realm = 'http://127.0.0.1:9/token';
    const credentials = { username: 'robot', password: 'sesame' };
    await expect(find({ credentials })).rejects.toThrow('sends to http://127.0.0.1:9/token for tokens');
    expect(registry.asked).toHaveLength(1);
  });

  it.each<[string, () => unknown, string]>([
    ['has none', () => undefined, 'the registry has no'],
    ['says no digest', () => answer(200), 'does not say which digest'],
    ['says something else', () => answer(200, { 'docker-content-digest': 'md5:1' }), 'does not say which digest'],
    ['is elsewhere', () => answer(307, { location: 'http://169.254.169.254/' }), 'nobody is followed there'],
    ['does not like it', () => answer(400), 'answers 400'],
  ])('is not there where the registry %s, which trying again does not change', async (_, prepare, message) => {
    prepare();
    const refusal = await find().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Problem);
    expect(refusal).toMatchObject({ status: 422, message: expect.stringContaining(message) });
  });

  it.each<[string, () => unknown, string]>([
    ['is overloaded', () => answer(503), 'answers 503'],
    ['has had enough', () => answer(429), 'answers 429'],
    ['hangs up', () => registry.answers.push((response) => response.destroy()), 'cannot be asked'],
  ])('is asked for later where the registry %s', async (_, prepare, message) => {
    prepare();
    const passing = await find().catch((error: unknown) => error);
    expect(passing).toBeInstanceOf(TryLater);
    expect(passing).toMatchObject({ message: expect.stringContaining(message) });
  });

  it('is asked for later where the registry says nothing, or does not end', async () => {
    registry.answers.push(() => undefined);
    await expect(find({ milliseconds: 500 })).rejects.toThrow(/cannot be asked: no answer within 0.5 s$/);
    const endless = await startEndless();
    const realm = { repository: `${endless.host}/acme/shop` };
    await expect(find(realm)).rejects.toThrow('the answer has more than 65536 bytes');
    await endless[Symbol.asyncDispose]();
  });

  it('is asked for later where nobody is there', async () => {
    const { host } = registry;
    await registry[Symbol.asyncDispose]();
    await expect(find({ repository: `${host}/acme/shop` })).rejects.toBeInstanceOf(TryLater);
  });
});
