import type { Dialect } from './database.ts';
import { appliedTables } from './applied-tables.ts';
import { creationOrderColumn } from './creation-order.ts';
import { compatTables } from './compat-tables.ts';
import { leftOutColumns, notificationTables } from '../notifications/notification-tables.ts';
import { webhookTables } from './webhook-tables.ts';

export interface Migration {
  /** From 1, without gaps; never changes once it is released. */
  readonly number: number;
  readonly name: string;
  /** Whole statements, in order. */
  readonly statements: (dialect: Dialect) => readonly string[];
}

/** The tables of the server, as one change after another. A released one never changes: what is to be otherwise is a new one. */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'history of releases',
    statements: () => [
      // Whose history this is.
      'CREATE TABLE cluster (id INTEGER PRIMARY KEY CHECK (id = 1), identity TEXT NOT NULL)',
      // Who writes history, of all namespaces or of one: a server that was overtaken while it slept has a smaller number, and
      // writes nothing more.
      'CREATE TABLE archivist (scope TEXT PRIMARY KEY, term INTEGER NOT NULL, holder TEXT NOT NULL)',
      `CREATE TABLE releases (
        uid TEXT PRIMARY KEY,
        namespace TEXT NOT NULL,
        name TEXT NOT NULL,
        application TEXT NOT NULL,
        application_uid TEXT NOT NULL,
        version TEXT NOT NULL,
        phase TEXT NOT NULL,
        created_at TEXT NOT NULL,
        finished_at TEXT,
        deleted_at TEXT,
        requested_by TEXT,
        resource_version TEXT NOT NULL,
        object TEXT NOT NULL,
        log_length INTEGER NOT NULL
      )`,
      'CREATE INDEX releases_by_application ON releases (namespace, application, created_at, uid)',
      'CREATE INDEX releases_by_name ON releases (namespace, name, created_at, uid)',
      'CREATE INDEX releases_by_time ON releases (created_at, uid)',
      `CREATE TABLE release_log (
        release_uid TEXT NOT NULL REFERENCES releases (uid) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (release_uid, number)
      )`,
      `CREATE TABLE measurements (
        release_uid TEXT NOT NULL REFERENCES releases (uid) ON DELETE CASCADE,
        run TEXT NOT NULL,
        check_name TEXT NOT NULL,
        number INTEGER NOT NULL,
        finished_at TEXT NOT NULL,
        object TEXT NOT NULL,
        PRIMARY KEY (release_uid, run, number)
      )`,
      `CREATE TABLE commands (
        release_uid TEXT NOT NULL REFERENCES releases (uid) ON DELETE CASCADE,
        name TEXT NOT NULL,
        at TEXT NOT NULL,
        object TEXT NOT NULL,
        PRIMARY KEY (release_uid, name)
      )`,
    ],
  },
  {
    number: 2,
    name: 'who may do what, and who did',
    statements: (dialect) => [
      `CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        hash TEXT NOT NULL,
        grants TEXT NOT NULL,
        created_at TEXT NOT NULL,
        created_by TEXT NOT NULL,
        expires_at TEXT,
        revoked_at TEXT,
        used_at TEXT
      )`,
      `CREATE TABLE sessions (
        hash TEXT PRIMARY KEY,
        identity TEXT NOT NULL,
        token_id TEXT REFERENCES tokens (id) ON DELETE CASCADE,
        csrf TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
      )`,
      `CREATE TABLE audit (
        id ${dialect === 'sqlite' ? 'INTEGER PRIMARY KEY AUTOINCREMENT' : 'BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'},
        at TEXT NOT NULL,
        principal TEXT NOT NULL,
        address TEXT NOT NULL,
        action TEXT NOT NULL,
        namespace TEXT,
        subject TEXT,
        outcome TEXT NOT NULL,
        details TEXT NOT NULL
      )`,
      'CREATE INDEX audit_by_time ON audit (at)',
    ],
  },
  {
    number: 3,
    name: 'logins that have begun',
    statements: () => [
      `CREATE TABLE pending_logins (
        hash TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        content TEXT NOT NULL,
        created_at TEXT NOT NULL,
        expires_at TEXT NOT NULL
      )`,
      'CREATE INDEX pending_logins_by_time ON pending_logins (created_at)',
    ],
  },
  { number: 4, name: 'webhooks', statements: webhookTables },
  { number: 5, name: 'descriptors and deployments of the Amdatu deployer', statements: compatTables },
  {
    number: 6,
    name: 'what was asked under a key',
    statements: () => [
      'CREATE TABLE asked_requests (name TEXT PRIMARY KEY, hash TEXT NOT NULL, at TEXT NOT NULL)',
      'CREATE INDEX asked_requests_by_time ON asked_requests (at)',
    ],
  },
  { number: 7, name: 'who is told of what', statements: notificationTables },
  {
    number: 8,
    name: 'what a database is called',
    statements: () => ['CREATE TABLE database_name (id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL)'],
  },
  { number: 9, name: 'what webhooks have applied', statements: appliedTables },
  {
    number: 10,
    name: 'what was answered under a key',
    statements: () => ['ALTER TABLE asked_requests ADD COLUMN answer TEXT'],
  },
  { number: 11, name: 'what nobody is told of', statements: leftOutColumns },
  { number: 12, name: 'in which order releases were made', statements: creationOrderColumn },
];
