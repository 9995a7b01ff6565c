/** What a webhook has applied, by which it is known later what is gone from its directory. */
import type { Database, Row, Sql } from '../database/database.ts';

export interface AppliedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Before it is applied: a server that is killed meanwhile leaves nothing that nobody knows of. */
export async function noteApplied(
  database: Database,
  webhookId: string,
  objects: readonly AppliedObject[],
): Promise<void> {
  await database.transaction(async (transaction) => {
    for (const object of objects) {
      const { apiVersion, kind, namespace, name } = object;
      // A webhook that is gone by now has nothing to remember.
      await transaction.query(
        `INSERT INTO webhook_objects (webhook_id, api_group, api_version, kind, namespace, name)
         SELECT id, $2, $3, $4, $5, $6 FROM webhooks WHERE id = $1
         ON CONFLICT (webhook_id, api_group, kind, namespace, name) DO UPDATE SET api_version = excluded.api_version`,
        [webhookId, groupOf(apiVersion), apiVersion, kind, namespace, name],
      );
    }
  });
}

/** What was applied at some time and is not among these. */
export async function listGone(
  sql: Sql,
  webhookId: string,
  objects: readonly AppliedObject[],
): Promise<readonly AppliedObject[]> {
  const here = new Set(objects.map(identify));
  const rows = await sql.query(
    'SELECT * FROM webhook_objects WHERE webhook_id = $1 ORDER BY kind, namespace, name, api_group',
    [webhookId],
  );
  return rows.map(parse).filter((object) => !here.has(identify(object)));
}

export async function forgetApplied(
  sql: Sql,
  webhookId: string,
  { apiVersion, kind, namespace, name }: AppliedObject,
): Promise<void> {
  await sql.query(
    `DELETE FROM webhook_objects
     WHERE webhook_id = $1 AND api_group = $2 AND kind = $3 AND namespace = $4 AND name = $5`,
    [webhookId, groupOf(apiVersion), kind, namespace, name],
  );
}

/** Of one kind in two versions there is one object. */
function identify({ apiVersion, kind, namespace, name }: AppliedObject): string {
  return [groupOf(apiVersion), kind, namespace, name].join('\n');
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

function parse(row: Row): AppliedObject {
  return {
    apiVersion: String(row['api_version']),
    kind: String(row['kind']),
    namespace: String(row['namespace']),
    name: String(row['name']),
  };
}
