import type { Dialect } from './database.ts';

/** What other systems tell the server: who may, and what they have said. */
export function webhookTables(dialect: Dialect): readonly string[] {
  const counted =
    dialect === 'sqlite' ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY';
  return [
    // The secret and the credentials are sealed: the key stands elsewhere.
    `CREATE TABLE webhooks (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      sender TEXT NOT NULL,
      target TEXT NOT NULL,
      secret TEXT NOT NULL,
      credentials TEXT,
      created_at TEXT NOT NULL,
      created_by TEXT NOT NULL,
      rotated_at TEXT
    )`,
    // Both the record of what came and the queue of what is to be done: an answer is given when the row is there.
    `CREATE TABLE webhook_deliveries (
      number ${counted},
      id TEXT NOT NULL UNIQUE,
      webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
      received_at TEXT NOT NULL,
      address TEXT NOT NULL,
      sender_delivery TEXT,
      events TEXT NOT NULL,
      repeats TEXT,
      requested_by TEXT NOT NULL,
      state TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      due_at TEXT NOT NULL,
      holder TEXT,
      beat INTEGER NOT NULL,
      finished_at TEXT,
      message TEXT,
      results TEXT NOT NULL
    )`,
    'CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, number)',
    `CREATE INDEX webhook_deliveries_open ON webhook_deliveries (webhook_id, number)
      WHERE state IN ('waiting', 'running')`,
    // By which a message is known that comes again.
    `CREATE TABLE webhook_marks (
      webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
      mark TEXT NOT NULL,
      delivery_id TEXT NOT NULL,
      at TEXT NOT NULL,
      PRIMARY KEY (webhook_id, mark)
    )`,
    'CREATE INDEX webhook_marks_by_time ON webhook_marks (webhook_id, at)',
  ];
}
