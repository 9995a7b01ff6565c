import { listAudit } from '../audit/audit.ts';
import type { Sql } from '../database/database.ts';
import { listRecords, readCommands, readLog, readMeasurements, type HistoryPosition } from './read-history.ts';

const releasesAtOnce = 50;
const linesAtOnce = 1_000;
const entriesAtOnce = 500;

/**
 * All that the server remembers, an object for each line: every release with its log, measurements and commands after it,
 * then the audit, newest first, and at last how much it was. What has no such last line is not whole.
 */
export async function* exportHistory(sql: Sql): AsyncGenerator<object> {
  let [releases, after]: [number, HistoryPosition | undefined] = [0, undefined];
  for (;;) {
    const records = await listRecords(sql, {}, { limit: releasesAtOnce, after });
    for (const record of records) {
      yield { type: 'release', ...record };
      yield* exportParts(sql, record.uid);
    }
    releases += records.length;
    after = records.at(-1);
    if (records.length < releasesAtOnce) break;
  }
  let entries = 0;
  for await (const entry of exportAudit(sql)) {
    entries += 1;
    yield { type: 'audit', ...entry };
  }
  yield { type: 'end', releases, audit: entries };
}

async function* exportParts(sql: Sql, release: string): AsyncGenerator<object> {
  let after = 0;
  for (;;) {
    const lines = await readLog(sql, release, { after, limit: linesAtOnce });
    for (const line of lines) yield { type: 'log', release, ...line };
    after = lines.at(-1)?.number ?? after;
    if (lines.length < linesAtOnce) break;
  }
  for (const measurement of await readMeasurements(sql, release))
    yield { type: 'measurement', release, ...measurement };
  for (const command of await readCommands(sql, release)) yield { type: 'command', release, ...command };
}

async function* exportAudit(sql: Sql): AsyncGenerator<object> {
  let before: number | undefined;
  for (;;) {
    const entries = await listAudit(sql, { limit: entriesAtOnce, before });
    yield* entries;
    before = entries.at(-1)?.id;
    if (entries.length < entriesAtOnce) return;
  }
}
