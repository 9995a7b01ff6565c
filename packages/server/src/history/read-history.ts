import type { CommandOutcome } from '@slipway/delivery/api/release-command';
import type { Measurement } from '@slipway/delivery/api/check';
import { isFinished, type Release, type ReleasePhase } from '@slipway/delivery/api/release';
import type { Row, Sql, SqlValue } from '../database/database.ts';
import type { LogKind } from './release-facts.ts';
import { parseRelease } from './record-release.ts';

export interface ReleaseRecord {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly application: string;
  readonly version: string;
  readonly phase: ReleasePhase;
  readonly createdAt: string;
  readonly finishedAt?: string | undefined;
  /** When it went from the cluster. */
  readonly deletedAt?: string | undefined;
  readonly requestedBy?: string | undefined;
  /** As it was seen last. */
  readonly release: Release;
  /** Lines. */
  readonly logLength: number;
}

export interface HistorySelection {
  /** Absent: those of all namespaces. */
  readonly namespaces?: readonly string[] | undefined;
  readonly application?: string | undefined;
  readonly version?: string | undefined;
  readonly phase?: ReleasePhase | undefined;
}

/** Where a page ended: what comes next is older. */
export interface HistoryPosition {
  readonly createdAt: string;
  readonly uid: string;
}

export interface HistoryPage {
  readonly limit: number;
  readonly after?: HistoryPosition | undefined;
}

/** By their creation; releases of the same second too. */
export const newestFirst = 'created_at DESC, creation_order DESC, uid DESC';

/** Than one that was read before, by where that stands now. Where it is gone, its second comes once more: twice is better than never. */
function isOlder(createdAt: string, uid: string): string {
  const order = `coalesce((SELECT creation_order FROM releases WHERE uid = ${uid}), '~')`;
  return `(created_at, creation_order, uid) < (${createdAt}, ${order}, ${uid})`;
}

/** Newest first. */
export async function listRecords(
  sql: Sql,
  selection: HistorySelection,
  page: HistoryPage,
): Promise<readonly ReleaseRecord[]> {
  const values: SqlValue[] = [];
  const placeholder = (value: SqlValue): string => `$${values.push(value)}`;
  const conditions: string[] = [];
  const { namespaces, application, version, phase } = selection;
  if (namespaces?.length === 0) return [];
  if (namespaces !== undefined) conditions.push(`namespace IN (${namespaces.map(placeholder).join(', ')})`);
  if (application !== undefined) conditions.push(`application = ${placeholder(application)}`);
  if (version !== undefined) conditions.push(`version = ${placeholder(version)}`);
  if (phase !== undefined) conditions.push(`phase = ${placeholder(phase)}`);
  if (page.after !== undefined)
    conditions.push(isOlder(placeholder(page.after.createdAt), placeholder(page.after.uid)));
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await sql.query(
    `SELECT * FROM releases ${where} ORDER BY ${newestFirst} LIMIT ${placeholder(page.limit)}`,
    values,
  );
  return rows.map(parseRecord);
}

