/**
 * What a Release says of itself, as sentences for its log. A Release keeps only the last of many things and is gone one
 * day; what was new at each look makes a log of all of it. Pure.
 */
import type { CheckState, Measurement } from '@slipway/delivery/api/check';
import type { CommandOutcome } from '@slipway/delivery/api/release-command';
import type { GateResult, HealthAnswer, Release, ReleaseAttempt, ReleaseStatus } from '@slipway/delivery/api/release';

export const logKinds = [
  'phase',
  'attempt',
  'command',
  'step',
  'waiting',
  'split',
  'pods',
  'gate',
  'health',
  'measurement',
  'image',
  'record',
] as const;
export type LogKind = (typeof logKinds)[number];

export interface Fact {
  readonly kind: LogKind;
  /** What it is about: a fact with another text under the same key is news. */
  readonly key: string;
  readonly text: string;
  /** When it came to be, where the Release says so. */
  readonly at?: string | undefined;
}

/** One answer or message in a log; the whole of it stands in the Release. */
const maximumCharacters = 500;

/** Causes before what follows from them: many carry the time of one and the same look. */
export function calculateFacts(release: Release): readonly Fact[] {
  const { status } = release;
  if (status === undefined) return [];
  const { attempts = [] } = status;
  return [
    ...attempts.map(attemptStart),
    ...(status.commands ?? []).map(commandFact),
    ...imageFacts(status),
    ...(status.gates ?? []).flatMap(gateFacts),
    ...(status.health ?? []).map(healthFact),
    ...(status.checks ?? []).flatMap(checkFacts),
    ...progressFacts(status),
    ...(status.transitions ?? []).map(({ phase, at, reason }) => ({
      kind: 'phase' as const,
      key: `phase ${phase} ${at}`,
      text: withReason(phase, reason),
      at,
    })),
    ...waitingFacts(status),
    ...attempts.flatMap(attemptEnd),
  ];
}

/**
 * What the later one says that the earlier one did not, in the order in which it came to be. What has no time of its own is
 * as late as the latest that has one, so that times go on from line to line.
 */
export function calculateNews(before: Release | undefined, after: Release): readonly Fact[] {
  const known = new Set((before === undefined ? [] : calculateFacts(before)).map(identify));
  const news = calculateFacts(after).filter((fact) => !known.has(identify(fact)));
  const latest = news.reduce((time, { at = '' }) => (at > time ? at : time), '');
  const timed = latest === '' ? news : news.map((fact) => ({ ...fact, at: fact.at ?? latest }));
  return timed.toSorted((one, other) => compareText(one.at ?? '', other.at ?? ''));
}

function identify({ key, text }: Fact): string {
  return `${key}\n${text}`;
}

function attemptStart({ number, cause, by, startedAt }: ReleaseAttempt): Fact {
  const asked = by === undefined ? '' : `, asked by ${by}`;
  const text = `attempt ${number} starts: ${cause}${asked}`;
  return { kind: 'attempt', key: `attempt ${number}`, text, at: startedAt };
}

function attemptEnd({ number, endedAt, outcome }: ReleaseAttempt): readonly Fact[] {
  if (endedAt === undefined) return [];
  const text = `attempt ${number} has ended: ${outcome ?? 'without an outcome'}`;
  return [{ kind: 'attempt', key: `attempt ${number} end`, text, at: endedAt }];
}

function commandFact({ name, verb, requestedBy, at, outcome, message }: CommandOutcome): Fact {
  const by = requestedBy === undefined ? '' : ` by ${requestedBy}`;
  return { kind: 'command', key: `command ${name}`, text: `${verb}${by} ${outcome}: ${shorten(message)}`, at };
}

function progressFacts({ step, split, replicas }: ReleaseStatus): readonly Fact[] {
  const facts: Fact[] = [];
  if (step !== undefined) facts.push({ kind: 'step', key: 'step', text: `step ${step}`, at: undefined });
  if (replicas !== undefined) {
    const { desired, ready, serving } = replicas;
    facts.push({ kind: 'pods', key: 'pods', text: `${ready} of ${desired} pods ready, ${serving} serving` });
  }
  if (split !== undefined) facts.push({ kind: 'split', key: 'split', text: describeSplit(split) });
  return facts;
}

