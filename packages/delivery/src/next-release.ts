/** Which release spec asks for: none, one that there is, or a new one. */
import { formatTime } from '@slipway/kube/clock';
import type { Application, RefusedVersion, SettlingConfiguration } from './api/application.ts';
import { describeAsker } from './api/release-command.ts';
import { requestedGenerationAnnotation, requestOf, type Request } from './api/requested-by.ts';
import { isFinished, isOfVersion, type Release } from './api/release.ts';
import { adoptedRelease, findAdopted } from './adoption/adopted-release.ts';
import { askedOf, isAsked, isNumbered, type Asked } from './asked.ts';
import { activeRelease, isEnding, isReturnable, servedUntil, stableRelease } from './current-releases.ts';
import { environmentGiven } from './configuration/environment.ts';
import { findUnread } from './configuration/needs-beside.ts';
import { findLacking } from './lacking.ts';
import { digest, isSameIdentity, releaseName, replicaSetName } from './names.ts';
import { newRelease } from './new-release.ts';
import type { Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { nameOf } from './release-context.ts';
import { endGuard, restart, sendBack, statusOf } from './release-changes.ts';
import { findStanding } from './status/refused-versions.ts';

/** Why what serves is not what spec asks for, and nothing is done about it. */
export interface Unsynced {
  readonly reason: string;
  readonly message: string;
  /** Each for itself, where it is several things. */
  readonly all?: readonly Unsynced[] | undefined;
}

export interface Wanted {
  readonly actions: readonly Action[];
  readonly releases: readonly Release[];
  readonly unsynced?: Unsynced | undefined;
  /** Why spec itself keeps what it asks for from being begun. */
  readonly heldBack?: Unsynced | undefined;
  readonly settling?: SettlingConfiguration | undefined;
  readonly requeueAfter?: number | undefined;
  /** A version without a release yet: what serves is not what spec asks for. */
  readonly isNew?: boolean | undefined;
}

const settleMilliseconds = 2_000;
const readAgainMilliseconds = 5_000;

interface Question {
  readonly observation: Observation;
  readonly asked: Asked;
  readonly now: number;
}

/** Creates the Release that spec asks for, or says why there is none. What has been adopted is written down before anything else. */
export function planNextRelease(given: Observation, now: number): Wanted {
  const adopted = adoptedRelease(given);
  if (adopted === undefined) return planAsked(given, now);
  const { release, unread } = adopted;
  return unread.length > 0
    ? { ...awaitReading(unread), releases: given.releases }
    : { actions: planRecord(release), releases: given.releases, isNew: true };
}

/** Copies first: a Release names them. */
function planRecord(release: Release): readonly Action[] {
  return [
    { type: 'freezeConfiguration', release },
    { type: 'createRelease', release },
  ];
}

function planAsked(given: Observation, now: number): Wanted {
  const asked = askedOf(given);
  return asked.unread.length > 0
    ? { ...awaitReading(asked.unread), releases: given.releases }
    : planKnown(given, asked, now);
}

function planKnown(given: Observation, asked: Asked, now: number): Wanted {
  const observation: Observation = { ...given, releases: dropOutdated(given, asked, now) };
  const question: Question = { observation, asked, now };
  const same: Wanted = { actions: [], releases: observation.releases };
  const active = activeRelease(observation);
  const stable = stableRelease(observation);
  const refused = findStanding(observation, asked);
  const isStableAsked = stable !== undefined && isAsked(observation, asked, stable);
  // Also where it was refused: a person, or its group, tries it once more.
  if (active !== undefined && isAsked(observation, asked, active) && !isEnding(active)) return same;
  if (refused !== undefined)
    return isStableAsked && active === undefined ? same : { ...same, unsynced: describeRefusal(refused) };
  if (isStableAsked) return { ...same, releases: stayWithStable(question, active) };
  return isNewestAsked(question) ? same : planUnlessHeld(question, same);
}

/** It waits for its turn. */
function isNewestAsked({ observation, asked }: Question): boolean {
  const newest = observation.releases.at(-1);
  return newest !== undefined && isAsked(observation, asked, newest) && !isFinished(statusOf(newest).phase);
}

function planUnlessHeld(question: Question, same: Wanted): Wanted {
  const heldBack = findHold(question.observation);
  return heldBack === undefined ? planOther(question, same) : { ...same, heldBack };
}

/** Nothing new is begun; what goes back to stable does not wait for that. */
function findHold({ application: { spec } }: Observation): Unsynced | undefined {
  if (spec.paused === true)
    return { reason: 'SpecPaused', message: 'spec asks for another version, and spec.paused is true: set it to false' };
  if (spec.replicas === 0)
    return { reason: 'ScaledToZero', message: 'spec asks for another version, and spec.replicas is 0: set it to more' };
  return undefined;
}

/** An error while reading is never a change: until everything is read, spec asks for what it asked for before. */
function awaitReading(unread: Asked['unread'], who = 'pods are given'): Omit<Wanted, 'releases'> {
  const message = `${who} what cannot be read now: ${unread.join(', ')}`;
  return {
    actions: [],
    unsynced: { reason: 'ConfigurationUnread', message },
    requeueAfter: readAgainMilliseconds,
  };
}

/** Of releases that have not begun only the newest is kept, and only if spec still asks for it. */
function dropOutdated(observation: Observation, asked: Asked, now: number): readonly Release[] {
  const { releases } = observation;
  const isOutdated = (release: Release): boolean =>
    statusOf(release).phase === 'Pending' &&
    (statusOf(release).attempts ?? []).length === 0 &&
    release !== activeRelease(observation) &&
    !isAsked(observation, asked, release);
  return releases
    .filter(isOutdated)
    .reduce(
      (all, release) =>
        sendBack(all, release, { now, phase: 'Superseded', by: 'spec', reason: 'spec asks for another version' }),
      releases,
    );
}

/** The stable template again is an abort of what is under way. */
function stayWithStable({ observation, asked, now }: Question, active: Release | undefined): readonly Release[] {
  const { releases } = observation;
  const reason = 'spec asks for the stable version again';
  return active === undefined || isAsked(observation, asked, active) || isEnding(active) || isByPerson(active)
    ? releases
    : sendBack(releases, active, { now, phase: 'Superseded', by: 'spec', reason });
}

/** A rollback that a person asked for is not taken back by the spec that it answers. */
function isByPerson(release: Release): boolean {
  return statusOf(release).attempts?.at(-1)?.cause === 'rollback';
}

function describeRefusal({ version, at, reason }: RefusedVersion): Unsynced {
  return {
    reason: 'VersionRefused',
    message: `version ${version} was refused at ${at}: ${reason}; change spec or retry`,
  };
}

/** Neither stable nor under way: a kept version, a configuration that still changes, or something new. */
function planOther(question: Question, same: Wanted): Wanted {
  const { observation, asked } = question;
  const kept = findKept(observation, asked);
  if (kept !== undefined) return { ...same, ...returnTo(question, kept) };
  const namesake = findNamesake(observation, asked);
  if (namesake !== undefined) return { ...same, unsynced: describeNamesake(namesake) };
  const lacks = findLacking({ ...observation, asked });
  if (lacks.length > 0)
    return createNext(question, { lacking: { reason: 'ConfigurationMissing', message: lacks.join('; ') } });
  const unread = findUnread(observation);
  if (unread.length > 0) return { ...same, ...awaitReading(unread, 'hooks and checks need') };
  const settling = settlingOf(question);
  const left = settling === undefined ? 0 : Date.parse(settling.since) + settleMilliseconds - question.now;
  return left > 0 ? { ...same, settling, requeueAfter: left } : createNext(question, { settling });
}

/** A version with the same content that ended before: by name where spec gives one, or else one that has served. */
function findKept(observation: Observation, asked: Asked): Release | undefined {
  const { version } = observation.application.spec;
  const isKept = (release: Release): boolean =>
    isAsked(observation, asked, release) &&
    isFinished(statusOf(release).phase) &&
    (!isNumbered(version) || servedUntil(release) !== undefined);
  return observation.releases.findLast(isKept);
}

/** Inside the window a version that has served needs no gates. */
function returnTo({ observation, now }: Question, kept: Release): Partial<Wanted> {
  const promotedBy = isReturnable(observation, kept, now) ? 'the rollback window' : undefined;
  const active = activeRelease(observation);
  const version = kept.spec.version;
  const others = active === undefined ? observation.releases : makeWay({ observation, now, active, version });
  const request = findRequest(observation);
  const by = request === undefined ? 'spec' : describeAsker(request.by);
  return { releases: restart(others, kept, { now, cause: 'deploy', by, promotedBy }), isNew: true };
}

/** Of the change of spec that this is about. What comes after it at the same generation is a change of configuration, by others. */
function findRequest({ application, releases }: Observation): Request | undefined {
  const request = requestOf(application.metadata);
  const isAnswered = releases.some(
    ({ metadata }) => metadata.annotations?.[requestedGenerationAnnotation] === String(request?.generation),
  );
  return isAnswered ? undefined : request;
}

function findNamesake({ application: { spec }, releases }: Observation, asked: Asked): Release | undefined {
  return isNumbered(spec.version)
    ? undefined
    : releases.find(
        (release) =>
          release.spec.version === spec.version && release.spec.identity.template !== asked.identity.template,
      );
}

function describeNamesake({ spec, metadata }: Release): Unsynced {
  return {
    reason: 'VersionExists',
    message: `version ${spec.version} exists with other content since ${metadata.creationTimestamp ?? ''}: give the new content a version of its own`,
  };
}

/** Names of objects know neither capitals nor most signs. */
function describeSameName({ spec, metadata }: Release, version: string): Unsynced {
  return {
    reason: 'VersionExists',
    message: `version ${version} would have the Release ${metadata.name ?? ''}, which is that of version ${spec.version}: give it a version that differs by more than capitals and signs`,
  };
}

/** Only a change of configuration alone is waited for; a change of the template takes along what there is. */
function settlingOf({ observation, asked, now }: Question): SettlingConfiguration | undefined {
  const newest = observation.releases.at(-1);
  const { identity } = asked;
  if (newest === undefined || newest.spec.identity.template !== identity.template) return undefined;
  if (newest.spec.identity.configuration === identity.configuration) return undefined;
  const known = observation.application.status?.settling;
  return known?.hash === identity.configuration ? known : { hash: identity.configuration, since: formatTime(now) };
}

interface Circumstances {
  readonly settling?: SettlingConfiguration | undefined;
  /** Keeps it from being begun, and not from being tried: everything that is against it is told at once. */
  readonly lacking?: Unsynced | undefined;
}

/** Written as a record at last, once everything that its record says is known and the API server would take it. */
function createNext(question: Question, circumstances: Circumstances): Wanted {
  const drafted = draftNext(question);
  return drafted.state === 'kept' ? drafted.wanted : tryDraft(question, drafted, circumstances);
}

interface Draft {
  readonly state: 'drafted';
  readonly release: Release;
  /** Names what is tried: this content as this version, behind this Service. */
  readonly attempt: string;
}

/** The record as it would be, or why there can be none yet. */
function draftNext(question: Question): Draft | { readonly state: 'kept'; readonly wanted: Wanted } {
  const { observation, asked } = question;
  const { application, releases } = observation;
  const version = nextVersion(observation, asked);
  const name = releaseName(application.metadata.name ?? '', version);
  const other = releases.find((each) => nameOf(each) === name && each.spec.version !== version);
  if (other !== undefined)
    return { state: 'kept', wanted: { actions: [], releases, unsynced: describeSameName(other, version) } };
  const adopted = findAdopted(observation, name);
  const setName = replicaSetName({ application: application.metadata.name ?? '', version, adopted });
  const environment = environmentFor(question, setName);
  if (environment.unread.length > 0)
    return { state: 'kept', wanted: { ...awaitReading(environment.unread), releases } };
  const content = { identity: asked.identity, frozen: { ...asked.frozen, ...environment.frozen } };
  const request = findRequest(observation);
  const release = newRelease(application, { version, asked: content, name, adopted, request });
  const attempt = `${asked.attempt}/${version}/${digest(application.spec.service ?? {})}`;
  return { state: 'drafted', release, attempt };
}

/** Tried first, so that what the API server would refuse leaves nothing half begun. */
function tryDraft(
  { observation, now }: Question,
  { release, attempt }: Draft,
  { settling, lacking }: Circumstances,
): Wanted {
  const { releases, trial } = observation;
  const isTried = trial?.attempt === attempt && (trial.refusal === undefined || now - trial.at < trial.standsFor);
  const waiting: Wanted =
    lacking === undefined
      ? { actions: [], releases, settling, isNew: true }
      : { actions: [], releases, unsynced: lacking };
  if (!isTried) return { ...waiting, actions: [{ type: 'tryRelease', release, attempt }] };
  if (trial.refusal !== undefined)
    return {
      ...waiting,
      unsynced: joined(lacking, trial.refusal),
      requeueAfter: Number.isFinite(trial.standsFor) ? trial.at + trial.standsFor - now : undefined,
    };
  if (lacking !== undefined) return waiting;
  const active = activeRelease(observation);
  const { version } = release.spec;
  return {
    ...waiting,
    actions: planRecord(release),
    releases: active === undefined ? releases : makeWay({ observation, now, active, version }),
  };
}

function joined(lacking: Unsynced | undefined, refusal: Unsynced): Unsynced {
  if (lacking === undefined) return refusal;
  const message = `${lacking.message}; ${refusal.message}`;
  return { ...lacking, message, all: [lacking, ...(refusal.all ?? [refusal])] };
}

/** What serves already, and only has no record, goes on with what its pods are given. */
function environmentFor({ observation, asked }: Question, setName: string): Asked['environment'] {
  const { application, replicaSets } = observation;
  const template = replicaSets.find(({ metadata }) => metadata.name === setName)?.spec?.template;
  return template === undefined
    ? asked.environment
    : { frozen: environmentGiven(template, application.metadata.name ?? ''), unread: [] };
}

/** The next number, the version that spec names, or the next configuration of it. */
function nextVersion({ application: { spec, status }, releases }: Observation, asked: Asked): string {
  const { version } = spec;
  if (isNumbered(version)) return lostVersion({ status, releases }, asked) ?? String((status?.lastNumber ?? 0) + 1);
  const same = releases.filter(
    (release) => isOfVersion(release, version) && release.spec.identity.template === asked.identity.template,
  );
  if (same.some((release) => isSameIdentity(release.spec.identity, asked.identity)) || same.length === 0)
    return version;
  const numbers = same.map((release) => Number(release.spec.version.slice(version.length + 2)) || 1);
  return `${version}-c${Math.max(...numbers) + 1}`;
}

/** What serves goes on under its own number where only its record was deleted: everything that it needs is there. */
function lostVersion(
  { status, releases }: Pick<Observation, 'releases'> & Pick<Application, 'status'>,
  { identity }: Asked,
): string | undefined {
  const serving = status?.serving;
  const isLost = serving !== undefined && !releases.some(({ metadata }) => metadata.name === serving.release);
  return isLost && serving.hash === identity.template ? serving.version : undefined;
}

interface Way {
  readonly observation: Observation;
  readonly now: number;
  readonly active: Release;
  readonly version: string;
}

/** Only the newest is released: what is under way ends, unless it is about to become the first version that serves. */
function makeWay({ observation, now, active, version }: Way): readonly Release[] {
  const { releases } = observation;
  const { phase } = statusOf(active);
  if (isEnding(active)) return releases;
  if (phase === 'Guarding') return endGuard(releases, active, now);
  const isFirst = stableRelease(observation) === undefined && phase === 'Promoting';
  const reason = `version ${version} was asked for meanwhile`;
  return isFirst ? releases : sendBack(releases, active, { now, phase: 'Superseded', by: 'spec', reason });
}
