import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Channel } from './channel.ts';
import { createMessage, type HttpMessage, type MailMessage } from './messages.ts';

const event = {
  id: 'event-1',
  type: 'release.failed',
  at: '2026-01-01T00:00:00Z',
  namespace: 'default',
  application: 'shop',
  release: 'shop-1',
  version: '1.0',
  phase: 'Failed',
  reason: 'a <b> & *c* @everyone\nX-Evil: 1',
};
const now = Date.parse('2026-01-01T00:00:05Z');

function messageOf(type: Channel['type'], more: Partial<Channel> = {}): HttpMessage | MailMessage {
  const channel: Channel = {
    id: 'c',
    name: 'c',
    type,
    url: 'https://example.org/hook?key=1',
    secretUrl: 'https://hooks.example.org/secret',
    filter: {},
    enabled: true,
    createdAt: '',
    createdBy: '',
    template: '{{application}}: {{reason}}',
    ...more,
  };
  return createMessage(channel, { id: 'delivery-1', event, now });
}

function httpOf(type: Channel['type'], more: Partial<Channel> = {}): HttpMessage {
  const message = messageOf(type, more);
  if (message.type !== 'http') throw new Error('no HTTP');
  return message;
}

describe('a message', () => {
  it('to Slack mentions nobody and leads nowhere', () => {
    const { url, body } = httpOf('slack');
    expect(url).toBe('https://hooks.example.org/secret');
    expect(JSON.parse(body)).toMatchObject({ text: 'shop: a &lt;b&gt; &amp; *c* @everyone X-Evil: 1' });
  });

  it('to Discord mentions nobody, and is text', () => {
    const { content, allowed_mentions: mentions } = JSON.parse(httpOf('discord').body) as Record<string, unknown>;
    expect(mentions).toEqual({ parse: [] });
    expect(content).toBe(String.raw`shop: a \<b\> & \*c\* \@everyone X\-Evil\: 1`);
  });

  it('to Teams is a card of text', () => {
    const [attachment] = (JSON.parse(httpOf('teams').body) as { attachments: { content: { body: object[] } }[] })
      .attachments;
    expect(attachment?.content.body).toMatchObject([
      { type: 'TextBlock', text: expect.stringContaining(String.raw`\*c\*`) },
    ]);
  });

  it('by mail has a subject of one line, and an id of its own', () => {
    const message = messageOf('email');
    expect(message).toMatchObject({
      type: 'mail',
      subject: 'shop: a <b> & *c* @everyone X-Evil: 1',
      messageId: '<delivery-1@slipway>',
    });
  });

  it('to a webhook is signed, with its time and its id', () => {
    const { body, headers } = httpOf('webhook', { secret: 'sixteen letters!' });
    const signature = createHmac('sha256', 'sixteen letters!').update(`1767225605.${body}`).digest('hex');
    expect(headers).toMatchObject({
      'idempotency-key': 'delivery-1',
      'slipway-timestamp': '1767225605',
      'slipway-signature': `sha256=${signature}`,
    });
    expect(JSON.parse(body)).toMatchObject({
      id: 'delivery-1',
      event: 'event-1',
      type: 'release.failed',
      version: '1.0',
    });
  });

  it('of CloudEvents is one document, or headers and data', () => {
    const structured = httpOf('cloudevents', { secret: 'token' });
    expect(structured.headers).toMatchObject({
      authorization: 'Bearer token',
      'content-type': expect.stringContaining('application/cloudevents+json'),
    });
    expect(JSON.parse(structured.body)).toMatchObject({
      specversion: '1.0',
      id: 'delivery-1',
      type: 'dev.slipway.release.failed',
      source: '/slipway/namespaces/default/applications/shop',
      subject: 'shop-1',
      datacontenttype: 'application/json',
      data: { event: 'event-1' },
    });
    const binary = httpOf('cloudevents', { mode: 'binary' });
    expect(binary.headers).toMatchObject({
      'ce-specversion': '1.0',
      'ce-id': 'delivery-1',
      'content-type': 'application/json',
    });
    expect(JSON.parse(binary.body)).toMatchObject({ event: 'event-1', reason: event.reason });
  });
});
