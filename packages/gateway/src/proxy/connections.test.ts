import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { silentLogger } from '@slipway/kube/logger';
import { systemClock } from '@slipway/kube/platform/system-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { certificate, privateKey } from '../../testing/certificate.ts';
import { exchangeRaw, readUntil, tableOf, World } from '../../testing/world.ts';
import { Certificates } from '../certificates.ts';
import { Proxy } from './proxy.ts';

const get = 'GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n';
const host = '127.0.0.1';

describe('the bound on connections', () => {
  let world: World;
  let tlsPort: number;
  let clients: Socket[];

  async function given({ handshakeMilliseconds }: { readonly handshakeMilliseconds: number }): Promise<void> {
    clients = [];
    const plane = new Proxy({ clock: systemClock, random: Math.random, maxConnections: 3 });
    world = await new World(plane).start();
    const encode = (text: string): string => Buffer.from(text).toString('base64');
    const data = { 'tls.crt': encode(certificate), 'tls.key': encode(privateKey) };
    const certificates = new Certificates({
      logger: silentLogger,
      handshakeMilliseconds,
      secret: () => ({ metadata: {}, data }),
    });
    tlsPort = await plane.listenTls({ host, port: 0 }, certificates);
    const backend = await world.backend((_, outgoing) => outgoing.end('ok'));
    const table = {
      ...tableOf([{ endpoints: [backend] }]),
      certificates: new Map([['shop.localhost', { namespace: 'a', name: 'b' }]]),
    };
    certificates.install(table);
    await plane.install(table);
  }
  /** So long that no handshake that is meant to end well is cut. */
  beforeEach(() => given({ handshakeMilliseconds: 600_000 }));
  afterEach(async () => {
    for (const client of clients) client.destroy();
    await world.close();
  });

  async function open(port: number): Promise<Socket> {
    const socket = connect({ port, host }).on('error', () => socket.destroy());
    clients.push(socket.resume());
    await once(socket, 'connect');
    return socket;
  }

  function ended(socket: Socket): Promise<unknown> {
    return socket.destroyed ? Promise.resolve() : once(socket, 'close');
  }

  function askTls(): Promise<string> {
    const socket = connectTls({ port: tlsPort, host, servername: 'shop.localhost', rejectUnauthorized: false });
    clients.push(socket);
    socket.write(get);
    return readUntil(socket);
  }

  test('holds for those in their TLS handshake', async () => {
    const shaking = [await open(tlsPort), await open(tlsPort), await open(tlsPort)];
    for (const port of [world.port, tlsPort]) await ended(await open(port));
    const refused = world.plane.counters().find(({ name }) => name.includes('refused_connections'));
    expect(refused?.value).toBe(2);
    expect(shaking.map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
  });

  test('is free again when a TLS handshake has taken too long', async () => {
    await world.close();
    await given({ handshakeMilliseconds: 50 });
    await Promise.all([await open(tlsPort), await open(tlsPort), await open(tlsPort)].map(ended));
    expect(await exchangeRaw(world.port, get)).toMatch(/^HTTP\/1\.1 200[^]*ok/);
  });

  test('frees the place of every connection that ends', async () => {
    for (let times = 0; times < 10; times++) {
      expect(await askTls()).toMatch(/^HTTP\/1\.1 200/);
      const plain = connect({ port: world.port, host });
      plain.write(get);
      expect(await readUntil(plain)).toMatch(/^HTTP\/1\.1 200/);
    }
  });

  test('is no reason to close slowly: a handshake is cut', async () => {
    const shaking = await open(tlsPort);
    const closed = world.plane.close(60);
    await ended(shaking);
    await closed;
  });
});
