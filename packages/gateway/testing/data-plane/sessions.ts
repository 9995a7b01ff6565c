import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { EndpointAddress, RouteSessions } from '../../src/routing/routing-table.ts';
import { cookieGiven, pipelined } from './cookies.ts';
import type { Setting } from './setting.ts';

/** Sessions that stay with their version. */
export function describeSessions(setting: Setting): void {
  const { call } = setting;
  const sessions: RouteSessions = {
    cookie: 'session',
    idleSeconds: 600,
    key: randomBytes(32),
    scope: 'default/shop',
  };

  const named = (name: string): Promise<EndpointAddress> => setting.world.backend((_, outgoing) => outgoing.end(name));

  interface Versions {
    readonly old: EndpointAddress;
    readonly next: EndpointAddress;
  }

  const start = async (): Promise<Versions> => ({ old: await named('old'), next: await named('next') });

  const route = (
    { old, next }: Versions,
    weights: readonly [number, number],
    signing: RouteSessions = sessions,
  ): Promise<void> =>
    setting.world.route(
      [
        { endpoints: [old], service: 'old', version: 'old', weight: weights[0] },
        { endpoints: [next], service: 'next', version: 'next', weight: weights[1] },
      ],
      { sessions: signing },
    );

  const counted = (): Record<string, number | undefined> =>
    Object.fromEntries(setting.world.plane.backends().map(({ service, sessions: count }) => [service, count]));

  describe('sessions', () => {
    test('are given to whoever has none, for this browser alone', async () => {
      const versions = await start();
      await route(versions, [100, 0]);
      const answer = await call();
      expect(answer.headers['set-cookie']).toEqual([
        expect.stringMatching(/^session=[\w-]{22}\.old\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const again = await call({ headers: { Cookie: `a=b; ${cookieGiven(answer)}` } });
      expect([again.body, again.headers['set-cookie']]).toEqual(['old', undefined]);
    });

    test('stay with a version that has lost its weight, while new ones go to the newest', async () => {
      const versions = await start();
      await route(versions, [100, 0]);
      const cookies = await Promise.all(Array.from({ length: 20 }, async () => cookieGiven(await call())));
      expect(new Set(cookies).size).toBe(20);
      await route(versions, [0, 100]);
      for (const cookie of cookies) expect((await call({ headers: { Cookie: cookie } })).body).toBe('old');
      const late = await call();
      expect(late.body).toBe('next');
      expect((await call({ headers: { Cookie: cookieGiven(late) } })).body).toBe('next');
      expect(counted()).toEqual({ old: 20, next: 1 });
    });

    test('are one session when their version is gone, and another takes them', async () => {
      const versions = await start();
      await route(versions, [100, 0]);
      const before = cookieGiven(await call());
      const idOf = (cookie: string): string | undefined => cookie.split(/[=.]/)[1];
      for (const isNamed of [true, false]) {
        const rest = { endpoints: [versions.next], service: 'next', version: 'next', weight: 100 };
        const gone = { endpoints: [], service: 'old', version: 'old', weight: 0 };
        await setting.world.route(isNamed ? [gone, rest] : [rest], { sessions });
        const moved = await call({ headers: { Cookie: before } });
        expect([moved.body, idOf(cookieGiven(moved))]).toEqual(['next', idOf(before)]);
        expect((await call({ headers: { Cookie: cookieGiven(moved) } })).headers['set-cookie']).toBeUndefined();
      }
      await route(versions, [0, 100]);
      expect(counted()['next']).toBe(1);
    });

    test('are believed only as they were signed', async () => {
      const versions = await start();
      await route(versions, [100, 0]);
      const [name = '', value = ''] = cookieGiven(await call()).split('=');
      const [id = '', service = '', signature = ''] = value.split('.');
      const foreign: string[] = [];
      for (const other of [{ key: randomBytes(32) }, { scope: 'default/other' }, { cookie: 'other' }]) {
        await route(versions, [100, 0], { ...sessions, ...other });
        foreign.push(cookieGiven(await call()).split('=')[1] ?? '');
      }
      const last = signature.at(-1) ?? '';
      const forged = [
        ...foreign,
        [id, 'next', signature].join('.'),
        [id.replace(/./, (first) => (first === 'A' ? 'B' : 'A')), service, signature].join('.'),
        // Other characters for the same bytes: the last one has two bits to spare.
        [id, service, signature.slice(0, -1) + String.fromCodePoint((last.codePointAt(0) ?? 0) + 1)].join('.'),
        [id, service, ''].join('.'),
        [id, service].join('.'),
        `${value}.`,
        `${value}=`,
        `"${value}"`,
        value + 'x'.repeat(8_000),
        '.'.repeat(8_000),
        '',
      ];
      await route(versions, [0, 100]);
      for (const each of forged) {
        const answer = await call({ headers: { Cookie: `${name}=${each}` } });
        expect([each, answer.status, answer.body]).toEqual([each, 200, 'next']);
        expect(cookieGiven(answer)).toMatch(/^session=[\w-]{22}\.next\./);
      }
      expect((await call({ headers: { Cookie: `${name}=${value}` } })).body).toBe('old');
    });

    test('begin in the shares of the weights, to within two points of ten thousand', async () => {
      const versions = await start();
      await route(versions, [90, 10]);
      const bodies = await pipelined(
        setting.world.port,
        Array.from({ length: 10_000 }, () => ''),
      );
      const share = bodies.filter((body) => body === 'next').length / 100;
      expect(Math.abs(share - 10)).toBeLessThanOrEqual(2);
      const { old = 0, next = 0 } = counted();
      expect(old + next).toBe(10_000);
    });

    test('stay through an upgrade of the connection', async () => {
      const versions = await start();
      await route(versions, [100, 0]);
      const cookie = cookieGiven(await call());
      await route(versions, [0, 100]);
      const headers = {
        Cookie: cookie,
        Connection: 'Upgrade',
        Upgrade: 'websocket',
        'Sec-WebSocket-Version': '13',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      };
      expect((await call({ headers })).body).toBe('old');
    });

    test('count as long as something of theirs is underway', async () => {
      const [request, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const versions = {
        old: await setting.world.backend((_, outgoing) => {
          request.resolve();
          void answer.promise.then(() => outgoing.end('old'));
        }),
        next: await named('next'),
      };
      // Over as soon as nothing is underway.
      await route(versions, [100, 0], { ...sessions, idleSeconds: 0 });
      const called = call();
      await request.promise;
      expect(counted()).toEqual({ old: 1, next: 0 });
      answer.resolve();
      await called;
      expect(counted()).toEqual({ old: 0, next: 0 });
    });

    test('are not counted where there are none', async () => {
      const versions = await start();
      await setting.world.route([{ endpoints: [versions.old], service: 'old' }]);
      await call();
      expect(counted()).toEqual({ old: undefined });
    });
  });
}
