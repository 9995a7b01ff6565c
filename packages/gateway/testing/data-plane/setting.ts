import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { afterEach, beforeEach } from 'vitest';
import type { DataPlane } from '../../src/data-plane.ts';
import { bodyOf, World } from '../world.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly trailers: IncomingMessage['trailers'];
  readonly body: string;
}

/** A data plane with backends, new for every test, and clients of it. */
export interface Setting {
  readonly world: World;
  /** Keeps its connections. */
  readonly agent: Agent;
  open(this: void, options?: RequestOptions): ClientRequest;
  call(this: void, options?: RequestOptions, body?: string): Promise<Answer>;
}

/** For the tests of the suite that calls it. */
export function createSetting(openPlane: () => DataPlane): Setting {
  let world: World;
  let agent: Agent;
  beforeEach(async () => {
    world = await new World(openPlane()).start();
    agent = new Agent({ keepAlive: true });
  });
  afterEach(async () => {
    agent.destroy();
    await world.close();
  });
  const open: Setting['open'] = (options = {}) => request({ host: '127.0.0.1', port: world.port, agent, ...options });
  return {
    get world() {
      return world;
    },
    get agent() {
      return agent;
    },
    open,
    call: (options, body) => {
      const sent = open(options);
      sent.end(body);
      return answerOf(sent);
    },
  };
}

export async function answerOf(sent: ClientRequest): Promise<Answer> {
  const [message]: [IncomingMessage] = await (once(sent, 'response') as Promise<[IncomingMessage]>);
  const body = await bodyOf(message);
  return { status: message.statusCode ?? 0, headers: message.headers, trailers: message.trailers, body };
}

/** A request as it stands on the wire. */
export function get(path = '/'): string {
  return `GET ${path} HTTP/1.1\r\nHost: shop\r\n\r\n`;
}
