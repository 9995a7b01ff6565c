import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { host } from './server-options.ts';
import { nextPlace, placeAt, portOf } from './server-place.ts';

describe('nextPlace', () => {
  let other: Server;
  let port: number;

  beforeEach(async () => {
    other = createServer();
    await once(other.listen({ host, port: 0 }), 'listening');
    const address = other.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
  });
  afterEach(() => void other.close());

  async function leave(): Promise<void> {
    other.close();
    await once(other, 'close');
  }

  it('stays where it is free', async () => {
    await leave();
    expect(await nextPlace(placeAt(port, 'token'), false)).toEqual({
      url: `http://${host}:${port}`,
      tokenFile: 'token',
    });
  });

  it('goes elsewhere where nobody named the port that something else uses', async () => {
    const next = await nextPlace(placeAt(port, 'token'), false);
    expect(next).toEqual({ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), tokenFile: 'token' });
    expect(portOf(next)).not.toBe(port);
  });

  it('waits for a port that somebody named, says so, and says no more of it once that is free', async () => {
    const waiting = await nextPlace(placeAt(port, 'token'), true);
    expect(waiting).toEqual({
      url: `http://${host}:${port}`,
      tokenFile: 'token',
      waitsFor: `port ${port} on ${host}, which something else uses: stop that, or start the cluster again with --server-port 0`,
    });
    await leave();
    expect(await nextPlace(waiting, true)).toEqual(placeAt(port, 'token'));
  });
});
