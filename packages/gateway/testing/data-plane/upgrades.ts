import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually, exchangeRaw, readUntil } from '../world.ts';
import type { Setting } from './setting.ts';

/** Connections that leave HTTP. */
export function describeUpgrades(setting: Setting): void {
  const { call } = setting;

  describe('upgrades', () => {
    const upgradeHeaders = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    };

    test('that the backend declines are ordinary answers', async () => {
      const backend = await setting.world.backend((_, outgoing) => outgoing.writeHead(426).end('no'));
      await setting.world.route([{ endpoints: [backend] }]);
      expect(await call({ headers: upgradeHeaders })).toMatchObject({
        status: 426,
        body: 'no',
      });
    });

    test('that nobody asked for are a 502', async () => {
      const backend = await setting.world.rawBackend(
        (socket) =>
          void socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n')),
      );
      await setting.world.route([{ endpoints: [backend] }]);
      expect((await call()).status).toBe(502);
    });

    test('pass the end of one side on, and then what the other side still says', async () => {
      const backend = await setting.world.rawBackend((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: sum\r\n\r\n');
          socket.on('end', () => socket.end('42'));
        });
      });
      backend.server.on('connection', (socket: Socket) => (socket.allowHalfOpen = true));
      await setting.world.route([{ endpoints: [backend] }]);
      const socket = connect({ port: setting.world.port, host: '127.0.0.1', allowHalfOpen: true });
      const text = readUntil(socket);
      socket.on('end', () => socket.end());
      socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: sum\r\n\r\n');
      socket.once('data', () => socket.end('40 2'));
      expect((await text).split('\r\n\r\n')[1]).toBe('42');
      await eventually(() => setting.world.plane.backends().every((each) => each.openConnections === 0));
    });

    test('pass what both sides send early', async () => {
      const backend = await setting.world.rawBackend((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome ');
          socket.on('data', (piece) => socket.write(piece));
        });
      });
      await setting.world.route([{ endpoints: [backend] }]);
      const text = await exchangeRaw(
        setting.world.port,
        'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly',
        'early',
      );
      expect(text).toMatch(/^upgrade: echo/im);
      expect(text.split('\r\n\r\n')[1]).toBe('welcome early');
    });
  });
}
