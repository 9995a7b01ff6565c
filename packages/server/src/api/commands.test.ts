import { releases } from '@slipway/delivery/api/release';
import { releaseCommands } from '@slipway/delivery/api/release-command';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shopSpec, startTestServer, type Answer, type TestServer } from '../../testing/test-server.ts';

const shop = '/api/v1/namespaces/default/applications/shop';
const second = '/api/v1/namespaces/default/releases/shop-2';

describe('a version that was refused', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    await server.cluster.deploy({ ...shopSpec('web:1'), version: '1' });
    await server.cluster.advance(60_000);
    await server.cluster.deploy({ ...shopSpec('broken'), version: '2' });
    await server.cluster.advance(400_000);
  });
  afterAll(() => server.stop());

  const send = (verb: string, reason: string): Promise<Answer> =>
    server.call('POST', `${shop}/commands`, { body: { verb, reason } });
  const outcomeOf = async ({ headers }: Answer) => (await server.call('GET', headers.get('location') ?? '')).body;
  const phase = async () => (await server.call('GET', second)).body.status.phase;

  it('is tried again by a command, which another one takes back, and both can be given again', async () => {
    expect(await phase()).toBe('RolledBack');
    const retried = await send('retry', 'the registry was away');
    await server.cluster.advance(500);
    expect(retried.status).toBe(202);
    expect(await outcomeOf(retried)).toMatchObject({ outcome: 'accepted' });
    expect(await phase()).toBe('Progressing');

    const undone = await send('undo', 'it is still away');
    await server.cluster.advance(500);
    expect(await outcomeOf(undone)).toMatchObject({
      outcome: 'accepted',
      message: expect.stringMatching(/^takes back retry of version 2 by admin/),
    });
    expect((await outcomeOf(retried)).outcome).toBe('undone');
    await server.cluster.advance(400_000);
    expect(await phase()).toBe('Superseded');

    const tooLate = await send('undo', 'once more');
    await server.cluster.advance(500);
    expect(await outcomeOf(tooLate)).toMatchObject({ outcome: 'refused' });
    const again = await send('retry', 'the registry is back');
    await server.cluster.advance(400_000);
    expect(await outcomeOf(again)).toMatchObject({ outcome: 'accepted' });
    const { body } = await server.call('GET', second);
    expect(body.status.attempts).toMatchObject([{ number: 1 }, { number: 2 }, { number: 3, outcome: 'RolledBack' }]);
    expect((await server.call('GET', shop)).body).toMatchObject({ serving: { version: '1' }, split: { 1: 100 } });
  });

  it('says in the audit and in its log who gave which command, when and why', async () => {
    const { items } = (await server.call('GET', '/api/v1/audit')).body;
    const action = 'POST /api/v1/namespaces/:namespace/applications/:name/commands';
    const entry = (verb: string, reason: string) => ({
      id: expect.any(Number),
      at: expect.stringMatching(/^2026-01-01T00:\d\d:\d\d\.\d{3}Z$/),
      principal: 'admin',
      address: '127.0.0.1',
      action,
      namespace: 'default',
      subject: 'shop',
      outcome: '202',
      details: { body: { verb, reason }, query: {} },
    });
    expect(items).toEqual([
      entry('retry', 'the registry is back'),
      entry('undo', 'once more'),
      entry('undo', 'it is still away'),
      entry('retry', 'the registry was away'),
    ]);
    const { body } = await server.call('GET', `${second}/log?limit=500`);
    const commands = body.items.filter(({ kind }: { kind: string }) => kind === 'command');
    expect(commands.map(({ text }: { text: string }) => text)).toEqual([
      'retry by admin accepted: version 2 is tried again',
      'retry by admin undone: version 2 is tried again',
      expect.stringMatching(/^undo by admin accepted: takes back retry of version 2 by admin/),
      'undo by admin refused: there is no command that could be undone',
      'retry by admin accepted: version 2 is tried again',
    ]);
  });

  it('says by events of the cluster what became of it, newest first', async () => {
    const { items } = (await server.call('GET', `${shop}/events?limit=500`)).body;
    const times = items.map(({ lastAt }: { lastAt: string }) => lastAt);
    expect(times).toEqual(times.toSorted().reverse());
    const about = { kind: 'Application', name: 'shop', source: 'slipway-controller' };
    const at = expect.stringMatching(/^2026-01-01T00:\d\d:\d\dZ$/);
    expect(items).toEqual(
      expect.arrayContaining([
        {
          ...about,
          type: 'Normal',
          reason: 'CommandAccepted',
          message: 'retry: version 2 is tried again',
          count: 2,
          firstAt: at,
          lastAt: at,
        },
        {
          ...about,
          type: 'Warning',
          reason: 'CommandRefused',
          message: 'undo: there is no command that could be undone',
          count: 1,
          firstAt: at,
          lastAt: at,
        },
        expect.objectContaining({
          ...about,
          type: 'Warning',
          reason: 'RolledBack',
          message: expect.stringMatching(/^version 2: health check .* answered 200: \{"healthy":false\}$/),
        }),
        expect.objectContaining({ kind: 'ReplicaSet', reason: 'SuccessfulCreate', type: 'Normal' }),
      ]),
    );
  });

  it('is what was asked of it once, also when the cluster has forgotten what came of it', async () => {
    const send = () =>
      server.call('POST', `${shop}/commands`, { body: { verb: 'retry' }, headers: { 'idempotency-key': 'kept' } });
    const first = await send();
    expect(first.body).toMatchObject({ outcome: 'waiting' });
    await server.cluster.advance(400_000);
    const remembered = await outcomeOf(first);
    expect(remembered).toMatchObject({ name: first.body.name, outcome: 'accepted' });
    expect((await send()).body).toEqual(remembered);
    await server.cluster.client.delete(releases, { namespace: 'default', name: 'shop-2' });
    while ((await server.call('GET', second)).body.deletedAt === undefined) await server.cluster.advance(10_000);

    expect(await send()).toMatchObject({ status: 202, body: remembered });
    expect(await outcomeOf(first)).toEqual(remembered);
    const { items } = await server.cluster.client.list(releaseCommands, { namespace: 'default' });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain(first.body.name);
  });
});
