import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noHaproxyReason, openHaproxy } from '../../testing/haproxy.ts';
import { bodyOf, eventually, ruleOf, World } from '../../testing/world.ts';
import { emptyRoutingTable, type RoutingTable } from '../routing/routing-table.ts';
import type { HaproxyDataPlane } from './haproxy-data-plane.ts';

const length = 300_000;

/** By host. */
const routes: Readonly<Record<string, readonly [name: string, value: string]>> = {
  quote: ["X'Y", 'v'],
  comment: ['X#Y', 'v'],
  format: ['X-Format', "50%% of %[src] \\ it's $HOME #1"],
  // Beside a part of a body that fills every buffer.
  long: ['X-Policy', 'a'.repeat(8_000)],
  // More than there is room for: the proxy behind it sets them.
  longer: ['X-Policy', 'a'.repeat(9_000)],
};

describe.skipIf(noHaproxyReason !== undefined)('headers of routes', () => {
  let plane: HaproxyDataPlane;
  let world: World;
  beforeEach(async () => {
    plane = openHaproxy({ minReloadMilliseconds: 0 });
    world = await new World(plane).start();
  });
  afterEach(() => world.close());

  async function call(host: string): Promise<{ outcome: string; headers: IncomingMessage['headers'] }> {
    const sent = request({ host: '127.0.0.1', port: world.port, agent: false, headers: { host } }).end();
    const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
    return { outcome: `${message.statusCode} ${(await bodyOf(message)).length}`, headers: message.headers };
  }

  function reloads(): number | undefined {
    return plane.counters().find(({ name }) => name.includes('reloads'))?.value;
  }

  test('are set whatever they say, by one reload for all, and never at the cost of an answer', async () => {
    const pod = await world.backend((_, outgoing) => outgoing.end('x'.repeat(length)));
    const rules = Object.entries(routes).map(
      ([host, header]) => [host, ruleOf([{ endpoints: [pod] }], { responseHeaders: new Map([header]) })] as const,
    );
    const table: RoutingTable = {
      ...emptyRoutingTable,
      exactHosts: new Map(rules.map(([host, rule]) => [host, [{ path: '/', match: 'Prefix', rule }]])),
      rules: rules.map(([, rule]) => rule),
    };
    await plane.install(table);
    await eventually(() => reloads() === 1);
    // A reload is over when the next table is in force.
    await plane.install({ ...table });
    for (const [host, [name, value]] of Object.entries(routes)) {
      for (let index = 0; index < 3; index++) {
        const { outcome, headers } = await call(host);
        expect([host, outcome, headers[name.toLowerCase()]]).toEqual([host, `200 ${length}`, value]);
      }
    }
    expect(reloads()).toBe(1);
  });
});
