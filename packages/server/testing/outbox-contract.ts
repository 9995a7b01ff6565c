/** What the outbox has to do on every database. */
import { silentLogger } from '@slipway/kube/logger';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../kube/testing/fake-clock.ts';
import type { Database } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate.ts';
import type { Channel } from '../src/notifications/channel.ts';
import { deleteChannel, findChannel, insertChannel, replaceChannel } from '../src/notifications/channels.ts';
import { runCourier, sendDue, type CourierOptions } from '../src/notifications/courier.ts';
import {
  claimDeliveries,
  enqueue,
  listDeliveries,
  maximumPending,
  repeatDelivery,
} from '../src/notifications/outbox.ts';
import type { ReleaseEvent } from '../src/notifications/release-events.ts';
import { createSealer } from '../src/secrets/sealer.ts';
import type { Outcome } from '../src/notifications/send.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { openAtRest } from './database-rest.ts';

const sealer = createSealer(new Uint8Array(32), (bytes) => Buffer.alloc(bytes).toString('base64url'));

export function outboxContract(create: () => Promise<DatabaseUnderTest>): void {
  let place: DatabaseUnderTest;
  let database: Database;
  let clock: FakeClock;
  /** `channel id` of each attempt. */
  let sent: string[];
  let outcomes: Outcome[];

  const channel = (id: string, more: Partial<Channel> = {}): Channel => ({
    id,
    name: id,
    type: 'webhook',
    url: 'https://example.org',
    secret: 'x'.repeat(16),
    filter: {},
    enabled: true,
    createdAt: '2026-01-01T00:00:00.000Z',
    createdBy: 'test',
    ...more,
  });
  const event = (id: string, namespace = 'default'): ReleaseEvent => ({
    id,
    type: 'release.succeeded',
    at: '2026-01-01T00:00:00Z',
    namespace,
    application: 'shop',
    release: 'shop-1',
    version: '1',
    phase: 'Succeeded',
  });
  const courier = (identity: string, more: Partial<CourierOptions> = {}): CourierOptions => ({
    database,
    clock,
    random: () => 0,
    logger: silentLogger,
    sealer,
    identity,
    signal: new AbortController().signal,
    send: async ({ id }, delivery) => {
      sent.push(`${id} ${delivery.id}`);
      return outcomes.shift() ?? { type: 'sent' };
    },
    ...more,
  });
  const now = () => new Date(clock.now()).toISOString();
  const tell = (...events: readonly ReleaseEvent[]) =>
    database.transaction((transaction) => enqueue(transaction, events, now()));
  const states = async () => (await listDeliveries(database, { limit: 100 })).map(({ state }) => state);

  beforeEach(async () => {
    place = await create();
    clock = new FakeClock();
    database = await openAtRest(clock, () => place.open());
    [sent, outcomes] = [[], []];
    await migrate(database, now());
    await insertChannel(database, channel('one'), sealer);
  });
  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  it('is sent where the clock has been set back since it was put off, or since a server that is gone took it', async () => {
    const setBack = 3_900_000;
    clock.jump(setBack);
    await tell(event('put off'));
    outcomes = [{ type: 'failed', error: 'nobody answers' }];
    await sendDue(courier('server-1'));
    await tell(event('taken'));
    await claimDeliveries(database, { holder: 'gone', now: clock.now(), milliseconds: 30_000, limit: 10 });
    clock.jump(-setBack);
    await sendDue(courier('server-2'));
    expect(await states()).toEqual(['delivered', 'delivered']);
  });

  it('waits for no server that is gone where the clock has been set back by more than a claim since', async () => {
    await tell(event('taken'));
    await claimDeliveries(database, { holder: 'gone', now: clock.now(), milliseconds: 30_000, limit: 10 });
    clock.jump(-20_000);
    expect(await sendDue(courier('server'))).toBe(0);
    clock.jump(-40_000);
    expect(await sendDue(courier('server'))).toBe(1);
  });

  it('is written with the fact that it tells, or not at all', async () => {
    const failing = database.transaction(async (transaction) => {
      await enqueue(transaction, [event('a')], now());
      throw new Error('the fact was none');
    });
    await expect(failing).rejects.toThrow('the fact was none');
    expect(await states()).toEqual([]);
    await tell(event('a'));
    expect(await states()).toEqual(['pending']);
  });

  it('tells of an event once, to each channel that wants it', async () => {
    await insertChannel(database, channel('two', { filter: { namespaces: ['bank'] } }), sealer);
    await insertChannel(database, channel('off', { enabled: false }), sealer);
    await tell(event('a'));
    await tell(event('a'), event('b', 'bank'));
    await sendDue(courier('server'));
    expect(sent.map((each) => each.split(' ')[0]).toSorted()).toEqual(['one', 'one', 'two']);
    expect(await states()).toEqual(['delivered', 'delivered', 'delivered']);
  });

  it('sends again what was not taken, under the same id, later and later, and gives up one day', async () => {
    outcomes = Array.from({ length: 20 }, () => ({ type: 'failed', error: 'no' }));
    await tell(event('a'));
    await sendDue(courier('server'));
    expect(await sendDue(courier('server'))).toBe(0);
    clock.jump(5_000);
    expect(await sendDue(courier('server'))).toBe(1);
    for (let attempt = 2; attempt < 12; attempt += 1) {
      clock.jump(600_000);
      await sendDue(courier('server'));
    }
    expect(sent).toHaveLength(12);
    expect(new Set(sent).size).toBe(1);
    expect(await listDeliveries(database, { limit: 1 })).toMatchObject([{ state: 'dead', attempts: 12, error: 'no' }]);
    clock.jump(600_000);
    expect(await sendDue(courier('server'))).toBe(0);
  });

  it('sends again what was given up when somebody asks, under the same id', async () => {
    outcomes = Array.from({ length: 12 }, () => ({ type: 'failed', error: 'no' }));
    await tell(event('a'));
    for (let attempt = 0; attempt < 12; attempt += 1) {
      await sendDue(courier('server'));
      clock.jump(600_000);
    }
    const [dead] = await listDeliveries(database, { state: 'dead', limit: 1 });
    const repeat = () => database.transaction((sql) => repeatDelivery(sql, dead?.id ?? '', clock.now()));
    expect(await repeat()).toBe(true);
    expect(await repeat()).toBe(false);
    await sendDue(courier('server'));
    expect(new Set(sent).size).toBe(1);
    expect(await states()).toEqual(['delivered']);
  });

  it('waits for as long as the receiver says', async () => {
    outcomes = [{ type: 'failed', error: 'slow down', retryAfterSeconds: 60 }];
    await tell(event('a'));
    await sendDue(courier('server'));
    clock.jump(59_000);
    expect(await sendDue(courier('server'))).toBe(0);
    clock.jump(1_000);
    expect(await sendDue(courier('server'))).toBe(1);
  });

  it('sends again, under the same id, what was sent by a server that was killed before it noted that', async () => {
    await tell(event('a'));
    const killed = courier('killed', {
      send: ({ id }, delivery) => {
        sent.push(`${id} ${delivery.id}`);
        return Promise.reject(new Error('killed'));
      },
    });
    await expect(sendDue(killed)).rejects.toThrow('killed');
    expect(await sendDue(courier('other'))).toBe(0);
    clock.jump(30_000);
    await sendDue(courier('other'));
    expect(sent).toHaveLength(2);
    expect(new Set(sent).size).toBe(1);
    expect(await states()).toEqual(['delivered']);
  });

  it('is kept by a server for as long as it sends what was before it to a slow channel', async () => {
    await tell(event('a'), event('b'));
    const others: number[] = [];
    const slow = courier('slow', {
      send: async ({ id }, delivery) => {
        sent.push(`${id} ${delivery.id}`);
        await clock.advance(40_000);
        others.push(await sendDue(courier('other')));
        return { type: 'sent' };
      },
    });
    await sendDue(slow);
    expect(others).toEqual([0, 0]);
    expect(await states()).toEqual(['delivered', 'delivered']);
  });

  it('is shared by servers: each delivery is sent by one of them', async () => {
    await tell(...Array.from({ length: 30 }, (_, index) => event(`event-${index}`)));
    const servers = ['a', 'b', 'c'].map((identity) => courier(identity));
    let left = 1;
    while (left > 0) {
      const counts = await Promise.all(servers.map((each) => sendDue(each)));
      left = counts.reduce((sum, count) => sum + count, 0);
    }
    expect(sent).toHaveLength(30);
    expect(new Set(sent).size).toBe(30);
  });

  it('goes on at the next start with what a server had claimed that was killed', async () => {
    await tell(event('a'));
    await expect(sendDue(courier('killed', { send: () => Promise.reject(new Error('killed')) }))).rejects.toThrow(
      'killed',
    );
    const stopping = new AbortController();
    const running = runCourier(courier('next', { signal: stopping.signal }));
    // Where there are several servers on a database, another one may still be sending it.
    while ((await states())[0] !== 'delivered')
      await (database.dialect === 'sqlite' ? new Promise(setImmediate) : clock.advance(1_000));
    stopping.abort(new Error('the test has ended'));
    await running;
    expect(sent).toHaveLength(1);
  });

  it('has room for so much, says what it has left out, and takes what comes when there is room again', async () => {
    await database.query(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${maximumPending})
       INSERT INTO deliveries (id, channel_id, event, created_at, state, attempts, next_at)
       SELECT 'old-' || n, 'one', '{}', $1, 'pending', 0, $1 FROM numbers`,
      [now()],
    );
    await insertChannel(database, channel('two'), sealer);
    const first = now();
    expect(await tell(event('a'), event('b'))).toEqual([{ channel: 'one', count: 2 }]);
    clock.jump(1_000);
    expect(await tell(event('c'))).toEqual([{ channel: 'one', count: 1 }]);
    const full = await findChannel(database, 'one', sealer);
    expect(full?.leftOut).toEqual({ count: 3, since: first, last: now() });
    expect(await listDeliveries(database, { channelId: 'two', limit: 10 })).toHaveLength(3);
    await database.query("DELETE FROM deliveries WHERE id = 'old-1'");
    expect(await tell(event('d'))).toEqual([]);
    // Told again it is known, and nothing that is left out.
    expect(await tell(event('d'))).toEqual([]);
    await replaceChannel(database, channel('one'), sealer);
    expect((await findChannel(database, 'one', sealer))?.leftOut).toBeUndefined();
  });

  it('forgets what was to be sent where the channel is deleted', async () => {
    await tell(event('a'));
    expect(await deleteChannel(database, 'one')).toBe(true);
    expect(await deleteChannel(database, 'one')).toBe(false);
    expect(await sendDue(courier('server'))).toBe(0);
    expect(await states()).toEqual([]);
  });

  it('is looked at when there is something, and when it is due again', async () => {
    const stopping = new AbortController();
    outcomes = [{ type: 'failed', error: 'no' }];
    let heard = Promise.withResolvers<void>();
    const running = runCourier(
      courier('server', {
        signal: stopping.signal,
        send: async ({ id }, delivery) => {
          sent.push(`${id} ${delivery.id}`);
          heard.resolve();
          return outcomes.shift() ?? { type: 'sent' };
        },
      }),
    );
    await tell(event('a'));
    await heard.promise;
    heard = Promise.withResolvers();
    while ((await listDeliveries(database, { limit: 1 }))[0]?.attempts !== 1) await new Promise(setImmediate);
    while (sent.length < 2) await clock.advance(1_000);
    while ((await states())[0] !== 'delivered') await new Promise(setImmediate);
    stopping.abort(new Error('the test has ended'));
    await running;
    expect(new Set(sent).size).toBe(1);
  });
}
