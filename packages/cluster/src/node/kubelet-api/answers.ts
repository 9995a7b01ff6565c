import type { RawResponse } from '@slipway/kube/client';
import { messageOf } from '@slipway/kube/message-of';
import { StatusError } from '@slipway/kube/status-error';

export function textAnswer(status: number, text: string): RawResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: once(text) };
}

export function jsonAnswer(status: number, value: unknown): RawResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: once(JSON.stringify(value)) };
}

/** As the API server passes it on. */
export function errorAnswer(error: unknown): RawResponse {
  const known = error instanceof StatusError ? error : new StatusError('InternalError', messageOf(error));
  return jsonAnswer(known.code, known.toStatus());
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}
