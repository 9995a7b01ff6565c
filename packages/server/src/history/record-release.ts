import type { CheckState } from '@slipway/delivery/api/check';
import type { Release } from '@slipway/delivery/api/release';
import type { Database, Row, Transaction } from '../database/database.ts';
import { creationOrderOf } from '../database/creation-order.ts';
import { enqueue, type LeftOut } from '../notifications/outbox.ts';
import { calculateEvents, calculateFirstEvents } from '../notifications/release-events.ts';
import { calculateNews, nameRun, type Fact } from './release-facts.ts';

/** Whoever writes history: it got this number when it began, and a later one gets a higher. */
export interface Term {
  readonly scope: string;
  readonly number: number;
  /** ISO 8601: when history of this scope was first written. */
  readonly since: string;
}

export interface Candidacy {
  /** The one namespace whose history is written; absent: all of them. */
  readonly namespace?: string | undefined;
  readonly holder: string;
  /** ISO 8601. */
  readonly now: string;
}

const allNamespaces = '*';

export interface Sighting {
  readonly release: Release;
  /** ISO 8601. */
  readonly seenAt: string;
}

/** Somebody else writes history since; what this one saw may be older than what is written. */
export class TermOver extends Error {
  constructor() {
    super('another server writes the history of releases now');
    this.name = 'TermOver';
  }
}

/** Lines of one release, after which its log keeps to phases, attempts and commands. */
const maximumLines = 10_000;

/** From now on only the term that is returned may write, of all that are for the same namespaces. */
export async function beginTerm(database: Database, { namespace, holder, now }: Candidacy): Promise<Term> {
  const scope = namespace ?? allNamespaces;
  return await database.transaction(async (transaction) => {
    const [row] = await transaction.query(
      `INSERT INTO archivist (scope, term, holder, begun_at) VALUES ($1, 1, $2, $3)
       ON CONFLICT (scope) DO UPDATE SET term = archivist.term + 1, holder = excluded.holder,
         begun_at = coalesce(archivist.begun_at, (SELECT applied_at FROM migrations WHERE number = 1))
       RETURNING term, begun_at`,
      [scope, holder, now],
    );
    return { scope, number: Number(row?.['term']), since: String(row?.['begun_at'] ?? now) };
  });
}

/**
 * Writes down what a Release says now, and in its log what it did not say before. Recording the same again changes
 * nothing. Resolves with what there was no room for of what somebody is to be told. Rejects with `TermOver` when another
 * server has begun its term.
 */
export async function recordRelease(database: Database, term: Term, sighting: Sighting): Promise<readonly LeftOut[]> {
  return await database.transaction(async (transaction) => {
    await requireTerm(transaction, term);
    const known = await readKnown(transaction, sighting.release);
    if (known !== undefined && isWritten(known, sighting.release)) return [];
    const news = limitNews(calculateNews(known?.release, sighting.release), known?.logLength ?? 0);
    await writeRecord(transaction, sighting, (known?.logLength ?? 0) + news.length);
    await appendLog(transaction, { sighting, news, from: known?.logLength ?? 0 });
    await keepMeasurements(transaction, sighting.release, known?.release);
    await keepCommands(transaction, sighting.release);
    const events =
      known === undefined
        ? calculateFirstEvents(sighting.release, term.since)
        : calculateEvents(known.release, sighting.release);
    const leftOut = await enqueue(transaction, events, sighting.seenAt);
    await transaction.notify(releaseTopic(uidOf(sighting.release)));
    return leftOut;
  });
}

/** The cluster has it no more. */
export async function recordDeletion(
  database: Database,
  term: Term,
  deletion: { readonly uid: string; readonly at: string },
): Promise<void> {
  await database.transaction(async (transaction) => {
    await requireTerm(transaction, term);
    await transaction.query('UPDATE releases SET deleted_at = $2 WHERE uid = $1 AND deleted_at IS NULL', [
      deletion.uid,
      deletion.at,
    ]);
    await transaction.notify(releaseTopic(deletion.uid));
  });
}

export function releaseTopic(uid: string): string {
  return `release ${uid}`;
}

interface Known {
  readonly release: Release;
  readonly logLength: number;
  readonly isDeleted: boolean;
}

function isWritten({ release, isDeleted }: Known, { metadata }: Release): boolean {
  return !isDeleted && release.metadata.resourceVersion === metadata.resourceVersion;
}

async function requireTerm(transaction: Transaction, term: Term): Promise<void> {
  const [row] = await transaction.query('SELECT term FROM archivist WHERE scope = $1', [term.scope]);
  if (row?.['term'] !== term.number) throw new TermOver();
}

