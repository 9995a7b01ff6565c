/** Webhooks in the database. Their secrets are sealed, and leave it for nobody but the check of a message. */
import type { Row, Sql } from '../database/database.ts';
import type { RandomText } from '../identity/tokens.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { optional } from '../optional.ts';
import type { SenderName, Webhook, WebhookTarget } from './webhook.ts';

export interface NewWebhook {
  readonly name: string;
  readonly sender: SenderName;
  readonly target: WebhookTarget;
  readonly credentials?: Credentials | undefined;
  readonly createdBy: string;
}

/** For a repository of manifests, or for a registry of images. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface Means {
  readonly now: number;
  readonly random: RandomText;
  readonly sealer: Sealer;
}

const idBytes = 18;
const secretBytes = 32;

/** Resolves with the secret, which is not to be had again. */
export async function createWebhook(
  sql: Sql,
  given: NewWebhook,
  { now, random, sealer }: Means,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> {
  const id = random(idBytes);
  const secret = random(secretBytes);
  const { name, sender, target, credentials, createdBy } = given;
  const createdAt = new Date(now).toISOString();
  const sealed = credentials === undefined ? null : sealer.seal(JSON.stringify(credentials), credentialsPlace(id));
  await sql.query(
    `INSERT INTO webhooks (id, name, sender, target, secret, credentials, created_at, created_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id, name, sender, JSON.stringify(target), sealer.seal(secret, secretPlace(id)), sealed, createdAt, createdBy],
  );
  return { webhook: { id, name, sender, target, hasCredentials: sealed !== null, createdAt, createdBy }, secret };
}

/** From now on the secret is another one: messages with the old one are refused. Undefined: there is no such webhook. */
export async function rotateSecret(sql: Sql, id: string, { now, random, sealer }: Means): Promise<string | undefined> {
  const secret = random(secretBytes);
  const rows = await sql.query('UPDATE webhooks SET secret = $2, rotated_at = $3 WHERE id = $1 RETURNING id', [
    id,
    sealer.seal(secret, secretPlace(id)),
    new Date(now).toISOString(),
  ]);
  return rows.length === 0 ? undefined : secret;
}

export async function listWebhooks(sql: Sql): Promise<readonly Webhook[]> {
  return (await sql.query('SELECT * FROM webhooks ORDER BY created_at, id')).map(parse);
}

export async function findWebhook(sql: Sql, id: string): Promise<Webhook | undefined> {
  const [row] = await sql.query('SELECT * FROM webhooks WHERE id = $1', [id]);
  return row && parse(row);
}

/** For the check of a message. */
export async function findWithSecret(
  sql: Sql,
  id: string,
  sealer: Sealer,
): Promise<{ readonly webhook: Webhook; readonly secret: string } | undefined> {
  const [row] = await sql.query('SELECT * FROM webhooks WHERE id = $1', [id]);
  return row && { webhook: parse(row), secret: sealer.open(String(row['secret']), secretPlace(id)) };
}

export async function findCredentials(sql: Sql, id: string, sealer: Sealer): Promise<Credentials | undefined> {
  const [row] = await sql.query('SELECT credentials FROM webhooks WHERE id = $1', [id]);
  const sealed = row?.['credentials'];
  if (typeof sealed !== 'string') return undefined;
  return JSON.parse(sealer.open(sealed, credentialsPlace(id))) as Credentials;
}

/** Its deliveries go with it. Whether there was one. */
export async function deleteWebhook(sql: Sql, id: string): Promise<boolean> {
  return (await sql.query('DELETE FROM webhooks WHERE id = $1 RETURNING id', [id])).length > 0;
}

function secretPlace(id: string): string {
  return `webhook ${id} secret`;
}

function credentialsPlace(id: string): string {
  return `webhook ${id} credentials`;
}

function parse(row: Row): Webhook {
  const rotatedAt = row['rotated_at'];
  return {
    id: String(row['id']),
    name: String(row['name']),
    sender: String(row['sender']) as SenderName,
    target: JSON.parse(String(row['target'])) as WebhookTarget,
    hasCredentials: typeof row['credentials'] === 'string',
    createdAt: String(row['created_at']),
    createdBy: String(row['created_by']),
    ...optional('rotatedAt', typeof rotatedAt === 'string' ? rotatedAt : undefined),
  };
}
