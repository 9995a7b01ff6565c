import type { Row, Sql } from '../database/database.ts';
import { optional } from '../optional.ts';
import type { Descriptor } from './descriptor.ts';

/** Of values that are secret there is nothing in it but names. */
export interface DescriptorRecord {
  readonly id: string;
  readonly namespace: string;
  readonly created: string;
  readonly lastModified: string;
  readonly descriptor: Descriptor;
  /** The Secret that has the values of its environment. */
  readonly environmentSecret?: string | undefined;
  /** Names of fields that came with it and mean nothing here. */
  readonly ignored: readonly string[];
}

export interface DescriptorKey {
  readonly namespace: string;
  readonly id: string;
}

/** Newest first. */
export async function listDescriptors(
  sql: Sql,
  { namespace, appName }: { readonly namespace: string; readonly appName?: string | undefined },
): Promise<readonly DescriptorRecord[]> {
  const rows = await sql.query(
    `SELECT * FROM compat_descriptors WHERE namespace = $1 AND ($2 = '' OR app_name = $2)
     ORDER BY last_modified DESC, id DESC`,
    [namespace, appName ?? ''],
  );
  return rows.map(parse);
}

export async function findDescriptor(
  sql: Sql,
  { namespace, id }: DescriptorKey,
): Promise<DescriptorRecord | undefined> {
  const [row] = await sql.query('SELECT * FROM compat_descriptors WHERE namespace = $1 AND id = $2', [namespace, id]);
  return row === undefined ? undefined : parse(row);
}

/** Writes it, whether it was there or not. */
export async function putDescriptor(sql: Sql, record: DescriptorRecord): Promise<void> {
  const { id, namespace, created, lastModified, environmentSecret = null, ...kept } = record;
  await sql.query(
    `INSERT INTO compat_descriptors (id, namespace, app_name, created, last_modified, environment_secret, record)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET app_name = excluded.app_name, last_modified = excluded.last_modified,
       environment_secret = excluded.environment_secret, record = excluded.record`,
    [id, namespace, kept.descriptor.appName, created, lastModified, environmentSecret, JSON.stringify(kept)],
  );
}

/** Whether there was one. */
export async function removeDescriptor(sql: Sql, { namespace, id }: DescriptorKey): Promise<boolean> {
  const rows = await sql.query('DELETE FROM compat_descriptors WHERE namespace = $1 AND id = $2 RETURNING id', [
    namespace,
    id,
  ]);
  return rows.length > 0;
}

function parse(row: Row): DescriptorRecord {
  const secret = row['environment_secret'];
  return {
    id: String(row['id']),
    namespace: String(row['namespace']),
    created: String(row['created']),
    lastModified: String(row['last_modified']),
    ...(JSON.parse(String(row['record'])) as Pick<DescriptorRecord, 'descriptor' | 'ignored'>),
    ...optional('environmentSecret', typeof secret === 'string' ? secret : undefined),
  };
}
