/** What each kind of channel is sent. Pure. */
import { createHmac } from 'node:crypto';
import type { Channel } from './channel.ts';
import type { ReleaseEvent } from './release-events.ts';
import { defaultTemplate, escapeLine, escapeMarkdown, escapeSlack, render } from './template.ts';

export interface HttpMessage {
  readonly type: 'http';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface MailMessage {
  readonly type: 'mail';
  readonly subject: string;
  readonly text: string;
  /** A mail that is sent again is known by it. */
  readonly messageId: string;
}

export interface MessageOf {
  /** Of the delivery: the same at each attempt. */
  readonly id: string;
  readonly event: ReleaseEvent;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What Discord takes. */
const maximumCharacters = 1_900;

export function createMessage(channel: Channel, message: MessageOf): HttpMessage | MailMessage {
  const { event } = message;
  const { template = defaultTemplate, secretUrl = '' } = channel;
  const text = (escape: (value: string) => string): string =>
    shorten(render(template, event, (value) => escape(escapeLine(value))));
  switch (channel.type) {
    case 'slack':
      return json(secretUrl, { text: text(escapeSlack), unfurl_links: false });
    case 'teams':
      return json(secretUrl, teamsCard(text(escapeMarkdown)));
    case 'discord':
      return json(secretUrl, { content: text(escapeMarkdown), allowed_mentions: { parse: [] }, flags: suppressEmbeds });
    case 'email': {
      const plain = text((value) => value);
      const [subject = ''] = plain.split('\n');
      return { type: 'mail', subject: escapeLine(subject), text: `${plain}\n`, messageId: `<${message.id}@slipway>` };
    }
    case 'webhook':
      return signedWebhook(
        channel,
        message,
        text((value) => value),
      );
    case 'cloudevents':
      return cloudEvent(
        channel,
        message,
        text((value) => value),
      );
  }
}

/** https://discord.com/developers/docs/resources/message#message-object-message-flags */
const suppressEmbeds = 4;

function teamsCard(text: string): object {
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [{ type: 'TextBlock', text, wrap: true }],
  };
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] };
}

/** As the webhooks of hooks are: the signature is over time and body, and the id is in the body too. */
function signedWebhook({ url = '', secret = '' }: Channel, { id, event, now }: MessageOf, text: string): HttpMessage {
  const timestamp = String(Math.floor(now / 1_000));
  const body = JSON.stringify({ id, ...describe(event), text });
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {
    type: 'http',
    url,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': id,
      'slipway-timestamp': timestamp,
      'slipway-signature': `sha256=${signature}`,
    },
    body,
  };
}

/** The id of what happened is the same for all channels. */
function describe({ id, ...event }: ReleaseEvent): object {
  return { event: id, ...event };
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md */
function cloudEvent(
  { url = '', mode = 'structured', secret }: Channel,
  { id, event }: MessageOf,
  text: string,
): HttpMessage {
  const attributes = {
    specversion: '1.0',
    id,
    source: `/slipway/namespaces/${event.namespace}/applications/${event.application}`,
    type: `dev.slipway.${event.type}`,
    subject: event.release,
    time: event.at,
  };
  const data = { ...describe(event), text };
  const authorization: Readonly<Record<string, string>> =
    secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  if (mode === 'structured')
    return {
      type: 'http',
      url,
      headers: { ...authorization, 'content-type': 'application/cloudevents+json; charset=utf-8' },
      body: JSON.stringify({ ...attributes, datacontenttype: 'application/json', data }),
    };
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeHeader(value)]);
  return {
    type: 'http',
    url,
    headers: { ...authorization, ...Object.fromEntries(headers), 'content-type': 'application/json' },
    body: JSON.stringify(data),
  };
}

/** As the binding says it: what is no printable ASCII, and quotes and percent signs, in percents. */
function encodeHeader(value: string): string {
  return value.replaceAll(/[^\x21-\x7e]|["%]/gu, (character) => encodeURIComponent(character.toWellFormed()));
}

function json(url: string, body: object): HttpMessage {
  return { type: 'http', url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= maximumCharacters ? text : `${characters.slice(0, maximumCharacters).join('')}…`;
}
