import { WebSocket } from 'ws';
import type { PatientOptions } from './protocol.ts';
import type { Attempt, Tally } from './tally.ts';

const goingAway = 1001;
const normal = 1000;

interface Talk {
  readonly messageMilliseconds: number;
  /** Ends the WebSocket, and with it the talk. */
  readonly signal: AbortSignal;
}

/**
 * Keeps a WebSocket open until the signal ends it: messages that have to come back, and a new connection
 * whenever it is told to go elsewhere. Anything but a close frame with 1001 is a failure.
 */
export function keepWebSocket(options: PatientOptions, tally: Tally, how: Talk): void {
  const { signal } = how;
  if (signal.aborted) return;
  const attempt = tally.begin('socket');
  const { hostname, port } = new URL(options.target);
  const socket = new WebSocket(`ws://${hostname}:${port}/echo`, {
    headers: { host: options.host, 'x-request-id': attempt.id },
    perMessageDeflate: false,
  });
  const stopTalking = talk(socket, attempt, { ...how, patienceMilliseconds: options.patienceMilliseconds });
  // To close before it is open would be an abrupt end.
  const leave = (): void => {
    if (socket.readyState === WebSocket.CONNECTING) socket.once('open', leave);
    else socket.close(normal);
  };
  signal.addEventListener('abort', leave, { once: true });
  // `close` follows.
  socket.on('error', (error) => attempt.fail(error.message));
  socket.on('close', (code) => {
    stopTalking();
    signal.removeEventListener('abort', leave);
    if (code === goingAway) tally.socketsToldToLeave += 1;
    if (code === goingAway || (signal.aborted && code === normal)) attempt.right();
    else attempt.fail(`the WebSocket was closed with ${code}`);
    keepWebSocket(options, tally, how);
  });
}

/** Returns what ends it. */
function talk(
  socket: WebSocket,
  attempt: Attempt,
  {
    messageMilliseconds,
    patienceMilliseconds,
  }: Pick<Talk, 'messageMilliseconds'> & Pick<PatientOptions, 'patienceMilliseconds'>,
): () => void {
  let next = 0;
  let awaited: { readonly text: string; readonly since: number } | undefined;
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    if (text !== awaited?.text) attempt.fail(`"${text}" came back instead of "${awaited?.text ?? ''}"`);
    awaited = undefined;
  });
  const timer = setInterval(() => {
    if (awaited !== undefined) {
      if (performance.now() - awaited.since > patienceMilliseconds) attempt.fail(`"${awaited.text}" did not come back`);
      return;
    }
    if (socket.readyState !== WebSocket.OPEN) return;
    awaited = { text: `${attempt.id} ${next++}`, since: performance.now() };
    socket.send(awaited.text);
  }, messageMilliseconds);
  socket.on('upgrade', ({ headers }) => (attempt.pod = String(headers['x-pod'] ?? '') || undefined));
  return () => clearInterval(timer);
}
