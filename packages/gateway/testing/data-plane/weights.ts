import { describe, expect, test } from 'vitest';
import { eventually, exchangeRaw } from '../world.ts';
import { get, type Setting } from './setting.ts';

/** Who gets how many requests. */
export function describeWeights(setting: Setting): void {
  const { call } = setting;

  describe('weights', () => {
    test('are kept to within two points in every window of a hundred', async () => {
      const versions = await Promise.all(
        ['a', 'b', 'c'].map((name) => setting.world.backend((_, outgoing) => outgoing.end(name))),
      );
      const weights = [70, 25, 5];
      await setting.world.route(
        versions.map((backend, index) => ({ endpoints: [backend], weight: weights[index] ?? 0 })),
      );
      const seen: string[] = [];
      for (let index = 0; index < 400; index++) seen.push((await call()).body);
      for (let start = 0; start <= 300; start += 7) {
        const window = seen.slice(start, start + 100);
        for (const [index, name] of ['a', 'b', 'c'].entries()) {
          const share = window.filter((one) => one === name).length;
          expect(Math.abs(share - (weights[index] ?? 0))).toBeLessThanOrEqual(2);
        }
      }
    });

    test('of a backend without ready pods go to the others', async () => {
      const backend = await setting.world.backend((_, outgoing) => outgoing.end('b'));
      await setting.world.route([
        { endpoints: [], weight: 90 },
        { endpoints: [backend], weight: 10 },
      ]);
      for (let index = 0; index < 10; index++) expect((await call()).body).toBe('b');
    });

    test('of 0 get nothing, even when nobody else is ready', async () => {
      const backend = await setting.world.backend((_, outgoing) => outgoing.end());
      await setting.world.route([
        { endpoints: [backend], weight: 0 },
        { endpoints: [], weight: 100 },
      ]);
      expect(await call()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    });

    test('leave the choice of the pod to its load', async () => {
      const held: (() => void)[] = [];
      const slow = await setting.world.backend((_, outgoing) => held.push(() => outgoing.end('slow')));
      const quick = await setting.world.backend((_, outgoing) => outgoing.end('quick'));
      await setting.world.route([{ endpoints: [slow, quick] }]);
      // Whom a request goes to while both are idle is the data plane's own choice: ask until one is held.
      const asked: Promise<unknown>[] = [];
      while (held.length === 0) {
        const answered = call();
        asked.push(answered);
        await Promise.race([answered, eventually(() => held.length > 0)]);
      }
      for (let index = 0; index < 10; index++) expect((await call()).body).toBe('quick');
      for (const release of held) release();
      await Promise.all(asked);
    });
  });

  describe('shares', () => {
    test('of ten thousand requests are within two points of the weights, and follow them when they change', async () => {
      const versions = await Promise.all(
        ['a', 'b'].map((name) => setting.world.backend((_, outgoing) => outgoing.end(name))),
      );
      for (const { weight, each } of [
        { weight: 5, each: 1_000 },
        { weight: 50, each: 200 },
      ]) {
        await setting.world.route(
          versions.map((backend, index) => ({ endpoints: [backend], weight: index === 0 ? weight : 100 - weight })),
        );
        const answers = await Promise.all(Array.from({ length: 10 }, () => pipelined(each)));
        const share = answers.reduce((sum, text) => sum + (text.match(/^a/gm) ?? []).length, 0) / (each / 10);
        expect(Math.abs(share - weight)).toBeLessThanOrEqual(2);
      }
    });

    /** Each body is a line of its own. */
    async function pipelined(count: number): Promise<string> {
      const last = 'GET /?last HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n';
      const text = await exchangeRaw(setting.world.port, get().repeat(count - 1) + last);
      return text
        .split('HTTP/1.1 200 OK\r\n')
        .map((answer) => answer.split('\r\n\r\n')[1]?.replace(/^1\r\n/, '') ?? '')
        .join('\n');
    }
  });
}