async function readKnown(transaction: Transaction, release: Release): Promise<Known | undefined> {
  const [row] = await transaction.query('SELECT object, log_length, deleted_at FROM releases WHERE uid = $1', [
    uidOf(release),
  ]);
  return (
    row && {
      release: parseRelease(row),
      logLength: Number(row['log_length']),
      isDeleted: row['deleted_at'] !== null,
    }
  );
}

export function parseRelease(row: Row): Release {
  return JSON.parse(String(row['object'])) as Release;
}

const keptToTheEnd = new Set(['phase', 'attempt', 'command']);

function limitNews(news: readonly Fact[], length: number): readonly Fact[] {
  const room = maximumLines - length;
  if (news.length < room) return news;
  const rest = news.slice(Math.max(0, room)).filter(({ kind }) => keptToTheEnd.has(kind));
  if (room <= 0) return rest;
  const text = `the log has ${maximumLines} lines: from here on it keeps to phases, attempts and commands`;
  return [...news.slice(0, room - 1), { kind: 'record', key: 'record', text }, ...rest];
}

async function writeRecord(transaction: Transaction, sighting: Sighting, length: number): Promise<void> {
  const { metadata, spec, status } = sighting.release;
  const { managedFields: _, ...kept } = metadata;
  const values = [
    uidOf(sighting.release),
    metadata.namespace ?? '',
    metadata.name ?? '',
    spec.application,
    spec.applicationUid,
    spec.version,
    status?.phase ?? 'Pending',
    metadata.creationTimestamp ?? sighting.seenAt,
    status?.finishedAt ?? null,
    status?.attempts?.[0]?.by ?? null,
    metadata.resourceVersion ?? '',
    JSON.stringify({ ...sighting.release, metadata: kept }),
    length,
    creationOrderOf(sighting.release),
  ];
  await transaction.query(
    `INSERT INTO releases (uid, namespace, name, application, application_uid, version, phase, created_at, finished_at,
       requested_by, resource_version, object, log_length, creation_order)
     VALUES (${values.map((_, index) => `$${index + 1}`).join(', ')})
     ON CONFLICT (uid) DO UPDATE SET phase = excluded.phase, finished_at = excluded.finished_at,
       requested_by = coalesce(releases.requested_by, excluded.requested_by),
       resource_version = excluded.resource_version, object = excluded.object, log_length = excluded.log_length,
       creation_order = CASE WHEN releases.creation_order BETWEEN '0' AND excluded.creation_order
         THEN releases.creation_order ELSE excluded.creation_order END,
       deleted_at = NULL`,
    values,
  );
}

interface Addition {
  readonly sighting: Sighting;
  readonly news: readonly Fact[];
  /** Lines that are there. */
  readonly from: number;
}

async function appendLog(transaction: Transaction, { sighting, news, from }: Addition): Promise<void> {
  for (const [index, { kind, text, at = sighting.seenAt }] of news.entries())
    await transaction.query(
      'INSERT INTO release_log (release_uid, number, at, kind, text) VALUES ($1, $2, $3, $4, $5)',
      [uidOf(sighting.release), from + index + 1, at, kind, text],
    );
}

/** A Release keeps the last 20 of each run. */
async function keepMeasurements(transaction: Transaction, release: Release, known: Release | undefined): Promise<void> {
  const kept = new Set((known?.status?.checks ?? []).flatMap(identifyMeasurements));
  for (const run of release.status?.checks ?? [])
    for (const [index, id] of identifyMeasurements(run).entries()) {
      const measurement = run.measurements[index];
      if (measurement === undefined || kept.has(id)) continue;
      const { during, step, attempt } = run;
      await transaction.query(
        `INSERT INTO measurements (release_uid, run, check_name, number, finished_at, object)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
        [
          uidOf(release),
          nameRun(run),
          run.name,
          measurement.number,
          measurement.finishedAt,
          JSON.stringify({ ...measurement, during, step, attempt }),
        ],
      );
    }
}

function identifyMeasurements(run: CheckState): readonly string[] {
  return run.measurements.map(({ number }) => `${nameRun(run)} ${number}`);
}

async function keepCommands(transaction: Transaction, release: Release): Promise<void> {
  for (const command of release.status?.commands ?? [])
    await transaction.query(
      `INSERT INTO commands (release_uid, name, at, object) VALUES ($1, $2, $3, $4)
       ON CONFLICT (release_uid, name) DO UPDATE SET object = excluded.object`,
      [uidOf(release), command.name, command.at, JSON.stringify(command)],
    );
}

function uidOf({ metadata }: Release): string {
  return metadata.uid ?? '';
}
