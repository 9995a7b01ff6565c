import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type TestServer } from '../../testing/test-server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
  await server.cluster.advance(30_000);
});
afterAll(() => server.stop());

describe('the export', () => {
  it('is all of the history, and says where it ends', async () => {
    await server.call('POST', '/api/v1/tokens', { body: { name: 'x', grants: [{ role: 'view', namespaces: ['*'] }] } });
    const { status, headers, body } = await server.call('GET', '/api/v1/export');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    const lines = String(body)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string; readonly number?: number });
    expect(lines[0]).toMatchObject({ type: 'release', name: 'shop-1', phase: 'Succeeded' });
    const numbers = lines.filter(({ type }) => type === 'log').map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(lines.at(-1)).toMatchObject({ type: 'end', releases: 1 });
    expect(lines.filter(({ type }) => type === 'audit').length).toBeGreaterThan(0);
  });

  it('is for admins of the server', async () => {
    const token = await server.tokenFor({ role: 'admin', namespaces: ['default'] });
    expect((await server.call('GET', '/api/v1/export', { token })).status).toBe(403);
  });
});

describe('the page of the API', () => {
  it('needs nothing from elsewhere, and keeps to what the server allows pages', async () => {
    for (const path of ['/api', '/api/reference.css', '/api/reference.js']) {
      const answer = await fetch(new URL(path, server.server.url));
      const text = await answer.text();
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
      expect(text).not.toMatch(/https?:|\/\/[a-z]|innerHTML|style=|<script>|onclick/);
    }
  });
});
