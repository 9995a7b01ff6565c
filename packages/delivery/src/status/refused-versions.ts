/** Versions that were rolled back, and are not tried again by themselves. */
import { formatTime } from '@slipway/kube/clock';
import type { Application, RefusedVersion } from '../api/application.ts';
import { isFinished, type Release, type ReleaseStatus } from '../api/release.ts';
import { askedOf, isAsked, type Asked } from '../asked.ts';
import type { Observation } from '../observation.ts';
import { statusOf } from '../release-changes.ts';
import { hasFailed } from './conditions.ts';

const maximumRefused = 10;

/** `h1:…/h1:…` of template and configuration. */
function refusedHash({ spec: { identity } }: Release): string {
  return `${identity.template}/${identity.configuration}`;
}

/** The refusal of what spec asks for now, unchanged since. */
export function findStanding({ application }: Observation, { attempt }: Asked): RefusedVersion | undefined {
  return application.status?.refused?.findLast((each) => each.lifted !== true && each.attempt === attempt);
}

/** It has failed, or its refusal stands: a person went back from it, or a new attempt of it was taken back. */
export function isRefused(application: Application, release: Release): boolean {
  const { phase } = statusOf(release);
  return phase === 'RolledBack' || phase === 'Failed' || isStandingAgainst(application, release);
}

/** What is said to be refused is this one, though others have failed since. */
export function findRefused({
  application,
  releases,
}: Pick<Observation, 'application' | 'releases'>): Release | undefined {
  return (
    releases.findLast((release) => isStandingAgainst(application, release)) ??
    releases.findLast((release) => isRefused(application, release))
  );
}

function isStandingAgainst({ status }: Application, release: Release): boolean {
  const isOver = isFinished(statusOf(release).phase);
  return isOver && status?.refused?.some((each) => each.lifted !== true && isAbout(each, release)) === true;
}

/** Another version may have the same content. */
function isAbout({ hash, version }: RefusedVersion, release: Release): boolean {
  return hash === refusedHash(release) && version === release.spec.version;
}

export interface Refusal {
  readonly release: Release;
  readonly by: string;
  readonly reason: string;
}

/**
 * The list with one refusal more, unless it stands there already: a release goes back through many looks. Of one that spec does
 * not ask for any more the refusal is lifted from the first.
 */
export function withRefusal(observation: Observation, refusal: Refusal, now: number): readonly RefusedVersion[] {
  const { application } = observation;
  const { release, by, reason } = refusal;
  const asked = askedOf(observation);
  const old = application.status?.refused ?? [];
  const isStanding = isAsked(observation, asked, release);
  const isKnown = (each: RefusedVersion): boolean =>
    each.lifted !== true || (!isStanding && each.by === by && each.reason === reason);
  if (old.some((each) => isAbout(each, release) && isKnown(each))) return old;
  const refused: RefusedVersion = {
    version: release.spec.version,
    hash: refusedHash(release),
    by,
    at: formatTime(now),
    reason,
    generation: application.metadata.generation ?? 0,
    ...(isStanding ? { attempt: asked.attempt } : { lifted: true }),
  };
  return [...old, refused].slice(-maximumRefused);
}

/** The list with what was refused of that version taken back. */
export function liftRefusal(refused: readonly RefusedVersion[], release: Release): readonly RefusedVersion[] {
  return refused.map((each) => (isAbout(each, release) && each.lifted !== true ? { ...each, lifted: true } : each));
}

/** The list as it stands: with the release on its way back, and with what spec does not ask for any more lifted. */
export function calculateRefused(
  observation: Observation,
  active: { readonly release: Release; readonly status: ReleaseStatus } | undefined,
  now: number,
): readonly RefusedVersion[] | undefined {
  const { ending } = active?.status ?? {};
  const all =
    active !== undefined && ending !== undefined && hasFailed(active.status)
      ? withRefusal(observation, { release: active.release, by: ending.by, reason: ending.reason }, now)
      : observation.application.status?.refused;
  const { attempt } = askedOf(observation);
  const succeeded = active?.status.phase === 'Succeeded' ? active.release : undefined;
  const left = succeeded === undefined ? all : liftRefusal(all ?? [], succeeded);
  return left?.map((each) => (each.lifted === true || each.attempt === attempt ? each : { ...each, lifted: true }));
}
