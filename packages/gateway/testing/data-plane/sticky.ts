import { describe, expect, test } from 'vitest';
import type { EndpointAddress } from '../../src/routing/routing-table.ts';
import { exchangeRaw } from '../world.ts';
import { cookieGiven, pipelined } from './cookies.ts';
import type { Setting } from './setting.ts';

/** Users who stay where they are. */
export function describeSticky(setting: Setting): void {
  const { call } = setting;
  const sticky = { cookie: 'place', seconds: 3_600 };

  const named = (name: string): Promise<EndpointAddress> => setting.world.backend((_, outgoing) => outgoing.end(name));

  /** By weight, first backends first; the names are a, b, c. */
  async function versions(count: number): Promise<(weights: readonly number[]) => Promise<void>> {
    const pods = await Promise.all(['a', 'b', 'c'].slice(0, count).map(named));
    return (weights) =>
      setting.world.route(
        pods.map((pod, index) => ({ endpoints: [pod], weight: weights[index] ?? 0 })),
        { sticky },
      );
  }

  describe('sticky users', () => {
    test('are given a place once, for a time', async () => {
      const shift = await versions(2);
      await shift([50, 50]);
      const first = await call();
      expect(first.headers['set-cookie']).toEqual([
        expect.stringMatching(/^place=\d{1,4}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/),
      ]);
      const again = await call({ headers: { Cookie: cookieGiven(first) } });
      expect([again.body, again.headers['set-cookie']]).toEqual([first.body, undefined]);
    });

    test('get a new place for what is none', async () => {
      const shift = await versions(2);
      await shift([50, 50]);
      for (const value of ['-1', '10000', '007', '1e3', '', 'x', '0x10', '9'.repeat(4_000)]) {
        const answer = await call({ headers: { Cookie: `place=${value}` } });
        expect([value, answer.status, cookieGiven(answer)]).toEqual([
          value,
          200,
          expect.stringMatching(/^place=\d{1,4}$/),
        ]);
      }
    });

    test('are given their place when they leave HTTP too', async () => {
      const backend = await setting.world.rawBackend(
        (socket) =>
          void socket.once('data', () =>
            socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome'),
          ),
      );
      await setting.world.route([{ endpoints: [backend] }], { sticky });
      const head = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
      const text = await exchangeRaw(setting.world.port, head, 'welcome');
      expect(text).toMatch(/\r\nset-cookie: place=\d{1,4}; Path=\/; /i);
    });

    test('come in the shares of the weights, to within two points of ten thousand', async () => {
      const shift = await versions(3);
      await shift([70, 25, 5]);
      const bodies = await pipelined(
        setting.world.port,
        Array.from({ length: 10_000 }, () => ''),
      );
      for (const [name, weight] of [
        ['a', 70],
        ['b', 25],
        ['c', 5],
      ] as const) {
        const share = bodies.filter((body) => body === name).length / 100;
        expect(Math.abs(share - weight)).toBeLessThanOrEqual(2);
      }
    });

    test('never move back as the last version grows', async () => {
      const shift = await versions(3);
      const places = Array.from({ length: 500 }, (_, index) => `Cookie: place=${index * 20}\r\n`);
      let before: readonly string[] = [];
      for (const weights of [
        [60, 30, 10],
        [30, 20, 50],
        [0, 0, 100],
      ]) {
        await shift(weights);
        const bodies = await pipelined(setting.world.port, places);
        expect(bodies.filter((body) => body === 'c')).toHaveLength((weights[2] ?? 0) * 5);
        expect(before.filter((body, index) => body === 'c' && bodies[index] !== 'c')).toEqual([]);
        before = bodies;
      }
    });

    test('of a version without ready pods are served by the others meanwhile', async () => {
      const [a, b] = [await named('a'), await named('b')];
      const route = (isReady: boolean): Promise<void> =>
        setting.world.route(
          [
            { endpoints: [a], weight: 50 },
            { endpoints: isReady ? [b] : [], weight: 50 },
          ],
          { sticky },
        );
      const headers = { Cookie: 'place=9000' };
      await route(true);
      expect((await call({ headers })).body).toBe('b');
      await route(false);
      expect((await call({ headers })).body).toBe('a');
      await route(true);
      expect((await call({ headers })).body).toBe('b');
    });
  });
}
