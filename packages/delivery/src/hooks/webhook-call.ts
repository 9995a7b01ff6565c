/** One call of a webhook: signed, bounded, and told in a few words. */
import { secretsOfAddress } from '@slipway/kube/address-secrets';
import type { Secret } from '@slipway/kube/api.generated';
import { formatMicroTime, type Clock } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import { startBytes, tellAnswer } from '@slipway/kube/told-answer';
import type { HookSecret, HookWebhook } from '../api/hook.ts';
import type { WebhookAnswer } from '../api/release.ts';
import { signWebhook } from './sign-webhook.ts';
import type { HttpPost } from './http-post.ts';

export interface WebhookOrder {
  /** Of the run: a receiver that has heard it before has nothing to do. */
  readonly key: string;
  /** Counted from 1. */
  readonly number: number;
  readonly namespace: string;
  readonly webhook: HookWebhook;
  readonly body: string;
  readonly timeoutMilliseconds: number;
}

export interface WebhookPorts {
  readonly clock: Clock;
  readonly post: HttpPost;
  readonly readSecret: (
    key: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ) => Promise<Secret>;
}

/** Never rejects: what could not be told is an answer that says so. */
export async function callWebhook(
  order: WebhookOrder,
  ports: WebhookPorts,
  signal: AbortSignal,
): Promise<WebhookAnswer> {
  const answered = (found: Pick<WebhookAnswer, 'outcome' | 'answer' | 'code'>): WebhookAnswer => ({
    number: order.number,
    ...found,
    at: formatMicroTime(ports.clock.now()),
  });
  try {
    const { status, start } = await send(order, ports, signal);
    const isHeard = status >= 200 && status <= 299;
    return answered({ outcome: isHeard ? 'passed' : 'failed', code: status, answer: printable(start, order.webhook) });
  } catch (error) {
    return answered({ outcome: 'error', answer: printable(messageOf(error), order.webhook) });
  }
}

async function send(
  order: WebhookOrder,
  ports: WebhookPorts,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly start: string }> {
  const { webhook, namespace, body, key, timeoutMilliseconds } = order;
  const secret =
    webhook.secretRef === undefined ? undefined : await readKey(webhook.secretRef, { namespace, ports, signal });
  const timestamp = String(Math.floor(ports.clock.now() / 1_000));
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': key,
    'slipway-timestamp': timestamp,
    ...(secret === undefined ? {} : { 'slipway-signature': signWebhook(secret.key, { timestamp, body }) }),
  };
  const url = new URL(webhook.url);
  return await ports.post({
    url,
    headers,
    body,
    ca: secret?.ca,
    timeoutMilliseconds,
    maximumBytes: startBytes,
    signal,
  });
}

interface SigningKey {
  readonly key: Uint8Array;
  readonly ca: string | undefined;
}

interface Reading {
  readonly namespace: string;
  readonly ports: WebhookPorts;
  readonly signal: AbortSignal;
}

/** Nothing of it is kept or told. */
async function readKey(
  { name, key = 'secret' }: HookSecret,
  { namespace, ports, signal }: Reading,
): Promise<SigningKey> {
  const { data = {} } = await ports.readSecret({ namespace, name }, signal);
  const bytes = Buffer.from(data[key] ?? '', 'base64');
  if (bytes.length === 0)
    throw new Error(`the Secret ${name} has nothing under ${key}, where the signing key is expected`);
  const ca = data['ca.crt'];
  return { key: bytes, ca: ca === undefined ? undefined : Buffer.from(ca, 'base64').toString('utf8') };
}

function printable(text: string, { url }: HookWebhook): string {
  return tellAnswer(text, secretsOfAddress(url));
}
