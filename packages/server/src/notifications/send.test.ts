import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeClock } from '../../../kube/testing/fake-clock.ts';
import { startHttpReceiver, startMailReceiver, type MailReceiver } from '../../testing/receiver.ts';
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

const channelOf = (more: Pick<Channel, 'type'> & Partial<Channel>): Channel => ({
  id: 'c',
  name: 'team',
  filter: {},
  enabled: true,
  createdAt: event.at,
  createdBy: 'admin',
  ...more,
});
const { signal } = new AbortController();
const send = createSend({ clock: new FakeClock(), judge: () => undefined, signal });

it.each<MailSettings['security']>(['starttls', 'tls'])(
  'tells a mail server that does not encrypt neither password nor mail where %s is asked for',
  async (security) => {
    const people = { user: 'me', from: 'a@b.example', to: ['c@d.example'] };
    const mail = { host: '127.0.0.1', port: receiver.port, security, ...people };
    const outcome = await send(channelOf({ type: 'email', mail, secret: 'sesame' }), { id: 'd', event });
    expect(outcome.type).toBe('failed');
    // What begins an encryption is no command, and may hold anything.
    expect(receiver.commands.join('\n')).not.toMatch(/^(?:AUTH|MAIL|RCPT|DATA)\b/im);
    expect(receiver.received).toEqual([]);
  },
);

it('says what a receiver answered, without the secrets that it repeats', async () => {
  const http = await startHttpReceiver();
  const failsWith = async (channel: Channel, body: string): Promise<unknown> => {
    http.answers.push({ status: 404, body });
    return await send(channel, { id: 'd', event });
  };
  const said = (error: string) => ({ type: 'failed', error: `the receiver answered 404: ${error}` });
  const chat = channelOf({ type: 'slack', secretUrl: `${http.url}/services/T0/secret` });
  expect(await failsWith(chat, 'Cannot POST /services/T0/secret')).toEqual(said('Cannot POST (hidden)'));
  expect(await failsWith(chat, `no ${http.url}/services/T0/secret`)).toEqual(said('no (hidden)'));
  const query = '?api-version=2016-06-01&sig=TOP%2BSECRET-1';
  const teams = channelOf({ type: 'teams', secretUrl: `${http.url}/invoke${query}` });
  expect(await failsWith(teams, `Cannot POST /invoke${query}`)).toEqual(said('Cannot POST (hidden)(hidden)'));
  expect(await failsWith(teams, 'sig=TOP+SECRET-1, TOP%2BSECRET-1')).toEqual(said('sig=(hidden), (hidden)'));
  const hook = channelOf({ type: 'webhook', url: `${http.url}/in?key=opensesame`, secret: 'correct horse battery' });
  expect(await failsWith(hook, 'no /in?key=opensesame')).toEqual(said('no /in(hidden)'));
  expect(await failsWith(hook, 'opensesame, not correct horse battery')).toEqual(said('(hidden), not (hidden)'));
  const long = await failsWith(hook, `${'x'.repeat(980)} opensesame ${'x'.repeat(5_000)}`);
  expect(long).toMatchObject({ error: expect.stringMatching(/^.{900,1024}$/) });
  expect(JSON.stringify(long)).not.toContain('open');
  await http.close();
});
