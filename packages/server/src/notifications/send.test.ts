import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { startMailReceiver, type MailReceiver } from '../../testing/receiver.ts';
import type { Channel, MailSettings } from './channel.ts';
import type { ReleaseEvent } from './release-events.ts';
import { createSend } from './send.ts';

let receiver: MailReceiver;

beforeAll(async () => {
  receiver = await startMailReceiver();
});
afterAll(() => receiver.close());

const event: ReleaseEvent = {
  id: 'e',
  type: 'release.succeeded',
  at: '2026-01-01T00:00:00Z',
  namespace: 'default',
  application: 'shop',
  release: 'shop-1',
  version: '1',
  phase: 'Succeeded',
};

it.each<MailSettings['security']>(['starttls', 'tls'])(
  'tells a mail server that does not encrypt neither password nor mail where %s is asked for',
  async (security) => {
    const mail = {
      host: '127.0.0.1',
      port: receiver.port,
      security,
      user: 'me',
      from: 'a@b.example',
      to: ['c@d.example'],
    };
    const channel: Channel = {
      id: 'c',
      name: 'mail',
      type: 'email',
      mail,
      secret: 'sesame',
      filter: {},
      enabled: true,
      createdAt: event.at,
      createdBy: 'admin',
    };
    const { signal } = new AbortController();
    const send = createSend({ clock: new FakeClock(), judge: () => undefined, signal });
    const outcome = await send(channel, { id: 'd', event });
    expect(outcome.type).toBe('failed');
    // What begins an encryption is no command, and may hold anything.
    expect(receiver.commands.join('\n')).not.toMatch(/^(?:AUTH|MAIL|RCPT|DATA)\b/im);
    expect(receiver.received).toEqual([]);
  },
);
