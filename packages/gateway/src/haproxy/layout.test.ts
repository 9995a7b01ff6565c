import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ruleOf } from '../../testing/world.ts';
import {
  emptyRoutingTable,
  matchRoute,
  parentOf,
  type PathRoute,
  type RoutingTable,
} from '../routing/routing-table.ts';
import { headerSetId } from './header-sets.ts';
import { type Layout, planLayout } from './layout.ts';
import { renderConfig } from './render-config.ts';
import { calculateShares } from './shares.ts';
import { assignSlots, growCounts } from './slots.ts';

const pod = { address: '10.0.0.1', port: 8080 };
const counts = { plain: 8, compressing: 2 };

function layOut(table: RoutingTable, options: { headerSets?: ReadonlySet<string>; plain?: number } = {}): Layout {
  return planLayout({
    table,
    slots: new Map(),
    occupied: new Set(),
    counts: { ...counts, plain: options.plain ?? counts.plain },
    headerSets: options.headerSets ?? new Set(),
  });
}

/** As the configuration looks up who answers; undefined: the built-in proxy. */
function lookUp({ wanted: { maps } }: Layout, host: string, path: string): string | undefined {
  const hostKey = maps.hosts.get(host) ?? maps.wildcards.get(parentOf(host)) ?? '*';
  const prefix = [...maps.prefixes.keys()]
    .filter((key) => `${hostKey}${path}/`.startsWith(key))
    .toSorted((a, b) => b.length - a.length)[0];
  const rule = maps.exact.get(`${hostKey}${path}`) ?? maps.prefixes.get(prefix ?? '');
  return maps.rules.get(rule ?? '');
}

describe('the layout', () => {
  const hosts = fc.constantFrom('a.x', 'b.x', 'x', 'other');
  const path = fc.constantFrom('/', '/a', '/a/b', '/ab', '/a;b');
  const route = fc.record({ path, match: fc.constantFrom('Exact' as const, 'Prefix' as const), service: fc.nat(5) });
  const routes = fc.uniqueArray(route, { selector: ({ path, match }) => `${match} ${path}`, maxLength: 5 });

  test('leads every request where the routing table leads it', () => {
    const drawn = fc.record({
      exact: fc.dictionary(hosts, routes),
      wildcards: fc.dictionary(fc.constantFrom('x', 'other'), routes),
      any: routes,
      fallback: fc.option(fc.nat(5)),
      redirect: fc.option(hosts),
    });
    fc.assert(
      fc.property(drawn, hosts, path, ({ exact, wildcards, any, fallback, redirect }, host, requested) => {
        const rules = Array.from({ length: 6 }, (_, index) => ruleOf([{ endpoints: [pod], service: `s${index}` }]));
        const toRoutes = (
          drawnRoutes: readonly { path: string; match: PathRoute['match']; service: number }[],
        ): PathRoute[] =>
          drawnRoutes
            .flatMap(({ path, match, service }) => {
              const rule = rules[service];
              return rule === undefined ? [] : [{ path, match, rule }];
            })
            .toSorted((a, b) => b.path.length - a.path.length || (a.match === 'Exact' ? -1 : 1));
        const table: RoutingTable = {
          ...emptyRoutingTable,
          exactHosts: new Map(Object.entries(exact).map(([name, own]) => [name, toRoutes(own)])),
          wildcardHosts: new Map(Object.entries(wildcards).map(([name, own]) => [name, toRoutes(own)])),
          anyHost: toRoutes(any),
          fallback: fallback === null ? undefined : rules[fallback],
          redirects: redirect === null ? new Map() : new Map([[redirect, 'elsewhere']]),
          rules,
        };
        const layout = layOut(table);
        const match = matchRoute(table, host, requested);
        const slot = lookUp(layout, host, requested);
        const service = slot === undefined ? undefined : layout.backends.get(slot)?.service;
        expect(service).toBe(match.kind === 'rule' ? match.rule.backends[0]?.service : undefined);
      }),
      { numRuns: 500 },
    );
  });

  const table = (rule: ReturnType<typeof ruleOf>): RoutingTable => ({
    ...emptyRoutingTable,
    rules: [rule],
    anyHost: [{ path: '/', match: 'Prefix', rule }],
  });

  test('leaves to the built-in proxy what has no slot, no pod or headers that the configuration lacks', () => {
    const headers = new Map([['X-A', '1']]);
    const known = new Set([headerSetId(headers) ?? '']);
    expect(lookUp(layOut(table(ruleOf([{ endpoints: [pod] }]))), 'x', '/')).toBe('p0');
    expect(lookUp(layOut(table(ruleOf([{ endpoints: [pod] }])), { plain: 0 }), 'x', '/')).toBeUndefined();
    expect(lookUp(layOut(table(ruleOf([{ endpoints: [] }]))), 'x', '/')).toBeUndefined();
    const withHeaders = table(ruleOf([{ endpoints: [pod] }], { responseHeaders: headers }));
    expect(lookUp(layOut(withHeaders), 'x', '/')).toBeUndefined();
    expect(lookUp(layOut(withHeaders, { headerSets: known }), 'x', '/')).toBe('p0');
  });

  test('keeps the pods of a version without weight, for what is open to it', () => {
    const layout = layOut(
      table(
        ruleOf([
          { endpoints: [pod], weight: 0 },
          { endpoints: [pod], version: '2' },
        ]),
      ),
    );
    expect(lookUp(layout, 'x', '/')).toBe('p1');
    expect([...layout.wanted.servers.keys()]).toEqual(['p0', 'p1']);
  });

  test('lets no name of a cluster reach a command or the configuration', () => {
    const hostile = "x y\n;'\\#$(z)";
    const rule = ruleOf([{ endpoints: [{ address: hostile, port: 80 }, pod], service: hostile, version: hostile }]);
    const layout = layOut({
      ...emptyRoutingTable,
      rules: [rule],
      exactHosts: new Map([[hostile, [{ path: hostile, match: 'Prefix' as const, rule }]]]),
      redirects: new Map([[hostile, hostile]]),
      anyHost: [
        { path: `/${hostile}`, match: 'Exact' as const, rule },
        { path: '/', match: 'Prefix' as const, rule },
      ],
    });
    const { maps, servers } = layout.wanted;
    const words = [...Object.values(maps).flatMap((map) => [...map].flat()), ...servers.keys()];
    for (const ofSlot of servers.values()) words.push(...ofSlot.keys());
    for (const word of words) expect(word).toMatch(/^[a-z0-9*:./_-]+$/i);
  });
});

