/** Tables of channels and of what is to be sent; see `database/migrations.ts`. */
export function notificationTables(): readonly string[] {
  return [
    `CREATE TABLE channels (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        spec TEXT NOT NULL,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL
      )`,
    `CREATE TABLE deliveries (
        id TEXT PRIMARY KEY,
        channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
        event TEXT NOT NULL,
        created_at TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        next_at TEXT NOT NULL,
        claimed_by TEXT,
        claimed_until TEXT,
        delivered_at TEXT,
        error TEXT
      )`,
    'CREATE INDEX deliveries_by_due ON deliveries (state, next_at)',
    'CREATE INDEX deliveries_by_channel ON deliveries (channel_id, state)',
    'CREATE INDEX deliveries_by_time ON deliveries (created_at, id)',
  ];
}

/** Since when history is written, and what a channel had no room for. */
export function leftOutColumns(): readonly string[] {
  return [
    'ALTER TABLE archivist ADD COLUMN begun_at TEXT',
    'ALTER TABLE channels ADD COLUMN left_out INTEGER NOT NULL DEFAULT 0',
    'ALTER TABLE channels ADD COLUMN left_out_since TEXT',
    'ALTER TABLE channels ADD COLUMN left_out_at TEXT',
  ];
}
