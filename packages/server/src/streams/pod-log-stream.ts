import { LineQueue } from './line-queue.ts';
import { closeCodes, type PacedSocket } from './paced-socket.ts';
import { PodLogReaders, type Line, type PodLogSource } from './pod-log-readers.ts';
import {
  advance,
  encodePositions,
  maximumPositionLength,
  type LinePosition,
  type LogPositions,
} from './pod-log-position.ts';

const maximumFrameBytes = 256 * 1_024;
/** Of a frame, beside its position and its lines. */
const frameWords = 100;
const maximumQueuedBytes = maximumFrameBytes - maximumPositionLength - frameWords;

/**
 * Sends what all pods of an Application write, as it comes, with a position to come back with: from there on nothing is
 * missing and nothing repeated, as long as the cluster has it. It reads no faster than the reader.
 */
export async function streamPodLogs(socket: PacedSocket, stream: PodLogSource): Promise<void> {
  // Each with the comma behind it.
  const queue = new LineQueue<Line>({ maximum: maximumQueuedBytes, sizeOf: ({ json }) => Buffer.byteLength(json) + 1 });
  const ended = new AbortController();
  const signal = AbortSignal.any([socket.closed, ended.signal]);
  signal.addEventListener('abort', () => queue.close(), { once: true });
  const readers = new PodLogReaders(stream, queue, signal);
  const reading = readers.run();
  try {
    const sending = send(socket, { queue, readers, after: stream.after });
    await Promise.all([sending, reading.finally(() => queue.close())]);
    if (!socket.closed.aborted) {
      await socket.send({ type: 'end' }, 'nothing');
      socket.close(closeCodes.normal, 'all that was written is sent');
    }
  } finally {
    ended.abort();
  }
}

interface Sending {
  readonly queue: LineQueue<Line>;
  readonly readers: PodLogReaders;
  readonly after: LogPositions;
}

async function send(socket: PacedSocket, { queue, readers, after }: Sending): Promise<void> {
  const resume = 'the position of the last frame';
  const positions = new Map<string, LinePosition>(after);
  let told = 0;
  for (let lines = await queue.take(); lines !== undefined; lines = await queue.take()) {
    const { leftOut } = readers;
    if (leftOut !== told && !(await socket.send({ type: 'leftOut', containers: leftOut }, resume))) return;
    told = leftOut;
    if (lines.length === 0) continue;
    for (const { key, run, at } of lines) positions.set(key, advance(positions.get(key), run, at));
    const frame = formatLines(lines, encodePositions(readers.describe(positions)));
    if (!(await socket.sendText(frame, resume))) return;
  }
}

/** What each line is as JSON is known already, and counted. */
function formatLines(lines: readonly Line[], after: string): string {
  return `{"type":"lines","items":[${lines.map(({ json }) => json).join(',')}],"after":${JSON.stringify(after)}}`;
}
