import type { Database, Row, Sql, SqlValue } from '../database/database.ts';
import { optional } from '../optional.ts';
import type { DescriptorRecord } from './descriptor-store.ts';

/** What was asked for once. What came of it is not kept here but calculated from the release: so it never stands still. */
export interface DeploymentRecord {
  readonly id: string;
  readonly namespace: string;
  readonly appName: string;
  readonly version: string;
  readonly created: string;
  readonly requestedBy: string;
  /** A copy. */
  readonly descriptor: DescriptorRecord;
  /** Attempts that each Release of the application had before, by uid: what comes on top is this deployment's. */
  readonly attemptsBefore: Readonly<Record<string, number>>;
  /** Of the Application as it was asked for; absent: the cluster has not answered. */
  readonly generation?: number | undefined;
  readonly application?: string | undefined;
  readonly release?: AttemptKey | undefined;
  /** Why the cluster was not asked, or did not take it. */
  readonly refusal?: string | undefined;
  /** ReleaseCommand that asks for another attempt of what was refused before. */
  readonly command?: string | undefined;
  /** What its log says first. */
  readonly notes: readonly string[];
  readonly undeployment?: Undeployment | undefined;
}

export interface Undeployment {
  readonly at: string;
  readonly by: string;
  /** What goes: the application as a whole, or nothing but this version, which does not serve. */
  readonly of: 'application' | 'version';
  /** The record goes too, once it is done. */
  readonly isForgotten: boolean;
}

export interface AttemptKey {
  readonly uid: string;
  readonly attempt: number;
}

export interface DeploymentKey {
  readonly namespace: string;
  readonly id: string;
}

export interface DeploymentSelection {
  readonly namespace: string;
  readonly appName?: string | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listDeployments(
  sql: Sql,
  { namespace, appName, limit }: DeploymentSelection,
): Promise<readonly DeploymentRecord[]> {
  const rows = await sql.query(
    `SELECT * FROM compat_deployments WHERE namespace = $1 AND ($2 = '' OR app_name = $2)
     ORDER BY created DESC, id DESC LIMIT $3`,
    [namespace, appName ?? '', limit],
  );
  return rows.map(parse);
}

export async function findDeployment(
  sql: Sql,
  { namespace, id }: DeploymentKey,
): Promise<DeploymentRecord | undefined> {
  const [row] = await sql.query('SELECT * FROM compat_deployments WHERE namespace = $1 AND id = $2', [namespace, id]);
  return row === undefined ? undefined : parse(row);
}

/** Versions of an application that deployments had so far. */
export async function listVersions(sql: Sql, namespace: string, appName: string): Promise<readonly string[]> {
  const rows = await sql.query(
    'SELECT DISTINCT version FROM compat_deployments WHERE namespace = $1 AND app_name = $2',
    [namespace, appName],
  );
  return rows.map(({ version }) => String(version));
}

export async function putDeployment(sql: Sql, record: DeploymentRecord): Promise<void> {
  const { id, namespace, appName, version, created, descriptor, ...rest } = record;
  const values: readonly SqlValue[] = [
    id,
    namespace,
    appName,
    version,
    created,
    descriptor.environmentSecret ?? null,
    JSON.stringify({ descriptor, ...rest }),
  ];
  await sql.query(
    `INSERT INTO compat_deployments (id, namespace, app_name, version, created, environment_secret, record)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    values,
  );
}

/** Changes what is kept, whoever changed it meanwhile; undefined where it is gone. */
export async function updateDeployment(
  database: Database,
  key: DeploymentKey,
  change: (current: DeploymentRecord) => DeploymentRecord,
): Promise<DeploymentRecord | undefined> {
  return await database.transaction(async (transaction) => {
    const current = await findDeployment(transaction, key);
    if (current === undefined) return undefined;
    const changed = change(current);
    await putDeployment(transaction, changed);
    return changed;
  });
}

export async function removeDeployment(sql: Sql, { namespace, id }: DeploymentKey): Promise<void> {
  await sql.query('DELETE FROM compat_deployments WHERE namespace = $1 AND id = $2', [namespace, id]);
}

/** Secrets with an environment that something still refers to. */
export async function listEnvironmentSecrets(sql: Sql, namespace: string): Promise<ReadonlySet<string>> {
  const rows = await sql.query(
    `SELECT environment_secret AS name FROM compat_descriptors WHERE namespace = $1 AND environment_secret IS NOT NULL
     UNION SELECT environment_secret AS name FROM compat_deployments WHERE namespace = $1 AND environment_secret IS NOT NULL`,
    [namespace],
  );
  return new Set(rows.map(({ name }) => String(name)));
}

type Kept = Omit<DeploymentRecord, 'id' | 'namespace' | 'appName' | 'version' | 'created'>;

function parse(row: Row): DeploymentRecord {
  const kept = JSON.parse(String(row['record'])) as Kept;
  return {
    ...kept,
    id: String(row['id']),
    namespace: String(row['namespace']),
    appName: String(row['app_name']),
    version: String(row['version']),
    created: String(row['created']),
    ...optional('release', kept.release),
  };
}
