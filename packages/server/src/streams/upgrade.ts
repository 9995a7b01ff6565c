import Type from 'typebox';
import { problems } from '../api/schemas.ts';
import { Problem } from '../http/problem.ts';

/** Of every route that becomes a WebSocket. */
export const streamResponse = {
  101: Type.Unsafe<undefined>({ type: 'null', description: 'It is a WebSocket from here on.' }),
  ...problems,
};

/** For who asks for a stream as for any other answer. */
export async function requireUpgrade(): Promise<never> {
  throw new Problem(426, 'this is a WebSocket: connect to it by ws: or wss:, as a WebSocket client does', {
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  });
}
