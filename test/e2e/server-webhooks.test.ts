/** The queue of deliveries in a real PostgreSQL, which several servers share. */
import { systemClock } from '@slipway/kube/platform/system-clock';
import { migrate } from '@slipway/server/database/migrate';
import { openPostgres } from '@slipway/server/database/postgres';
import { receiveDelivery } from '@slipway/server/webhooks/deliveries';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addWebhook,
  isOver,
  newDelivery,
  send,
  startQueue,
  succeeded,
  until,
} from '../../packages/server/testing/webhook-queue.ts';
import { webhookQueueContract } from '../../packages/server/testing/webhook-queue-contract.ts';
import { findPostgres, startPostgres, type RunningPostgres } from '../../packages/server/testing/postgres.ts';

const programs = await findPostgres();
const open = (url: string) => openPostgres({ url, clock: systemClock });

describe.skipIf(programs === undefined)(
  `webhooks in PostgreSQL${programs === undefined ? ' (not installed)' : ''}`,
  () => {
    let postgres: RunningPostgres;

    beforeAll(async () => {
      postgres = await startPostgres(programs ?? '');
    });
    afterAll(() => postgres[Symbol.asyncDispose]());

    describe('as in every database', () => {
      webhookQueueContract(async () => {
        const url = await postgres.createDatabase();
        return { open: () => open(url), remove: async () => undefined };
      });
    });

    async function openTwo() {
      const url = await postgres.createDatabase();
      const [one, other] = await Promise.all([open(url), open(url)]);
      await migrate(one, '2026-01-01T00:00:00.000Z');
      return { one, other, webhookId: await addWebhook(one), close: () => Promise.all([one.close(), other.close()]) };
    }

    it('carries out each delivery once, whichever server does', async () => {
      const { one, other, close } = await openTwo();
      const webhooks = await Promise.all(Array.from({ length: 5 }, () => addWebhook(one)));
      const servers = [startQueue(one), startQueue(other)];
      const sent = await Promise.all(
        webhooks.flatMap((webhookId) =>
          [one, other, one, other].map(async (to) => ({ webhookId, id: await send(to, webhookId) })),
        ),
      );
      for (const delivery of sent) await until(one, { ...delivery, isSo: isOver });
      await Promise.all(servers.map((server) => server.stop()));
      const begun = servers.flatMap((server) => server.begun);
      expect(begun.toSorted()).toEqual(sent.map(({ id }) => id).toSorted());
      await close();
    });

    it('takes a message once that comes to two servers at the same moment', async () => {
      const { one, other, webhookId, close } = await openTwo();
      const receipts = await Promise.all(
        [one, other, one, other].map((to) => receiveDelivery(to, newDelivery(webhookId, { marks: ['body', 'name'] }))),
      );
      expect(receipts.map(({ type }) => type).toSorted()).toEqual(['received', 'replayed', 'replayed', 'replayed']);
      await close();
    });

    it('goes on with what a server had begun that fell silent, and hears no more of it', async () => {
      const { one, other, webhookId, close } = await openTwo();
      const go = Promise.withResolvers<void>();
      // Its clock stands still: it says nothing more.
      const silent = startQueue(one, async () => {
        await go.promise;
        return { ...succeeded, message: 'by the one that was silent' };
      });
      const id = await send(one, webhookId);
      await until(one, { webhookId, id, isSo: ({ state }) => state === 'running' });
      const next = startQueue(other);
      const over = await until(other, { webhookId, id, isSo: isOver }, next.clock);
      expect(over).toMatchObject({ state: 'succeeded', message: 'done', attempts: 2 });
      go.resolve();
      await silent.stop();
      expect(await until(other, { webhookId, id, isSo: isOver })).toEqual(over);
      await next.stop();
      await close();
    });

    it('leaves to a server what it says it works on', async () => {
      const { one, other, webhookId, close } = await openTwo();
      const go = Promise.withResolvers<void>();
      const busy = startQueue(one, async () => {
        await go.promise;
        return succeeded;
      });
      const id = await send(one, webhookId);
      await until(one, { webhookId, id, isSo: ({ state }) => state === 'running' });
      const next = startQueue(other);
      const beat = async () =>
        (await one.query('SELECT beat FROM webhook_deliveries WHERE id = $1', [id]))[0]?.['beat'];
      for (let renewal = 0; renewal < 8; renewal += 1) {
        const before = await beat();
        await busy.clock.advance(10_000);
        expect(await beat()).not.toBe(before);
        await next.clock.advance(10_000);
      }
      expect(next.begun).toEqual([]);
      go.resolve();
      await until(one, { webhookId, id, isSo: isOver });
      await Promise.all([busy.stop(), next.stop()]);
      await close();
    });
  },
);
