import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import { existsSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@slipway/kube/logger';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certificate, privateKey } from '../../testing/certificate.ts';
import { describeDataPlane } from '../../testing/data-plane/contract.ts';
import { noHaproxyReason, openHaproxy } from '../../testing/haproxy.ts';
import { bodyOf, eventually, portOf, ruleOf, tableOf, World } from '../../testing/world.ts';
import { Certificates } from '../certificates.ts';
import type { EndpointAddress, RouteRule } from '../routing/routing-table.ts';
import type { HaproxyDataPlane } from './haproxy-data-plane.ts';
import { askHaproxy } from './runtime-api.ts';

function nameOf({ address, port }: EndpointAddress): string {
  return `${address}_${port}`;
}

const because = noHaproxyReason === undefined ? '' : ` (${noHaproxyReason})`;

describe.skipIf(noHaproxyReason !== undefined)(`HAProxy${because}`, () => {
  describeDataPlane('in front of the built-in proxy', openHaproxy);

  describe('by itself', () => {
    let directory: string;
    let plane: HaproxyDataPlane;
    let world: World;
    let agent: Agent;
    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), 'slipway-haproxy-'));
      plane = openHaproxy({ directory, minReloadMilliseconds: 0 });
      world = await new World(plane).start();
      agent = new Agent({ keepAlive: true });
    });
    afterEach(async () => {
      agent.destroy();
      await world.close();
    });

    async function call(options: RequestOptions = {}): Promise<{ body: string; headers: IncomingMessage['headers'] }> {
      const sent = request({ host: '127.0.0.1', port: world.port, agent, ...options });
      sent.end();
      const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
      return { body: `${message.statusCode} ${await bodyOf(message)}`, headers: message.headers };
    }

    function count(counter: 'reloads' | 'restarts'): number {
      return plane.counters().find(({ name }) => name.includes(counter))?.value ?? 0;
    }

    /** Requests that have come to the built-in proxy, by HAProxy's own count. */
    async function passedOn(worker: number): Promise<number> {
      const csv = await askHaproxy(join(directory, `worker-${worker}.sock`), 'show stat -1 2 -1');
      const fields = csv
        .split('\n')
        .find((line) => line.startsWith('built-in,'))
        ?.split(',');
      return Number(fields?.[7]);
    }

    /** Of the slots, by their names in HAProxy. */
    async function servers(worker: number): Promise<readonly string[]> {
      const state = await askHaproxy(join(directory, `worker-${worker}.sock`), 'show servers state');
      return state.split('\n').flatMap((line) => line.split(' ')[3] ?? []);
    }

    /** Calls until `over`; resolves with every outcome that was not as expected. */
    function load(clients: number, over: AbortSignal): Promise<string[]> {
      const failures: string[] = [];
      const one = async (index: number): Promise<void> => {
        while (!over.aborted) {
          try {
            const method = index % 3 === 0 ? 'POST' : 'GET';
            const { body } = await call({ method, agent: index % 2 === 0 ? agent : false });
            if (body !== '200 ok') failures.push(body);
          } catch (error) {
            failures.push(String(error));
          }
        }
      };
      return Promise.all(Array.from({ length: clients }, (_, index) => one(index))).then(() => failures);
    }

    test('answers without the built-in proxy', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([{ endpoints: [pod] }]);
      for (let index = 0; index < 5; index++) expect((await call()).body).toBe('200 ok');
      expect(await passedOn(1)).toBe(0);
    });

    test.skipIf(process.getuid?.() !== 0)(
      'gives up the rights of root, and sees nothing but its directory',
      async () => {
        const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
        await world.route([{ endpoints: [pod] }]);
        const answer = await askHaproxy(join(directory, 'worker-1.sock'), 'show info');
        const pid = /^Pid: (\d+)$/m.exec(answer)?.[1];
        const status = readFileSync(`/proc/${pid}/status`, 'utf8');
        expect(/^Uid:\t(.*)$/m.exec(status)?.[1]?.split('\t')).not.toContain('0');
        expect(/^Gid:\t(.*)$/m.exec(status)?.[1]?.split('\t')).not.toContain('0');
        expect(/^Groups:\t(.*)$/m.exec(status)?.[1]?.trim().split(' ')).not.toContain('0');
        expect(/^CapEff:\t0+$/m.test(status)).toBe(true);
        expect(readlinkSync(`/proc/${pid}/root`)).toBe(directory);
      },
    );

    test('loses no request when it has to reload, and serves by the new table before it has', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([{ endpoints: [pod] }]);
      const over = new AbortController();
      const failures = load(6, over.signal);
      for (let reload = 1; reload <= 3; reload++) {
        await world.route([{ endpoints: [pod] }], { responseHeaders: new Map([['X-Turn', `it's ${reload}%`]]) });
        expect((await call()).headers['x-turn']).toBe(`it's ${reload}%`);
        await eventually(() => count('reloads') === reload);
      }
      // A reload is over when the next table is in force.
      await world.route([{ endpoints: [pod] }], { responseHeaders: new Map([['X-Turn', "it's 3%"]]) });
      const before = await passedOn(4);
      expect((await call({ agent: false })).headers['x-turn']).toBe("it's 3%");
      over.abort();
      expect(await failures).toEqual([]);
      expect(await passedOn(4)).toBe(before);
    });

    test('follows weights, pods that come and go, and versions that drain, without a reload', async () => {
      const server = createServer((_, outgoing) => outgoing.end('ok')).listen(0, '0.0.0.0');
      await once(server, 'listening');
      const port = portOf(server);
      const pods = Array.from({ length: 24 }, (_, index) => ({ address: `127.0.1.${index + 1}`, port }));
      const over = new AbortController();
      await world.route([{ endpoints: pods.slice(0, 1) }]);
      const failures = load(4, over.signal);
      for (let turn = 0; turn <= 30; turn++) {
        const from = (turn * 7) % 12;
        const weight = (turn % 6) * 20;
        // Each version has twelve pods at most, others at each turn, and one after another gets all traffic and leaves.
        const version = Math.floor(turn / 5);
        const stable = { service: `shop-${version}`, version: String(version), weight: 100 - weight };
        const candidate = { service: `shop-${version + 1}`, version: String(version + 1), weight };
        await world.route([
          { ...stable, endpoints: pods.slice(from, from + 1 + ((turn * 5) % 12)) },
          { ...candidate, endpoints: pods.slice(12 - (turn % 12), 24 - (turn % 12)) },
        ]);
        expect((await call()).body).toBe('200 ok');
      }
      over.abort();
      expect(await failures).toEqual([]);
      const before = await passedOn(1);
      for (let index = 0; index < 10; index++) expect((await call()).body).toBe('200 ok');
      expect(await passedOn(1)).toBe(before);
      expect({ reloads: count('reloads'), restarts: count('restarts') }).toEqual({ reloads: 0, restarts: 0 });
      server.close();
      server.closeAllConnections();
    });

    test('hands a rule that takes more than weights to the proxy behind it, and takes it back, without a reload', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      const route = (special: Partial<RouteRule>): Promise<void> =>
        world.route(
          [
            { endpoints: [pod], weight: 90 },
            { endpoints: [pod], weight: 10 },
          ],
          special,
        );
      const [shadow] = ruleOf([{ endpoints: [pod], service: 'shadow' }]).backends;
      const specials: readonly Partial<RouteRule>[] = [
        { sticky: { cookie: 'place', seconds: 60 } },
        { sessions: { cookie: 'session', idleSeconds: 60, key: Buffer.alloc(32), scope: 'a/b' } },
        { matches: [{ headers: [{ name: 'x', kind: 'present', value: '' }], cookies: [], service: 'shop-1' }] },
        shadow === undefined ? {} : { mirror: { backend: shadow, percent: 50 } },
      ];
      await route({});
      const over = new AbortController();
      const failures = load(6, over.signal);
      for (const special of specials) {
        await route(special);
        const before = await passedOn(1);
        for (let index = 0; index < 5; index++) expect((await call({ agent: false })).body).toBe('200 ok');
        expect((await passedOn(1)) - before).toBeGreaterThanOrEqual(5);
        await route({});
      }
      over.abort();
      expect(await failures).toEqual([]);
      const before = await passedOn(1);
      for (let index = 0; index < 5; index++) expect((await call()).body).toBe('200 ok');
      expect(await passedOn(1)).toBe(before);
      expect(count('reloads')).toBe(0);
    });

    test('serves a rule itself that could hold its requests, as long as it need not', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([{ endpoints: [pod] }], { hold: { seconds: 60 } });
      for (let index = 0; index < 5; index++) expect((await call()).body).toBe('200 ok');
      expect(await passedOn(1)).toBe(0);
    });

    test('holds requests through a reload', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([], { hold: { seconds: 600 } });
      const answers = Array.from({ length: 5 }, (_, index) => call({ agent: index % 2 === 0 ? agent : false }));
      const held = (): number | undefined => plane.counters().find(({ name }) => name.includes('held'))?.value;
      await eventually(() => held() === 5);
      await world.route([], { hold: { seconds: 600 }, responseHeaders: new Map([['X-Turn', '1']]) });
      await eventually(() => count('reloads') === 1);
      await world.route([{ endpoints: [pod] }]);
      for (const answer of answers) expect((await answer).body).toBe('200 ok');
    });

    test('still says what it has open itself to a version, when the proxy behind it has taken the rule', async () => {
      const held: (() => void)[] = [];
      const old = await world.backend((_, outgoing) => held.push(() => outgoing.end('ok')));
      const next = await world.backend((_, outgoing) => outgoing.end('next'));
      const route = (weights: readonly [number, number], special: Partial<RouteRule>): Promise<void> =>
        world.route(
          [
            { endpoints: [old], weight: weights[0] },
            { endpoints: [next], weight: weights[1] },
          ],
          special,
        );
      await route([100, 0], {});
      const answers = [call({ agent: false })];
      await eventually(() => held.length === 1);
      const sticky = { cookie: 'place', seconds: 60 };
      await route([100, 0], { sticky });
      answers.push(call({ agent: false }));
      await eventually(() => held.length === 2);
      await route([0, 100], { sticky });
      expect(plane.backends().map(({ openRequests }) => openRequests)).toEqual([2, 0]);
      for (const release of held) release();
      await Promise.all(answers);
      await eventually(() => plane.backends().every(({ openRequests }) => openRequests === 0));
    });

    test('takes a pod back that it could not let go of, without a reload', async () => {
      const held: (() => void)[] = [];
      const busy = await world.backend((_, outgoing) => void held.push(() => outgoing.end('ok')));
      const idle = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([{ endpoints: [busy] }]);
      const answer = call({ agent: false });
      await eventually(() => held.length === 1);
      await world.route([{ endpoints: [busy, idle] }]);
      await world.route([{ endpoints: [] }]);
      // Looked at after the other one.
      await expect.poll(() => servers(1), { timeout: 20_000 }).not.toContain(nameOf(idle));
      await world.route([{ endpoints: [busy] }]);
      const next = call({ agent: false });
      await eventually(() => held.length === 2);
      for (const release of held) release();
      expect([(await answer).body, (await next).body]).toEqual(['200 ok', '200 ok']);
      expect(count('reloads')).toBe(0);
    });

    test('leads requests of kept connections by the present table when a worker is out of step', async () => {
      const old = await world.backend((_, outgoing) => outgoing.end('old'));
      const next = await world.backend((_, outgoing) => outgoing.end('next'));
      await world.route([{ endpoints: [old] }]);
      expect((await call()).body).toBe('200 old');
      // By somebody else's hand what is to be added is there: another port takes another slot.
      await askHaproxy(join(directory, 'worker-1.sock'), `add server p1/${nameOf(next)} ${next.address}:${next.port}`);
      await world.route([{ endpoints: [next] }]);
      expect(count('reloads')).toBe(1);
      // The connection is still the old worker's.
      expect((await call()).body).toBe('200 next');
    });

    test('makes room for more versions than it had', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      const versions = Array.from({ length: 50 }, (_, index) => ({
        endpoints: [pod],
        version: String(index),
        weight: 2,
      }));
      await world.route(versions);
      expect((await call()).body).toBe('200 ok');
      await eventually(() => count('reloads') === 1);
      await world.route(versions);
      await plane.install(tableOf(versions));
      const before = await passedOn(2);
      for (let index = 0; index < 60; index++) expect((await call()).body).toBe('200 ok');
      expect(await passedOn(2)).toBe(before);
    });

    test('is started again at once when it dies, with the table in force', async () => {
      const pod = await world.backend((_, outgoing) => outgoing.end('ok'));
      await world.route([{ endpoints: [pod] }]);
      process.kill(Number(readFileSync(join(directory, 'haproxy.pid'), 'utf8')), 'SIGKILL');
      await eventually(() => count('restarts') > 0);
      await world.route([{ endpoints: [pod] }]);
      expect((await call({ agent: false })).body).toBe('200 ok');
      expect(count('reloads')).toBe(0);
    });

    test('ends TLS by the certificates of the table, and takes and leaves them without a reload', async () => {
      const pod = await world.backend((incoming, outgoing) => outgoing.end(incoming.headers['x-forwarded-proto']));
      const encode = (text: string): string => Buffer.from(text).toString('base64');
      const certificates = new Certificates({
        logger: silentLogger,
        secret: () => ({ metadata: {}, data: { 'tls.crt': encode(certificate), 'tls.key': encode(privateKey) } }),
      });
      const tlsPort = await plane.listenTls({ host: '127.0.0.1', port: 0 }, certificates);
      const callTls = async (servername: string): Promise<string> => {
        const sent = requestTls({
          host: '127.0.0.1',
          port: tlsPort,
          servername,
          rejectUnauthorized: false,
          agent: false,
        });
        sent.end();
        const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
        return bodyOf(message);
      };
      await world.route([{ endpoints: [pod] }]);
      await expect(callTls('shop.localhost')).rejects.toThrow(/./);
      const install = (...hosts: readonly string[]): Promise<void> => {
        const named = new Map(hosts.map((host) => [host, { namespace: 'a', name: 'b' }]));
        const table = { ...tableOf([{ endpoints: [pod] }]), certificates: named };
        certificates.install(table);
        return plane.install(table);
      };
      const reloads = count('reloads');
      await install('shop.localhost', '*.many.localhost');
      expect(await callTls('shop.localhost')).toBe('https');
      expect(await callTls('one.many.localhost')).toBe('https');
      await expect(callTls('other.localhost')).rejects.toThrow(/./);
      await install('other.localhost');
      expect(await callTls('other.localhost')).toBe('https');
      await expect(callTls('shop.localhost')).rejects.toThrow(/./);
      await install('shop.localhost', 'other.localhost');
      expect(await callTls('shop.localhost')).toBe('https');
      expect(count('reloads')).toBe(reloads);
      // What another worker reads are the files.
      await plane.install({
        ...tableOf([{ endpoints: [pod] }], { responseHeaders: new Map([['X-Turn', '1']]) }),
        certificates: new Map([['shop.localhost', { namespace: 'a', name: 'b' }]]),
      });
      await eventually(() => count('reloads') === reloads + 1);
      await install('shop.localhost');
      expect(await callTls('shop.localhost')).toBe('https');
    });

    test('says which port is taken, and leaves nothing behind', async () => {
      const second = openHaproxy();
      await expect(second.listen({ host: '127.0.0.1', port: world.port })).rejects.toThrow(
        `cannot listen on 127.0.0.1:${world.port}: another program uses the port`,
      );
    });

    test('is closed for everybody who closes it, as soon as the least patient wants', async () => {
      const pod = await world.backend((_, outgoing) => void outgoing.write('never whole'));
      await world.route([{ endpoints: [pod] }]);
      const sent = request({ host: '127.0.0.1', port: world.port, agent: false });
      sent.end();
      const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
      const outcome = bodyOf(message).catch((error: unknown) => String(error));
      const patient = plane.close(3_600);
      await plane.close(0);
      expect(existsSync(directory)).toBe(false);
      await patient;
      expect(await outcome).toContain('aborted');
    });

    test.each(['nothing', 'haproxy.cfg', 'haproxy.pid', 'worker-1.sock'])(
      'that is closed while it starts, and has got as far as %s, leaves nothing behind',
      async (file) => {
        const place = mkdtempSync(join(tmpdir(), 'slipway-haproxy-'));
        const starting = openHaproxy({ directory: place });
        const listening = starting.listen({ host: '127.0.0.1', port: 0 });
        // If it was quicker than its end there is nothing wrong with that.
        const outcome = listening.then(
          () => 'served',
          (error: unknown) => String(error),
        );
        await eventually(() => file === 'nothing' || existsSync(join(place, file)));
        const pidFile = join(place, 'haproxy.pid');
        const pid = existsSync(pidFile) ? readFileSync(pidFile, 'utf8').trim() : '';
        await starting.close(0);
        expect(await outcome).toMatch(/served|closed before|ended before|did not start|refuses/);
        expect(existsSync(place)).toBe(false);
        expect(pid !== '' && existsSync(`/proc/${pid}`)).toBe(false);
      },
    );
  });
});
