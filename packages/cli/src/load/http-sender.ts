import type { IncomingMessage } from 'node:http';
import { Agent, request as httpRequest } from '@slipway/kube/platform/http';
import type { LoadOutcome, SendRequest } from './open-load.ts';
import type { LoadOptions } from './protocol.ts';

const idHeader = 'x-request-id';
/** Less than a gateway keeps a connection: one that it closes as a request leaves on it would be nobody's fault. */
const idleMilliseconds = 30_000;
/** An answer is a version; what is longer is wrong anyhow. */
const keptCharacters = 1_024;

/** Every other request goes over a connection that is kept alive, the rest over new ones. */
export function sendByHttp({ target, host, path }: Pick<LoadOptions, 'target' | 'host' | 'path'>): SendRequest {
  const { hostname, port } = new URL(target);
  const keptAlive = new Agent({
    keepAlive: true,
    maxSockets: 256,
    timeout: idleMilliseconds,
    // It looks whether it has just closed one itself for its age at the first alone, and would otherwise give the last.
    scheduling: 'fifo',
  });
  return ({ id, index }, onEnd) => {
    const broken = (reason: string): void => onEnd({ kind: 'broken', reason });
    const outgoing = httpRequest({
      host: hostname,
      port,
      path,
      headers: { host, [idHeader]: id },
      agent: index % 2 === 0 ? keptAlive : false,
    });
    outgoing.once('error', (error) => broken(error.message));
    outgoing.once('response', (incoming) => receive(incoming, onEnd, broken));
    outgoing.end();
    return () => outgoing.destroy();
  };
}

function receive(
  incoming: IncomingMessage,
  onEnd: (outcome: LoadOutcome) => void,
  broken: (reason: string) => void,
): void {
  let body = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (chunk: string) => {
    if (body.length < keptCharacters) body += chunk;
  });
  incoming.once('error', (error) => broken(error.message));
  incoming.once('aborted', () => broken('the answer broke off'));
  incoming.once('end', () => {
    const id = incoming.headers[idHeader];
    const { statusCode: status = 0 } = incoming;
    onEnd({ kind: 'answered', status, body: body.trim(), id: Array.isArray(id) ? id.join(', ') : id });
  });
}
