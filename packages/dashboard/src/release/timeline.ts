/** What happened to a release, in order. Pure. */
import type { CommandOutcome } from '@slipway/delivery/api/release-command';
import type { ReleaseAnswer } from '../api/answers.ts';
import { describePhase, toneOfOutcome, toneOfPhase, type Tone } from '../parts/tones.ts';

export interface Moment {
  readonly at: string;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly by?: string | undefined;
  readonly tone: Tone;
}

/** Phases, attempts, gates and what people asked, oldest first. */
export function listMoments(
  { status, createdAt, requestedBy, version }: Pick<ReleaseAnswer, 'status' | 'createdAt' | 'requestedBy' | 'version'>,
  commands: readonly CommandOutcome[],
): readonly Moment[] {
  const moments: Moment[] = [
    { at: createdAt, title: `Version ${version} was asked for`, by: requestedBy, tone: 'calm' },
    ...(status?.attempts ?? [])
      .filter(({ number }) => number > 1)
      .map(({ number, cause, by, startedAt }) => ({
        at: startedAt,
        title: `Attempt ${number}`,
        detail: cause,
        by,
        tone: 'calm' as const,
      })),
    ...(status?.gates ?? []).flatMap(({ name, endedAt, outcome, message }) =>
      endedAt === undefined
        ? []
        : [{ at: endedAt, title: `${name}: ${outcome ?? ''}`, detail: message, tone: toneOfOutcome(outcome) }],
    ),
    ...(status?.checks ?? []).flatMap(({ name, endedAt, outcome, message }) =>
      endedAt === undefined
        ? []
        : [{ at: endedAt, title: `Check ${name}: ${outcome ?? ''}`, detail: message, tone: toneOfOutcome(outcome) }],
    ),
    ...commands.map(({ verb, at, outcome, message, requestedBy: by }) => ({
      at,
      title: `${verb} was ${outcome}`,
      detail: message,
      by,
      tone: toneOfOutcome(outcome),
    })),
    // What has led to a phase is noted at the same moment.
    ...(status?.transitions ?? []).map(({ phase, at, reason }) => ({
      at,
      title: describePhase(phase),
      detail: reason,
      tone: toneOfPhase(phase),
    })),
    ...milestones(status),
  ];
  return withoutRepeats(moments.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at)));
}

/** Why something failed is told where it is told first: gate, phase and end say the same. */
function withoutRepeats(moments: readonly Moment[]): readonly Moment[] {
  const told = new Set<string>();
  return moments.map((moment) => {
    if (moment.detail === undefined || !told.has(moment.detail)) {
      told.add(moment.detail ?? '');
      return moment;
    }
    return { ...moment, detail: undefined };
  });
}

function milestones(status: ReleaseAnswer['status']): readonly Moment[] {
  const named = [
    { at: status?.firstTrafficAt, title: 'First traffic' },
    { at: status?.trafficMovedAt, title: 'All traffic moved' },
    { at: status?.trafficReturnedAt, title: 'All traffic returned' },
    { at: status?.servedUntil, title: 'Another version took over' },
  ];
  return named.flatMap(({ at, title }) => (at === undefined ? [] : [{ at, title, tone: 'calm' as const }]));
}
