/** What a server of before has left: rows for every table, by the migration that made it. */
import type { Database, Row, SqlValue } from '../src/database/database.ts';

export interface KeptRow {
  readonly since: number;
  readonly table: string;
  readonly row: Readonly<Record<string, SqlValue>>;
}

export const begunAt = '2026-01-01T00:00:00.000Z';
const at = '2026-01-02T00:00:00.000Z';

/** As the server of then had seen it. */
export const keptRelease = {
  apiVersion: 'slipway.dev/v1alpha1',
  kind: 'Release',
  metadata: { namespace: 'default', name: 'shop-1', uid: 'release-1', resourceVersion: '7', creationTimestamp: at },
  spec: {
    application: 'shop',
    applicationUid: 'application-1',
    version: '1',
    identity: { template: 'h1:0', configuration: 'h1:0' },
    template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    strategy: { type: 'rolling' },
    guardSeconds: 0,
    progressDeadlineSeconds: 600,
    drainSeconds: 0,
    keepFailedSeconds: 30,
  },
  status: { phase: 'Progressing', transitions: [{ phase: 'Progressing', at }] },
} as const;

const releaseUid = { release_uid: 'release-1' };

export const keptRows: readonly KeptRow[] = [
  { since: 1, table: 'cluster', row: { id: 1, identity: 'kube-system-uid' } },
  { since: 1, table: 'archivist', row: { scope: '*', term: 3, holder: 'server-of-before' } },
  {
    since: 1,
    table: 'releases',
    row: {
      uid: 'release-1',
      namespace: 'default',
      name: 'shop-1',
      application: 'shop',
      application_uid: 'application-1',
      version: '1',
      phase: 'Progressing',
      created_at: at,
      finished_at: null,
      deleted_at: null,
      requested_by: 'ann',
      resource_version: '7',
      object: JSON.stringify(keptRelease),
      log_length: 1,
    },
  },
  { since: 1, table: 'release_log', row: { ...releaseUid, number: 1, at, kind: 'phase', text: 'Progressing' } },
  {
    since: 1,
    table: 'measurements',
    row: { ...releaseUid, run: 'errors 1', check_name: 'errors', number: 1, finished_at: at, object: '{"value":0.5}' },
  },
  {
    since: 1,
    table: 'commands',
    row: { ...releaseUid, name: 'promote-1', at, object: JSON.stringify({ name: 'promote-1', verb: 'promote', at }) },
  },
  {
    since: 2,
    table: 'tokens',
    row: {
      id: 'token-1',
      name: 'ci',
      hash: 'hash',
      grants: '[{"role":"view","namespaces":["*"]}]',
      created_at: at,
      created_by: 'admin',
      expires_at: null,
      revoked_at: null,
      used_at: at,
    },
  },
  {
    since: 2,
    table: 'sessions',
    row: { hash: 'session', identity: '{}', token_id: 'token-1', csrf: 'csrf', created_at: at, expires_at: at },
  },
  {
    since: 2,
    table: 'audit',
    row: {
      at,
      principal: 'ann',
      address: '127.0.0.1',
      action: 'POST /',
      namespace: null,
      subject: null,
      outcome: '202',
      details: '{}',
    },
  },
  {
    since: 3,
    table: 'pending_logins',
    row: { hash: 'login', kind: 'oidc', content: '{}', created_at: at, expires_at: at },
  },
  {
    since: 4,
    table: 'webhooks',
    row: {
      id: 'webhook-1',
      name: 'images',
      sender: 'github',
      target: '{"images":[]}',
      secret: 'sealed',
      credentials: null,
      created_at: at,
      created_by: 'ann',
      rotated_at: null,
    },
  },
  {
    since: 4,
    table: 'webhook_deliveries',
    row: {
      id: 'delivery-1',
      webhook_id: 'webhook-1',
      received_at: at,
      address: '127.0.0.1',
      sender_delivery: null,
      events: '[]',
      repeats: null,
      requested_by: 'webhook images',
      state: 'waiting',
      attempts: 0,
      due_at: at,
      holder: null,
      beat: 0,
      finished_at: null,
      message: null,
      results: '[]',
    },
  },
  { since: 4, table: 'webhook_marks', row: { webhook_id: 'webhook-1', mark: 'm', delivery_id: 'delivery-1', at } },
  {
    since: 5,
    table: 'compat_descriptors',
    row: {
      id: 'descriptor-1',
      namespace: 'default',
      app_name: 'shop',
      created: at,
      last_modified: at,
      environment_secret: null,
      record: '{}',
    },
  },
  {
    since: 5,
    table: 'compat_deployments',
    row: {
      id: 'deployment-1',
      namespace: 'default',
      app_name: 'shop',
      version: '1',
      created: at,
      environment_secret: null,
      record: '{}',
    },
  },
  { since: 6, table: 'asked_requests', row: { name: 'default/shop-promote-1', hash: 'of what was asked', at } },
  {
    since: 7,
    table: 'channels',
    row: {
      id: 'channel-1',
      name: 'team',
      spec: JSON.stringify({ name: 'team', type: 'webhook', filter: {}, enabled: true }),
      created_at: at,
      created_by: 'ann',
    },
  },
  {
    since: 7,
    table: 'deliveries',
    row: {
      id: 'event-1',
      channel_id: 'channel-1',
      event: '{}',
      created_at: at,
      state: 'delivered',
      attempts: 1,
      next_at: at,
      claimed_by: null,
      claimed_until: null,
      delivered_at: at,
      error: null,
    },
  },
  { since: 8, table: 'database_name', row: { id: 1, name: 'quiet-harbour' } },
  {
    since: 9,
    table: 'webhook_objects',
    row: {
      webhook_id: 'webhook-1',
      api_group: '',
      api_version: 'v1',
      kind: 'ConfigMap',
      namespace: 'default',
      name: 'settings',
    },
  },
];

export async function insertKept(database: Database, { table, row }: KeptRow): Promise<void> {
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`).join(', ');
  await database.query(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`, Object.values(row));
}

/** Each column with its table and type, and whether there has to be something in it. */
export async function describeColumns(database: Database): Promise<readonly Row[]> {
  return await database.query(
    database.dialect === 'sqlite'
      ? `SELECT tables.name AS "table", columns.name AS "column", columns.type, "notnull" AS required
         FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' ORDER BY 1, 2`
      : `SELECT table_name AS "table", column_name AS "column", data_type AS type, is_nullable AS required
         FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2`,
  );
}