describe('shares', () => {
  test('give each its weight in every full round, and each turn once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 }), (weights) => {
        const { turns, total, stride } = calculateShares(weights);
        const sum = weights.reduce((before, weight) => before + weight, 0);
        for (const [index, turn] of turns.entries()) expect(turn / total).toBeCloseTo((weights[index] ?? 0) / sum, 10);
        expect(new Set(Array.from({ length: total }, (_, count) => (count * stride) % total)).size).toBe(total);
      }),
    );
  });

  test.each([
    { name: 'are as few as they can be', weights: [95, 5], turns: [19, 1] },
    { name: 'of fractions are close', weights: [0.5, 99.5], turns: [5, 993] },
    { name: 'leave nobody out', weights: [1, 1_000_000], turns: [1, 998] },
  ])('$name', ({ weights, turns }) => expect(calculateShares(weights).turns).toEqual(turns));
});

describe('slots', () => {
  test('stay with their version, and wait for those who left', () => {
    const first = assignSlots({
      previous: new Map(),
      wanted: new Map([
        ['a', 'plain'],
        ['b', 'plain'],
      ]),
      occupied: new Set(),
      counts: { plain: 2, compressing: 0 },
    });
    const second = assignSlots({
      previous: first.slots,
      wanted: new Map([
        ['b', 'plain'],
        ['c', 'plain'],
      ]),
      occupied: new Set(['p0', 'p1']),
      counts: { plain: 2, compressing: 0 },
    });
    expect([...second.slots]).toEqual([
      ['a', 'p0'],
      ['b', 'p1'],
    ]);
    expect(second.needed).toEqual({ plain: 3, compressing: 0 });
    expect(growCounts({ plain: 2, compressing: 0 }, second.needed)).toEqual({ plain: 6, compressing: 0 });
  });
});

describe('the configuration', () => {
  test('quotes headers', () => {
    const headers = new Map([['X-Odd', 'a\'b %[env(HOME)] "c" #d \\e ${HOME}']]);
    const text = renderConfig(
      {
        listen: { host: '::1', port: 80 },
        tlsListen: undefined,
        counts: { plain: 1, compressing: 1 },
        headerSets: new Map([['h1', headers]]),
        certificates: new Map(),
      },
      {
        map: (map) => `/run/${map}`,
        commands: '/run/c',
        trafficLog: '/run/t',
        builtIn: '/run/b',
        certificateList: '/run/l',
        jail: { path: '/run', user: { uid: 102, gid: 105 } },
      },
    );
    expect(text).toContain(
      `  http-response set-header 'X-Odd' 'a'\\''b %%[env(HOME)] "c" #d \\e \${HOME}' if { var(txn.headers) -m str h1 }`,
    );
    expect(text).toContain('  bind [::1]:80');
    // As long as the built-in proxy waits for a client that takes nothing of its answer.
    expect(text).toContain('  timeout client 300s');
    expect(text).toContain('  chroot /run\n  uid 102\n  gid 105\n');
  });
});
