/** Who changed what, from where, and what came of it. Rows are only ever added, and removed by age. */
import type { Row, Sql } from '../database/database.ts';

export interface AuditEntry {
  readonly at: string;
  readonly principal: string;
  /** Of the caller. */
  readonly address: string;
  /** Method and route, such as `POST /api/v1/tokens`. */
  readonly action: string;
  readonly namespace?: string | undefined;
  /** The object that it was about. */
  readonly subject?: string | undefined;
  /** HTTP status. */
  readonly outcome: string;
  /** What was asked, with nothing that is secret. */
  readonly details: object;
}

export interface AuditRecord extends AuditEntry {
  readonly id: number;
}

export async function recordAudit(sql: Sql, entry: AuditEntry): Promise<void> {
  const { at, principal, address, action, namespace = null, subject = null, outcome, details } = entry;
  await sql.query(
    `INSERT INTO audit (at, principal, address, action, namespace, subject, outcome, details)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [at, principal, address, action, namespace, subject, outcome, JSON.stringify(details)],
  );
}

/** Newest first. */
export async function listAudit(
  sql: Sql,
  page: { readonly limit: number; readonly before?: number | undefined },
): Promise<readonly AuditRecord[]> {
  const rows = await sql.query('SELECT * FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2', [
    page.before ?? Number.MAX_SAFE_INTEGER,
    page.limit,
  ]);
  return rows.map(parse);
}

function parse(row: Row): AuditRecord {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    id: Number(row['id']),
    at: text('at') ?? '',
    principal: text('principal') ?? '',
    address: text('address') ?? '',
    action: text('action') ?? '',
    namespace: text('namespace'),
    subject: text('subject'),
    outcome: text('outcome') ?? '',
    details: JSON.parse(text('details') ?? '{}') as object,
  };
}
