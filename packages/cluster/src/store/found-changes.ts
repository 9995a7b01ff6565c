import type { ChangeLog, LogContents } from './change-log.ts';
import { DamagedRecord, type JournalContents, type JournalEntry } from './journal.ts';
import type { StoredObject } from './store.ts';

/** The last change of each key. */
type Changes = ReadonlyMap<string, JournalEntry>;

/** What two logs hold beyond a snapshot. */
export interface FoundChanges {
  /** The newest first: it is the one to go on with. */
  readonly logs: readonly [ChangeLog, ChangeLog];
  /** Whether the other one holds what is not in the snapshot. */
  readonly needsOther: boolean;
  /** With what is in the snapshot. */
  readonly contents: JournalContents;
}

/** Throws a `DamagedRecord` where changes are missing in between. */
export function findChanges(snapshot: JournalContents, logs: readonly [ChangeLog, ChangeLog]): FoundChanges {
  const [newer, former] = newestFirst([readLog(logs[0]), readLog(logs[1])]);
  const older = changesAfter(snapshot.revision, former);
  const recent = changesAfter(lastOf(older) ?? snapshot.revision, newer);
  const revision = lastOf(recent) ?? lastOf(older) ?? snapshot.revision;
  const broken = [former, newer].find(({ contents }) => contents.hasFrameFrom(revision + 1));
  if (broken !== undefined) throw missing(broken.log, revision + 1);
  if (revision === snapshot.revision) newer.log.rewind();
  const objects = withChanges(snapshot.objects, [older, recent]);
  return { logs: [newer.log, former.log], needsOther: older.size > 0, contents: { objects, revision } };
}

function lastOf(changes: Changes): number | undefined {
  return [...changes.values()].at(-1)?.revision;
}

interface ReadLog {
  readonly log: ChangeLog;
  readonly contents: LogContents;
}

function readLog(log: ChangeLog): ReadLog {
  return { log, contents: log.read() };
}

function newestFirst([a, b]: readonly [ReadLog, ReadLog]): readonly [ReadLog, ReadLog] {
  const firstOf = ({ contents }: ReadLog): number => contents.frames[0]?.first ?? 0;
  return firstOf(a) < firstOf(b) ? [b, a] : [a, b];
}

function changesAfter(revision: number, { log, contents }: ReadLog): Changes {
  const changes = new Map<string, JournalEntry>();
  let next = revision + 1;
  for (const entry of contents.frames.flatMap((frame) => (frame.last > revision ? frame.entries() : []))) {
    if (entry.revision < next) continue;
    if (entry.revision > next) throw missing(log, next);
    // In the order of the last ones.
    changes.delete(entry.key);
    changes.set(entry.key, entry);
    next += 1;
  }
  return changes;
}

function missing(log: ChangeLog, revision: number): DamagedRecord {
  return new DamagedRecord(log.path, `the change to revision ${revision} is missing or not what was written`);
}

function withChanges(objects: readonly StoredObject[], parts: readonly Changes[]): readonly StoredObject[] {
  if (parts.every(({ size }) => size === 0)) return objects;
  const byKey = new Map(objects.map((object) => [object.key, object]));
  for (const { key, revision, value } of parts.flatMap((changes) => [...changes.values()])) {
    if (value === undefined) byKey.delete(key);
    else byKey.set(key, { key, revision, value });
  }
  return [...byKey.values()];
}
