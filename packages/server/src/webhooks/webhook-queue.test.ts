import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { webhookQueueContract } from '../../testing/webhook-queue-contract.ts';
import { openSqlite } from '../database/sqlite.ts';

describe('the queue of deliveries in SQLite', () => {
  webhookQueueContract(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-sqlite-'));
    return {
      open: async () => openSqlite(join(folder, 'server.db')),
      remove: () => rm(folder, { recursive: true }),
    };
  });
});
