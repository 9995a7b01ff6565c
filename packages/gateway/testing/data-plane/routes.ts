import { describe, expect, test } from 'vitest';
import { emptyRoutingTable, type PathRoute, type RouteRule } from '../../src/routing/routing-table.ts';
import { ruleOf } from '../world.ts';
import type { Setting } from './setting.ts';

/** Which rule a request obeys. */
export function describeRoutes(setting: Setting): void {
  const { call } = setting;

  describe('routes', () => {
    const routes: readonly { readonly host: string; readonly path: string; readonly service: string }[] = [
      { host: 'shop.example.org', path: '/', service: 'root' },
      { host: 'shop.example.org', path: '/cart', service: 'cart' },
      { host: 'shop.example.org', path: '/cart;jsessionid=1/a', service: 'odd' },
      { host: '*.example.org', path: '/', service: 'wildcard' },
      { host: '*.localhost', path: '/', service: 'local' },
      { host: '*', path: '/status', service: 'everywhere' },
      { host: '!', path: '/', service: 'hostile' },
      { host: 'a b\n# $(x)', path: '/x y\r\n', service: 'hostile' },
    ];
    const cases: readonly (readonly [name: string, host: string, path: string, service: string])[] = [
      ['a host', 'shop.example.org', '/a/b', 'root'],
      ['a host in capitals with a port', 'SHOP.example.org:8080', '/', 'root'],
      ['a host with its final dot', 'shop.example.org.', '/status', 'root'],
      ['the longest path', 'shop.example.org', '/cart/1?x=/y', 'cart'],
      ['a path without what follows', 'shop.example.org', '/cart', 'cart'],
      ['whole elements of a path only', 'shop.example.org', '/carts', 'root'],
      ['a path with signs', 'shop.example.org', '/cart;jsessionid=1/a', 'odd'],
      ['one label for a star', 'other.example.org', '/', 'wildcard'],
      ['no two labels for a star', 'a.b.example.org', '/status', 'everywhere'],
      ['one label above for a star', 'shop.localhost', '/', 'local'],
      ['no label that is missing for a star', 'localhost', '/status', 'everywhere'],
      ['no empty label for a star', '.localhost', '/status', 'everywhere'],
      ['any host', 'elsewhere', '/status/1', 'everywhere'],
      ['nothing else', 'elsewhere', '/', '404'],
      ['a redirect', 'www.example.org', '/a?b', '308 http://example.org/a?b'],
    ];

    test.each(cases)('lead by %s', async (_, host, path, service) => {
      const backends = new Map<string, RouteRule>();
      for (const { service } of routes) {
        const pod = await setting.world.backend((_, outgoing) => outgoing.end(service));
        backends.set(service, ruleOf([{ endpoints: [pod], service }]));
      }
      const byHost = (host: string): PathRoute[] =>
        routes
          .filter((route) => route.host === host)
          .toSorted((a, b) => b.path.length - a.path.length)
          .flatMap(({ path, service }) => {
            const rule = backends.get(service);
            return rule === undefined ? [] : [{ path, match: 'Prefix' as const, rule }];
          });
      await setting.world.plane.install({
        ...emptyRoutingTable,
        exactHosts: new Map(['shop.example.org', '!', 'a b\n# $(x)'].map((host) => [host, byHost(host)])),
        wildcardHosts: new Map([
          ['example.org', byHost('*.example.org')],
          ['localhost', byHost('*.localhost')],
        ]),
        anyHost: byHost('*'),
        redirects: new Map([['www.example.org', 'example.org']]),
        rules: [...backends.values()],
      });
      const { status, body, headers } = await call({ path, headers: { host } });
      expect(status === 200 ? body : [status, headers.location].join(' ').trim()).toBe(service);
    });
  });
}