/** All that were ever released, newest first, each once. */
export async function listVersions(
  sql: Sql,
  {
    namespace,
    application,
    limit,
  }: { readonly namespace: string; readonly application: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await sql.query(
    `SELECT version FROM (
       SELECT version, created_at, creation_order, uid,
         row_number() OVER (PARTITION BY version ORDER BY ${newestFirst}) AS place
       FROM releases WHERE namespace = $1 AND application = $2
     ) AS ranked WHERE place = 1 ORDER BY ${newestFirst} LIMIT $3`,
    [namespace, application, limit],
  );
  return rows.map(({ version }) => String(version));
}

export async function findRecord(
  sql: Sql,
  key: { readonly namespace: string; readonly name: string },
): Promise<ReleaseRecord | undefined> {
  const [row] = await sql.query(
    `SELECT * FROM releases WHERE namespace = $1 AND name = $2 ORDER BY ${newestFirst} LIMIT 1`,
    [key.namespace, key.name],
  );
  return row === undefined ? undefined : parseRecord(row);
}

export type RecordState = 'missing' | 'open' | 'over';

/** Whether more is to come: what a reader of its log asks at each change. */
export async function readState(sql: Sql, uid: string): Promise<RecordState> {
  const [row] = await sql.query('SELECT phase, deleted_at FROM releases WHERE uid = $1', [uid]);
  if (row === undefined) return 'missing';
  return row['deleted_at'] !== null || isFinished(String(row['phase']) as ReleasePhase) ? 'over' : 'open';
}

export async function readRecord(sql: Sql, uid: string): Promise<ReleaseRecord | undefined> {
  const [row] = await sql.query('SELECT * FROM releases WHERE uid = $1', [uid]);
  return row === undefined ? undefined : parseRecord(row);
}

/** By uid. */
export async function readRecords(sql: Sql, uids: readonly string[]): Promise<ReadonlyMap<string, ReleaseRecord>> {
  if (uids.length === 0) return new Map();
  const places = uids.map((_, index) => `$${index + 1}`).join(', ');
  const rows = await sql.query(`SELECT * FROM releases WHERE uid IN (${places})`, uids);
  return new Map(rows.map((row) => [String(row['uid']), parseRecord(row)]));
}

export interface NewestSelection {
  readonly namespace: string;
  readonly applications: readonly string[];
  /** Of each. */
  readonly limit: number;
}

/** The newest releases of each application. */
export async function listNewest(
  sql: Sql,
  { namespace, applications, limit }: NewestSelection,
): Promise<readonly ReleaseRecord[]> {
  if (applications.length === 0) return [];
  const places = applications.map((_, index) => `$${index + 3}`).join(', ');
  const rows = await sql.query(
    `SELECT * FROM (
       SELECT releases.*, row_number() OVER (PARTITION BY application ORDER BY ${newestFirst}) AS place
       FROM releases WHERE namespace = $1 AND application IN (${places})
     ) AS ranked WHERE place <= $2 ORDER BY ${newestFirst}`,
    [namespace, limit, ...applications],
  );
  return rows.map(parseRecord);
}

export interface LogLine {
  /** From 1, without gaps. */
  readonly number: number;
  readonly at: string;
  readonly kind: LogKind;
  readonly text: string;
}

export interface LogRange {
  readonly after: number;
  readonly limit: number;
}

export async function readLog(sql: Sql, uid: string, { after, limit }: LogRange): Promise<readonly LogLine[]> {
  const rows = await sql.query(
    'SELECT number, at, kind, text FROM release_log WHERE release_uid = $1 AND number > $2 ORDER BY number LIMIT $3',
    [uid, after, limit],
  );
  return rows.map((row) => ({
    number: Number(row['number']),
    at: String(row['at']),
    kind: String(row['kind']) as LogKind,
    text: String(row['text']),
  }));
}

export interface MeasurementRecord extends Measurement {
  readonly check: string;
  readonly during: string;
  readonly step?: string | undefined;
  readonly attempt: number;
}

export async function readMeasurements(sql: Sql, uid: string): Promise<readonly MeasurementRecord[]> {
  const rows = await sql.query(
    'SELECT check_name, object FROM measurements WHERE release_uid = $1 ORDER BY finished_at, run, number',
    [uid],
  );
  return rows.map((row) => ({
    ...(JSON.parse(String(row['object'])) as Omit<MeasurementRecord, 'check'>),
    check: String(row['check_name']),
  }));
}

export async function readCommands(sql: Sql, uid: string): Promise<readonly CommandOutcome[]> {
  const rows = await sql.query('SELECT object FROM commands WHERE release_uid = $1 ORDER BY at, name', [uid]);
  return rows.map((row) => JSON.parse(String(row['object'])) as CommandOutcome);
}

/** Also of a command whose release the cluster has forgotten, or that has been given too many since to tell of it. */
export async function findCommand(
  sql: Sql,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  command: string,
): Promise<CommandOutcome | undefined> {
  const [row] = await sql.query(
    `SELECT commands.object FROM releases JOIN commands ON commands.release_uid = releases.uid
     WHERE releases.namespace = $1 AND releases.application = $2 AND commands.name = $3`,
    [namespace, name, command],
  );
  return row && (JSON.parse(String(row['object'])) as CommandOutcome);
}

function parseRecord(row: Row): ReleaseRecord {
  return {
    uid: String(row['uid']),
    namespace: String(row['namespace']),
    name: String(row['name']),
    application: String(row['application']),
    version: String(row['version']),
    phase: String(row['phase']) as ReleasePhase,
    createdAt: String(row['created_at']),
    finishedAt: optionalText(row['finished_at']),
    deletedAt: optionalText(row['deleted_at']),
    requestedBy: optionalText(row['requested_by']),
    release: parseRelease(row),
    logLength: Number(row['log_length']),
  };
}

function optionalText(value: SqlValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
