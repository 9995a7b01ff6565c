/** In which order statuses are written: what later looks decide by first, what only tells how things stand beside the actions. */
import { isSameJson, isSameJsonBut } from '@slipway/kube/json-equality';
import type { ApplicationStatus } from '../api/application.ts';
import type { Release, ReleasePhase, ReleaseStatus } from '../api/release.ts';
import { isLost } from '../lost-versions.ts';
import type { Observation } from '../observation.ts';
import type { Decision } from '../plan.ts';
import { nameOf } from '../release-context.ts';

/** The status of the Application, or of the release of that name. */
export type StatusWrite =
  | { readonly of: 'application'; readonly status: ApplicationStatus }
  | { readonly of: 'release'; readonly release: Release; readonly status: ReleaseStatus };

export interface StatusWrites {
  /** One after the other, before anything is done. */
  readonly first: readonly StatusWrite[];
  /** In no order: a controller that ends before them loses nothing that the next one does not see for itself. */
  readonly beside: readonly StatusWrite[];
}

const tellingOfApplication: ReadonlySet<string> = new Set<keyof ApplicationStatus>([
  'phase',
  'waitingFor',
  'replicas',
  'readyReplicas',
  'selector',
  'conditions',
]);

/** `progressedAt` changes only with a phase, which is written first, and with what was done: without it the deadline is earlier. */
const tellingOfRelease: ReadonlySet<string> = new Set<keyof ReleaseStatus>([
  'observedGeneration',
  'waitingFor',
  'waitingSince',
  'progressedAt',
  'split',
  'replicas',
  'conditions',
]);

const silentPhases: ReadonlySet<ReleasePhase> = new Set(['Promoting', 'RollingBack']);
const silentMilliseconds = 200;

/**
 * How long nothing is told yet, in milliseconds: all traffic moves in steps of a few milliseconds each, and a write at every
 * one of them would take longer than the steps. Undefined: what there is to tell is written.
 */
export function calculateSilence({ phase, transitions }: ReleaseStatus, now: number): number | undefined {
  const last = transitions?.at(-1);
  if (last === undefined || last.phase !== phase || !silentPhases.has(phase)) return undefined;
  const elapsed = now - Date.parse(last.at);
  // A clock that was set back would keep it silent for as long.
  return elapsed >= 0 && elapsed < silentMilliseconds ? silentMilliseconds - elapsed : undefined;
}

/**
 * A release remembers that it goes back before anything moves; that of the Application comes before those of its releases,
 * for which version serves and which is refused must be known when a release that has ended is looked at.
 */
export function planStatusWrites(decision: Decision, { application, releases }: Observation): StatusWrites {
  const { applicationStatus: status, releaseStatuses } = decision;
  const own: readonly StatusWrite[] =
    status === undefined || isSameJson(status, application.status) ? [] : [{ of: 'application', status }];
  // What is created by this very decision, or has no record any more, has nothing to write to.
  const others = releases.flatMap((release): readonly StatusWrite[] => {
    const next = releaseStatuses.get(nameOf(release));
    return next === undefined || isLost(release) ? [] : [{ of: 'release', release, status: next }];
  });
  const isTelling = (write: StatusWrite): boolean =>
    write.of === 'application'
      ? isTellingOfApplication(write.status, application.status)
      : isTellingOfRelease(write.status, write.release.status);
  const all = [...own, ...others];
  const beside = decision.isSilent === true ? [] : all.filter(isTelling);
  return { first: all.filter((write) => !isTelling(write)), beside };
}

/** Whether later looks decide as they would without the change. */
export function isTellingOfApplication(status: object, before: object | undefined): boolean {
  return isSameBut(tellingOfApplication, status, before);
}

export function isTellingOfRelease(status: object, before: object | undefined): boolean {
  return isSameBut(tellingOfRelease, status, before);
}

function isSameBut(fields: ReadonlySet<string>, status: object, before: object | undefined): boolean {
  return before !== undefined && isSameJsonBut(fields, status, before);
}
