import { describe } from 'vitest';
import { outboxContract } from '../../testing/outbox-contract.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../database/sqlite.ts';

describe('the outbox in SQLite', () => {
  outboxContract(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-outbox-'));
    return {
      open: async () => openSqlite(join(directory, 'server.db')),
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  });
});
