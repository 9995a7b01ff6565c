import { describe, expect, test } from 'vitest';
import type { RouteCondition, RouteCriteria } from '../../src/routing/routing-table.ts';
import type { EndpointAddress, RouteRule } from '../../src/routing/routing-table.ts';
import type { Setting } from './setting.ts';

/** Requests whose headers and cookies decide who answers. */
export function describeMatches(setting: Setting): void {
  const { call } = setting;

  const present = (name: string): RouteCondition => ({ name, kind: 'present', value: '' });
  const exact = (name: string, value: string): RouteCondition => ({ name, kind: 'exact', value });
  const prefix = (name: string, value: string): RouteCondition => ({ name, kind: 'prefix', value });
  const criteria = (rest: Partial<RouteCriteria>): RouteCriteria => ({
    headers: [],
    cookies: [],
    service: 'candidate',
    ...rest,
  });

  const named = (name: string): Promise<EndpointAddress> => setting.world.backend((_, outgoing) => outgoing.end(name));

  /** All weight is on `stable`. */
  async function route(matches: readonly RouteCriteria[], rest: Partial<RouteRule> = {}): Promise<void> {
    await setting.world.route(
      [
        { endpoints: [await named('stable')], service: 'stable', weight: 100 },
        { endpoints: [await named('candidate')], service: 'candidate', weight: 0 },
        { endpoints: [], service: 'starting', weight: 0 },
      ],
      { matches, ...rest },
    );
  }

  describe('matches', () => {
    const matches = [
      criteria({ headers: [exact('x-group', 'beta')] }),
      criteria({ headers: [prefix('user-agent', 'Curl/')], cookies: [present('staff')] }),
      criteria({ cookies: [exact('Group', 'b=c')] }),
      criteria({ cookies: [prefix('ring', 'inner')] }),
    ];
    const cases: readonly (readonly [name: string, headers: Record<string, string>, expected: string])[] = [
      ['nothing of it', {}, 'stable'],
      ['a header in any case', { 'X-GROUP': 'beta' }, 'candidate'],
      ['another value of the header', { 'X-Group': 'Beta' }, 'stable'],
      ['more than the value of the header', { 'X-Group': 'beta2' }, 'stable'],
      ['one of two conditions', { 'User-Agent': 'Curl/8' }, 'stable'],
      ['both of two conditions', { 'User-Agent': 'Curl/8', Cookie: 'a=b; staff=' }, 'candidate'],
      ['a cookie among others', { Cookie: 'x=1;Group=b=c; y=2' }, 'candidate'],
      ['a cookie in another case', { Cookie: 'group=b=c' }, 'stable'],
      ['a cookie whose name only ends like it', { Cookie: 'MyGroup=b=c' }, 'stable'],
      ['the name of a cookie as a value', { Cookie: 'x=staff', 'User-Agent': 'Curl/8' }, 'stable'],
      ['a beginning of a cookie', { Cookie: 'ring=inner-2' }, 'candidate'],
    ];

    test('are by headers and cookies', async () => {
      await route(matches);
      for (const [name, headers, expected] of cases)
        expect([name, (await call({ headers })).body]).toEqual([name, expected]);
    });

    test('are tried in their order, and those for a backend without ready pod do not fit', async () => {
      await route([
        criteria({ headers: [present('x-a')], service: 'starting' }),
        criteria({ headers: [present('x-a'), present('x-b')], service: 'stable' }),
        criteria({ headers: [present('x-a')] }),
      ]);
      expect((await call({ headers: { 'X-A': '1', 'X-B': '1' } })).body).toBe('stable');
      expect((await call({ headers: { 'X-A': '1' } })).body).toBe('candidate');
    });

    test('come before weights, sessions and users, and give no cookie', async () => {
      await route([criteria({ headers: [present('x-a')] })], { sticky: { cookie: 'place', seconds: 60 } });
      const answer = await call({ headers: { 'X-A': '1', Cookie: 'place=0' } });
      expect([answer.body, answer.headers['set-cookie']]).toEqual(['candidate', undefined]);
    });

    test('lead to another pod of the same version when one cannot be reached', async () => {
      const candidate = await named('candidate');
      const dead = await setting.world.deadEndpoint();
      await setting.world.route(
        [
          { endpoints: [await named('stable')], service: 'stable', weight: 100 },
          { endpoints: [dead, candidate], service: 'candidate', weight: 0 },
        ],
        { matches: [criteria({ headers: [present('x-a')] })] },
      );
      for (let index = 0; index < 6; index++) expect((await call({ headers: { 'X-A': '1' } })).body).toBe('candidate');
    });

    test('begin and end with a table, for kept connections too', async () => {
      for (let turn = 0; turn < 3; turn++) {
        await route([criteria({ headers: [present('x-a')] })]);
        expect((await call({ headers: { 'X-A': '1' } })).body).toBe('candidate');
        await route([]);
        expect((await call({ headers: { 'X-A': '1' } })).body).toBe('stable');
      }
    });
  });
}
