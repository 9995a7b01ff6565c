import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { secretsOfAddress } from '@slipway/kube/address-secrets';
import type { Clock } from '@slipway/kube/clock';
import { messageOf } from '@slipway/kube/message-of';
import { sendGuarded, type JudgeAddress } from '@slipway/kube/platform/guarded-request';
import { limitTime } from '@slipway/kube/time-limit';
import { readStart, tellAnswer } from '@slipway/kube/told-answer';
import type { Channel, MailSettings } from './channel.ts';
import { createMessage, type HttpMessage, type MailMessage, type MessageOf } from './messages.ts';

export type Outcome =
  | { readonly type: 'sent' }
  | { readonly type: 'failed'; readonly error: string; readonly retryAfterSeconds?: number | undefined };

/** Never rejects: what went wrong is the outcome, without what is secret. */
export type Send = (channel: Channel, message: Omit<MessageOf, 'now'>) => Promise<Outcome>;

export interface SendOptions {
  readonly clock: Clock;
  readonly judge: JudgeAddress;
  readonly signal: AbortSignal;
}

/** Longer than a receiver may take, and well under the time of a claim. */
export const sendMilliseconds = 10_000;

export function createSend(options: SendOptions): Send {
  const { clock, signal } = options;
  return async (channel, given) => {
    using limit = limitTime({
      clock,
      milliseconds: sendMilliseconds,
      signal,
      message: `no answer within ${sendMilliseconds / 1_000} s`,
    });
    try {
      const message = createMessage(channel, { ...given, now: clock.now() });
      const outcome =
        message.type === 'http'
          ? await sendHttp(message, options.judge, limit.signal)
          : await sendMail(message, channel, { judge: options.judge, signal: limit.signal });
      return outcome.type === 'sent' ? outcome : { ...outcome, error: withoutSecrets(outcome.error, channel) };
    } catch (error) {
      return { type: 'failed', error: withoutSecrets(messageOf(error), channel) };
    }
  };
}

async function sendHttp(message: HttpMessage, judge: JudgeAddress, signal: AbortSignal): Promise<Outcome> {
  const { headers, body } = message;
  const incoming = await sendGuarded({ url: new URL(message.url), method: 'POST', headers, body, signal }, judge);
  try {
    const { statusCode = 0 } = incoming;
    if (statusCode >= 200 && statusCode < 300) return { type: 'sent' };
    const after = Number(incoming.headers['retry-after']);
    const text = (await readStart(incoming)).trim();
    const hint = statusCode >= 300 && statusCode < 400 ? 'redirects are not followed' : text;
    const error = `the receiver answered ${statusCode}${hint === '' ? '' : `: ${hint}`}`;
    return { type: 'failed', error, ...(after > 0 ? { retryAfterSeconds: after } : {}) };
  } finally {
    incoming.destroy();
  }
}

interface MailMeans {
  readonly judge: JudgeAddress;
  readonly signal: AbortSignal;
}

async function sendMail(message: MailMessage, { mail, secret }: Channel, means: MailMeans): Promise<Outcome> {
  if (mail === undefined) throw new Error('the channel has no mail server');
  const { createTransport } = await import('nodemailer');
  const { host, port, security, user } = mail;
  const transport = createTransport({
    // The address that was judged is the address that is dialled.
    host: await findAddress(host, means.judge),
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { servername: isIP(host) === 0 ? host : undefined },
    ...(user === undefined ? {} : { auth: { user, pass: secret ?? '' } }),
    connectionTimeout: sendMilliseconds,
    greetingTimeout: sendMilliseconds,
    socketTimeout: sendMilliseconds,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(means.signal.reason as Error);
  means.signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([transport.sendMail(mailOf(message, mail)), stopped]);
    return { type: 'sent' };
  } finally {
    means.signal.removeEventListener('abort', stop);
    transport.close();
  }
}

function mailOf({ subject, text, messageId }: MailMessage, { from, to }: MailSettings) {
  return { from, to: [...to], subject, text, messageId };
}

async function findAddress(host: string, judge: JudgeAddress): Promise<string> {
  const addresses = isIP(host) === 0 ? (await lookup(host, { all: true })).map(({ address }) => address) : [host];
  const refusal = addresses.map((address) => judge(host, address)).find((each) => each !== undefined);
  const [first] = addresses;
  if (refusal !== undefined || first === undefined) throw new Error(refusal ?? `${host} has no address`);
  return first;
}

function withoutSecrets(text: string, channel: Channel): string {
  return tellAnswer(text, secretsOf(channel));
}

function secretsOf({ url, secretUrl, secret }: Channel): readonly string[] {
  const pathname = secretUrl && new URL(secretUrl).pathname;
  return [secret, secretUrl, pathname]
    .concat([url, secretUrl].flatMap((address) => secretsOfAddress(address ?? '')))
    .filter((each) => each !== undefined);
}
