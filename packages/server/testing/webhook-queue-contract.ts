/** What the queue of deliveries does on every database. Runs on SQLite among the fast tests, and on PostgreSQL end to end. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Database } from '../src/database/database.ts';
import { migrate } from '../src/database/migrate.ts';
import { listDeliveries, receiveDelivery } from '../src/webhooks/deliveries.ts';
import { TryLater } from '../src/webhooks/run-deliveries.ts';
import { deleteWebhook } from '../src/webhooks/webhook-records.ts';
import type { DatabaseUnderTest } from './database-contract.ts';
import { addWebhook, isOver, newDelivery, send, startQueue, succeeded, until } from './webhook-queue.ts';

export function webhookQueueContract(create: () => Promise<DatabaseUnderTest>): void {
  let place: DatabaseUnderTest;
  let database: Database;
  let webhookId: string;

  beforeEach(async () => {
    place = await create();
    database = await place.open();
    await migrate(database, '2026-01-01T00:00:00.000Z');
    webhookId = await addWebhook(database);
  });
  afterEach(async () => {
    await database.close();
    await place.remove();
  });

  it('carries out what waits, and what comes, in order', async () => {
    const first = await send(database, webhookId);
    const server = startQueue(database);
    const second = await send(database, webhookId);
    const third = await send(database, webhookId);
    const over = await until(database, { webhookId, id: third, isSo: isOver });
    expect(over).toMatchObject({ state: 'succeeded', message: 'done', attempts: 1 });
    expect(server.begun).toEqual([first, second, third]);
    await server.stop();
  });

  it('works on one delivery of a webhook at a time, and on those of others meanwhile', async () => {
    const otherId = await addWebhook(database);
    const go = Promise.withResolvers<void>();
    const server = startQueue(database, async ({ delivery }) => {
      if (delivery.webhookId === webhookId) await go.promise;
      return succeeded;
    });
    const first = await send(database, webhookId);
    const second = await send(database, webhookId);
    await until(database, { webhookId, id: first, isSo: ({ state }) => state === 'running' });
    const other = await send(database, otherId);
    await until(database, { webhookId: otherId, id: other, isSo: isOver });
    expect(server.begun).toEqual([first, other]);
    go.resolve();
    await until(database, { webhookId, id: second, isSo: isOver });
    await server.stop();
  });

  it('tries again later what may get better, with what came meanwhile behind it', async () => {
    let left = 2;
    const server = startQueue(database, async () => {
      left -= 1;
      if (left >= 0) throw new TryLater('nobody answers');
      return succeeded;
    });
    const first = await send(database, webhookId);
    const second = await send(database, webhookId);
    const waiting = await until(database, {
      webhookId,
      id: first,
      isSo: ({ attempts, state }) => attempts === 1 && state === 'waiting',
    });
    expect(waiting.message).toBe('nobody answers');
    await until(database, { webhookId, id: second, isSo: isOver }, server.clock);
    expect(server.begun).toEqual([first, first, first, second]);
    await server.stop();
  });

  it('tries again not before whoever was asked wants it, and within an hour', async () => {
    let left = 1;
    const server = startQueue(database, async () => {
      left -= 1;
      if (left >= 0) throw new TryLater('it has had enough', { afterSeconds: 86_400 });
      return succeeded;
    });
    const id = await send(database, webhookId);
    await until(database, { webhookId, id, isSo: ({ attempts, state }) => attempts === 1 && state === 'waiting' });
    const since = server.clock.now();
    await server.clock.advance(3_500_000);
    expect(server.begun).toEqual([id]);
    await until(database, { webhookId, id, isSo: isOver }, server.clock);
    expect(server.clock.now() - since).toBeLessThan(86_400_000);
    expect(server.begun).toEqual([id, id]);
    await server.stop();
  });

  it('tries again what was put off by a clock that has been set back since', async () => {
    let left = 1;
    const server = startQueue(database, async () => {
      left -= 1;
      if (left >= 0) throw new TryLater('nobody answers');
      return succeeded;
    });
    const setBack = 7_200_000;
    server.clock.jump(setBack);
    const id = await send(database, webhookId);
    await until(database, { webhookId, id, isSo: ({ attempts, state }) => attempts === 1 && state === 'waiting' });
    server.clock.jump(-setBack);
    const since = server.clock.now();
    await until(database, { webhookId, id, isSo: isOver }, server.clock);
    expect(server.clock.now() - since).toBeLessThan(setBack);
    expect(server.begun).toEqual([id, id]);
    await server.stop();
  });

  it('gives up in the end, and says why', async () => {
    const server = startQueue(database, () => Promise.reject(new TryLater('nobody answers')));
    const id = await send(database, webhookId);
    const over = await until(database, { webhookId, id, isSo: isOver }, server.clock);
    expect(over).toMatchObject({ state: 'failed', message: 'nobody answers', attempts: 5 });
    await server.stop();
  });

  it('says nothing of a fault of its own but that there is one', async () => {
    const server = startQueue(database, () => Promise.reject(new Error('undefined is not a function')));
    const id = await send(database, webhookId);
    const over = await until(database, { webhookId, id, isSo: isOver });
    expect(over).toMatchObject({ state: 'failed', message: expect.stringContaining('log'), attempts: 1 });
    await server.stop();
  });

  it('goes on at the next start with what was under way', async () => {
    const server = startQueue(database, async (_, signal) => {
      const ended = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      if (!signal.aborted) await ended;
      return signal.reason;
    });
    const id = await send(database, webhookId);
    await until(database, { webhookId, id, isSo: ({ state }) => state === 'running' });
    await server.stop();
    const next = startQueue(database);
    const over = await until(database, { webhookId, id, isSo: isOver }, next.clock);
    // What was only interrupted is no try.
    expect(over).toMatchObject({ state: 'succeeded', attempts: 1 });
    await next.stop();
  });

  it('forgets what was under way for a webhook that is gone', async () => {
    const go = Promise.withResolvers<void>();
    const server = startQueue(database, async () => {
      await go.promise;
      return succeeded;
    });
    const id = await send(database, webhookId);
    await until(database, { webhookId, id, isSo: ({ state }) => state === 'running' });
    await deleteWebhook(database, webhookId);
    go.resolve();
    await server.stop();
    expect(await database.query('SELECT id FROM webhook_deliveries')).toEqual([]);
  });

  it('takes a message once, however often and wherever it comes', async () => {
    const copies = [1, 2, 3].map(() => newDelivery(webhookId, { marks: ['body 1', 'name 1'] }));
    const receipts = await Promise.all(copies.map((copy) => receiveDelivery(database, copy)));
    const [kept] = await listDeliveries(database, webhookId, { limit: 10 });
    expect(receipts.map(({ type }) => type).toSorted()).toEqual(['received', 'replayed', 'replayed']);
    expect(receipts).toContainEqual({ type: 'replayed', id: kept?.id });
    const other = newDelivery(await addWebhook(database), { marks: ['body 1'] });
    expect(await receiveDelivery(database, other)).toEqual({ type: 'received' });
  });

  const fill = (state: string, rows: number) =>
    database.query(
      `WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${rows})
       INSERT INTO webhook_deliveries (id, webhook_id, received_at, address, events, requested_by, state, attempts, due_at,
         beat, results)
       SELECT '${state} ' || n, $1, $2, '', '[]', '', '${state}', 0, $2, 0, '[]' FROM counted`,
      [webhookId, '2026-01-01T00:00:00.000Z'],
    );

  it('takes no more than it will carry out', async () => {
    await fill('waiting', 500);
    const delivery = newDelivery(webhookId, { marks: ['one more'] });
    expect(await receiveDelivery(database, delivery)).toEqual({ type: 'full' });
    await database.query("UPDATE webhook_deliveries SET state = 'succeeded' WHERE id = 'waiting 1'");
    // It was not taken before.
    expect(await receiveDelivery(database, delivery)).toEqual({ type: 'received' });
  });

  it('keeps the last thousand, and what waits however old it is', async () => {
    const id = await send(database, webhookId);
    await fill('succeeded', 1_200);
    await send(database, webhookId, { state: 'ignored' });
    const kept = await listDeliveries(database, webhookId, { limit: 2_000 });
    expect(kept).toHaveLength(1_001);
    expect(kept.at(-1)?.id).toBe(id);
  });
}
