import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { listen } from '../listen.ts';
import { reservePort } from './reserve-port.ts';

/** An address that nobody else uses: a port that is given back there goes to no program that asks for any free one elsewhere. */
const host = '127.83.21.9';
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function open(port: number, reusePort: boolean): Promise<number> {
  const server = createServer();
  servers.push(server);
  return listen(server, { host, port, reusePort }, () => undefined);
}

describe('a reserved port', () => {
  it('is nobody else’s until it is given back', async () => {
    const reserved = await reservePort({ host, port: 0 });
    await expect(open(reserved.port, false)).rejects.toThrow('another program uses the port');
    await reserved[Symbol.asyncDispose]();
    expect(await open(reserved.port, false)).toBe(reserved.port);
  });

  it('can be had by a program that shares it, as HAProxy does, and stays that one’s', async () => {
    const reserved = await reservePort({ host, port: 0 });
    expect(await open(reserved.port, true)).toBe(reserved.port);
    await reserved[Symbol.asyncDispose]();
    await expect(open(reserved.port, false)).rejects.toThrow('another program uses the port');
  });

  it('takes nobody’s connection where it is named and clients know it', async () => {
    const { port, ...chosen } = await reservePort({ host, port: 0 });
    await chosen[Symbol.asyncDispose]();
    await using reserved = await reservePort({ host, port });
    expect(reserved.port).toBe(port);
    await expect(once(connect({ host, port }), 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  it('is refused where somebody has it, who may share it or not', async () => {
    for (const isShared of [true, false]) {
      const port = await open(0, isShared);
      await expect(reservePort({ host, port })).rejects.toThrow('another program uses the port');
    }
  });
});