function waitingFacts({ waitingFor, waitingSince }: ReleaseStatus): readonly Fact[] {
  if (waitingFor === undefined) return [];
  return [{ kind: 'waiting', key: 'waiting', text: `waits for ${waitingFor}`, at: waitingSince }];
}

function imageFacts({ images = [], imageFaults = {} }: ReleaseStatus): readonly Fact[] {
  return [
    ...images.map(({ container, imageIDs }) => ({
      kind: 'image' as const,
      key: `image ${container}`,
      text: `container ${container} runs ${imageIDs.join(' and ')}`,
    })),
    ...Object.entries(imageFaults).map(([image, cause]) => ({
      kind: 'image' as const,
      key: `image fault ${image}`,
      text: `image ${image} cannot be pulled: ${shorten(cause)}`,
    })),
  ];
}

function describeSplit({ weights, confirmed, confirmedBy }: NonNullable<ReleaseStatus['split']>): string {
  const shares = Object.entries(weights).map(([version, weight]) => `${version} ${weight} %`);
  const by = confirmedBy === undefined ? '' : ` by ${confirmedBy}`;
  return `${shares.length === 0 ? 'no split' : `split ${shares.join(', ')}`}${confirmed ? `, confirmed${by}` : ', not confirmed yet'}`;
}

function gateFacts(gate: GateResult): readonly Fact[] {
  const { name, attempt, during, startedAt, endedAt, outcome, message, call } = gate;
  const key = `gate ${attempt} ${during ?? ''} ${name}`;
  const what = during === undefined ? `gate ${name}` : `hook ${name} (${during})`;
  const facts: Fact[] = [{ kind: 'gate', key, text: `${what} starts`, at: startedAt }];
  if (call !== undefined)
    facts.push({
      kind: 'gate',
      key: `${key} call ${call.number}`,
      text: `${what}, call ${call.number}: ${call.outcome}${inParentheses(call.code)}: ${shorten(call.answer)}`,
      at: call.at,
    });
  if (outcome !== undefined)
    facts.push({ kind: 'gate', key: `${key} end`, text: withReason(`${what}: ${outcome}`, message), at: endedAt });
  return facts;
}

function healthFact({ pod, uid, outcome, code, answer, at }: HealthAnswer): Fact {
  const text = withReason(`health of ${pod}: ${outcome}${inParentheses(code)}`, shorten(answer));
  return { kind: 'health', key: `health ${uid}`, text, at };
}

function checkFacts(run: CheckState): readonly Fact[] {
  const { name, during, outcome, message, endedAt, measurements } = run;
  const key = nameRun(run);
  const facts = measurements.map((measurement): Fact => {
    const text = `check ${name} (${during}), measurement ${measurement.number}: ${describeMeasurement(measurement)}`;
    return { kind: 'measurement', key: `${key} ${measurement.number}`, text, at: measurement.finishedAt };
  });
  if (outcome === undefined) return facts;
  const text = withReason(`check ${name} (${during}): ${outcome}`, message);
  return [...facts, { kind: 'gate', key: `${key} end`, text, at: endedAt }];
}

/** Of one run of a check in one Release: the same at each look, and no other run's. */
export function nameRun({ name, during, step, attempt, startedAt }: CheckState): string {
  return `${name} ${during} ${step ?? ''} ${attempt} ${startedAt}`;
}

function describeMeasurement({ outcome, value, baseline, reason }: Measurement): string {
  const values = [
    ...(value === undefined ? [] : [`value ${value}`]),
    ...(baseline === undefined ? [] : [`baseline ${baseline}`]),
  ];
  return withReason([outcome, ...values].join(', '), reason);
}

function withReason(text: string, reason: string | undefined): string {
  return reason === undefined || reason === '' ? text : `${text}: ${shorten(reason)}`;
}

function inParentheses(code: number | undefined): string {
  return code === undefined ? '' : ` (${code})`;
}

/** One line of a log is one line, of what can be shown. */
function shorten(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= maximumCharacters ? line : `${line.slice(0, maximumCharacters - 1)}…`;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
