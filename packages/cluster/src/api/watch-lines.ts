/** Watches as text, a line an event. A failure of the API is the last of them. */
import { StatusError } from '@slipway/kube/status-error';
import type { TransportBody } from '@slipway/kube/transport';
import { eventLine, eventText } from './stored-text.ts';

export async function* watchLines(events: AsyncIterable<unknown>): AsyncIterable<string> {
  try {
    for await (const event of events) yield eventText(event);
  } catch (error) {
    yield failureLine(error);
  }
}

/** The lines of one moment in one piece: to encrypt and send a piece takes longer than to make it. */
export async function* watchPieces({
  events,
  batches,
}: TransportBody & { readonly kind: 'watch' }): AsyncIterable<string | Uint8Array> {
  if (batches === undefined) {
    yield* watchLines(events);
    return;
  }
  try {
    for await (const batch of batches) yield Buffer.concat(batch.map(eventLine));
  } catch (error) {
    yield failureLine(error);
  }
}

function failureLine(error: unknown): string {
  if (!(error instanceof StatusError)) throw error;
  return `${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`;
}
