/** What a status has no room for any more goes to Events: the oldest entries of its lists. */
import type { ApplicationStatus, RefusedVersion } from '../api/application.ts';
import type { CheckState, Measurement } from '../api/check.ts';
import { describeAsker, type CommandOutcome } from '../api/release-command.ts';
import type { HealthAnswer, PhaseTransition, ReleaseAttempt, ReleaseStatus } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import type { ActionOf } from '../plan.ts';
import { statusOf } from '../release-changes.ts';
import { nameOf } from '../release-context.ts';

/** An Event says 1 KiB, and an object may have few of them in a short time. */
const maximumMessage = 1_000;
const maximumEvents = 5;

type EventAction = ActionOf<'event'>;

export interface StatusChanges {
  readonly releases: ReadonlyMap<string, ReleaseStatus>;
  readonly application: ApplicationStatus;
}

/** By comparing with what is written: entries are only ever added, and leave a list only where it is cut. */
export function planCutEntries(
  before: Pick<Observation, 'application' | 'releases'>,
  next: StatusChanges,
): readonly EventAction[] {
  const refused = cutFrom(before.application.status?.refused, next.application.refused, describeRefusal);
  return [
    ...tell(refused),
    ...before.releases.flatMap((release) => {
      const status = next.releases.get(nameOf(release));
      return status === undefined ? [] : tell(cutFromRelease(statusOf(release), status), nameOf(release));
    }),
  ];
}

/** Answers beyond those that stand in the status. */
export function planCutAnswers(release: string, answers: readonly HealthAnswer[]): readonly EventAction[] {
  return tell(
    answers.map(({ pod, outcome, at }) => `health of pod ${pod} ${outcome} at ${at}`),
    release,
  );
}

function cutFromRelease(before: ReleaseStatus, next: ReleaseStatus): readonly string[] {
  return [
    ...cutFrom(before.transitions, next.transitions, describeTransition),
    ...cutFrom(before.attempts, next.attempts, describeAttempt),
    ...cutFrom(before.commands, next.commands, describeCommand),
    ...(before.checks === next.checks
      ? nothing
      : cutFrom(measurementsOf(before), measurementsOf(next), describeMeasurement)),
  ];
}

const nothing: readonly string[] = [];

/** An entry is known by its beginning, which never changes; how it ended may have been added meanwhile. */
function cutFrom<Entry>(
  before: readonly Entry[] | undefined,
  next: readonly Entry[] | undefined,
  describe: (entry: Entry) => Description,
): readonly string[] {
  if (before === undefined || before.length === 0 || before === next) return nothing;
  const kept = new Set((next ?? []).map((entry) => describe(entry).key));
  return before
    .map(describe)
    .filter(({ key }) => !kept.has(key))
    .map(({ text }) => text);
}

interface Description {
  readonly key: string;
  readonly text: string;
}

function describeTransition({ phase, at, reason }: PhaseTransition): Description {
  const key = `${phase} at ${at}`;
  return { key, text: reason === undefined ? key : `${key} (${reason})` };
}

function describeAttempt({ number, cause, by, startedAt, endedAt, outcome }: ReleaseAttempt): Description {
  const who = by === undefined ? '' : ` by ${by}`;
  const text = `attempt ${number}, ${cause}${who} at ${startedAt}: ${outcome ?? 'open'} at ${endedAt ?? 'no time'}`;
  return { key: String(number), text };
}

function describeCommand({ name, verb, requestedBy, at, outcome, message }: CommandOutcome): Description {
  return { key: name, text: `${verb} by ${describeAsker(requestedBy)} at ${at}: ${outcome}, ${message}` };
}

interface CheckMeasurement {
  readonly run: CheckState;
  readonly measurement: Measurement;
}

function measurementsOf({ checks = [] }: ReleaseStatus): readonly CheckMeasurement[] {
  return checks.flatMap((run) => run.measurements.map((measurement) => ({ run, measurement })));
}

function describeMeasurement({ run, measurement }: CheckMeasurement): Description {
  const { name, during, step = '', attempt } = run;
  const { number, outcome, value, finishedAt, reason } = measurement;
  const found = [value === undefined ? outcome : `${outcome} with ${value}`, reason].filter(
    (text) => text !== undefined,
  );
  return {
    key: [name, during, step, attempt, number].join(' '),
    text: `measurement ${number} of check ${name} at ${finishedAt}: ${found.join(', ')}`,
  };
}

function describeRefusal({ version, hash, by, at, reason }: RefusedVersion): Description {
  return { key: `${version} ${hash} ${at}`, text: `version ${version} was refused by ${by} at ${at}: ${reason}` };
}

const head = 'no longer in the status: ';
const room = maximumMessage - head.length;

/** By the release, which has few Events of other kinds that these could be lost among. */
function tell(entries: readonly string[], release?: string): readonly EventAction[] {
  const texts = packed(entries.map((entry) => (entry.length > room ? `${entry.slice(0, room - 1)}…` : entry)));
  return texts
    .slice(0, maximumEvents)
    .map((text) => ({ type: 'event', kind: 'Normal', reason: 'StatusCut', message: head + text, release }));
}

/** As many entries to a text as fit. */
function packed(entries: readonly string[]): readonly string[] {
  return entries.reduce<readonly string[]>((texts, entry) => {
    const last = texts.at(-1);
    const joined = last === undefined ? entry : `${last}; ${entry}`;
    return joined.length > room ? [...texts, entry] : [...texts.slice(0, -1), joined];
  }, []);
}
