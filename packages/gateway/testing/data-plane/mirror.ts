import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { EndpointAddress, RouteRule } from '../../src/routing/routing-table.ts';
import { eventually, ruleOf } from '../world.ts';
import { pipelined } from './cookies.ts';
import type { Setting } from './setting.ts';

/** Copies of requests, which no user notices. */
export function describeMirror(setting: Setting): void {
  const { call } = setting;

  function mirrorTo(endpoints: readonly EndpointAddress[], percent = 100): Partial<RouteRule> {
    const [backend] = ruleOf([{ endpoints, service: 'shadow', version: 'next', weight: 0 }]).backends;
    return backend === undefined ? {} : { mirror: { backend, percent } };
  }

  async function route(shadow: readonly EndpointAddress[], percent?: number): Promise<void> {
    const original = await setting.world.backend(
      (incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end('original')),
    );
    await setting.world.route([{ endpoints: [original] }], mirrorTo(shadow, percent));
  }

  /** Every copy that comes, and its headers. */
  async function shadow(listener: RequestListener = (_, outgoing) => outgoing.end('copy')): Promise<{
    readonly pod: EndpointAddress;
    readonly seen: IncomingMessage[];
  }> {
    const seen: IncomingMessage[] = [];
    const pod = await setting.world.backend((incoming, outgoing) => {
      seen.push(incoming);
      listener(incoming, outgoing);
    });
    return { pod, seen };
  }

  function copies(outcome: string): number {
    const found = setting.world.plane
      .counters()
      .find(
        ({ name, labels }) => name === 'slipway_gateway_mirrored_requests_total' && labels?.['outcome'] === outcome,
      );
    return found?.value ?? 0;
  }

  describe('a mirror', () => {
    test('gets what has no body and changes nothing, marked, and is not counted as traffic', async () => {
      const { pod, seen } = await shadow();
      await route([pod]);
      const headers = { 'X-Slipway-Mirror': 'mine', 'X-Other': 'kept' };
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])
        expect((await call({ method, path: `/${method}?q`, headers })).status).toBe(200);
      expect((await call({ path: '/body', headers: { 'Content-Length': 4 } }, 'body')).body).toBe('original');
      await eventually(() => copies('2xx') === 3);
      expect(seen.map(({ url }) => url).toSorted()).toEqual(['/GET?q', '/HEAD?q', '/OPTIONS?q']);
      for (const { headers: sent } of seen) {
        expect(sent).toMatchObject({ 'x-slipway-mirror': 'true', 'x-other': 'kept', 'x-forwarded-for': '127.0.0.1' });
      }
      const traffic = setting.world.plane.traffic.all();
      await eventually(() => traffic.find(({ labels }) => labels.service === 'shop-0')?.requests === 7);
      expect(traffic.find(({ labels }) => labels.service === 'shadow')?.requests).toBe(0);
    });

    test('gets its percent of the requests', async () => {
      const { pod } = await shadow();
      await route([pod], 10);
      for (let round = 0; round < 5; round++) {
        await pipelined(
          setting.world.port,
          Array.from({ length: 40 }, () => ''),
        );
        await eventually(() => copies('2xx') === (round + 1) * 4);
      }
    });

    test('that never answers delays nothing, and gets a bounded number of copies', async () => {
      const { pod } = await shadow(() => undefined);
      await route([pod]);
      for (let index = 0; index < 150; index++) expect((await call()).body).toBe('original');
      expect(copies('dropped')).toBe(50);
    });

    test('that is not there, speaks nonsense or answers too much fails nobody', async () => {
      const nonsense = await setting.world.rawBackend((socket) => void socket.end('nonsense\r\n\r\n'));
      const torrent = await setting.world.rawBackend((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        const pour = (): void => {
          while (!socket.destroyed && socket.write(Buffer.alloc(65_536)));
        };
        socket.once('data', pour).on('drain', pour);
      });
      for (const pods of [[await setting.world.deadEndpoint()], [nonsense], [torrent], []]) {
        await route(pods);
        for (let index = 0; index < 5; index++) expect((await call()).body).toBe('original');
      }
      await eventually(() => copies('none') === 10 && copies('2xx') === 5);
    });

    test('counts errors apart', async () => {
      const { pod } = await shadow((_, outgoing) => outgoing.writeHead(500).end('broken'));
      await route([pod]);
      for (let index = 0; index < 3; index++) expect(await call()).toMatchObject({ status: 200, body: 'original' });
      await eventually(() => copies('5xx') === 3);
    });

    test('ends with its table', async () => {
      const { pod, seen } = await shadow();
      await route([pod]);
      await call();
      await eventually(() => seen.length === 1);
      await setting.world.route([{ endpoints: [await setting.world.backend((_, outgoing) => outgoing.end('alone'))] }]);
      expect((await call()).body).toBe('alone');
      expect(seen).toHaveLength(1);
    });
  });
}
