/** Objects in words, for `slipway describe` and `slipway releases`. */
import { age, humanDuration } from '@slipway/cluster/schema/columns';
import type { Application, ApplicationStatus } from '@slipway/delivery/api/application';
import type { DeliveryCondition } from '@slipway/delivery/api/condition';
import { describeAsker } from '@slipway/delivery/api/release-command';
import type { ReleaseGroup } from '@slipway/delivery/api/release-group';
import type { Release } from '@slipway/delivery/api/release';
import { describeAnswer } from '@slipway/delivery/gates/health';
import { table } from './output.ts';

export function describeApplication({ metadata, spec, status }: Application, now: number): readonly string[] {
  return [
    ...fields([
      ['Application', `${metadata.namespace ?? ''}/${metadata.name ?? ''}`],
      ['Phase', status?.phase ?? 'Pending'],
      ...describeRoles(status),
      ...optional('Depends on', spec.dependsOn?.join(', ')),
      ['Replicas', `${status?.readyReplicas ?? 0} of ${spec.replicas ?? 1} ready`],
      ['Waiting for', status?.waitingFor ?? '-'],
    ]),
    ...describeSessions(status),
    ...describeRefused(status, now),
    ...describeConditions(status?.conditions, { said: status?.waitingFor, now }),
  ];
}

export function describeGroup({ metadata, spec, status }: ReleaseGroup, now: number): readonly string[] {
  return [
    ...fields([
      ['ReleaseGroup', `${metadata.namespace ?? ''}/${metadata.name ?? ''}`],
      ['Phase', status?.phase ?? 'Pending'],
      ['Released', status?.released ?? `0/${spec.members.length}`],
      ['Goes back', spec.abortTogether === true ? 'together, the last one first' : 'each for itself'],
      ['Waiting for', status?.waitingFor ?? '-'],
    ]),
    ...section(
      'Members',
      ['NAME', 'PHASE', 'VERSION', 'WAITING FOR'],
      (status?.members ?? []).map(({ name, phase, version, waitingFor }) => [
        name,
        phase,
        version ?? '-',
        waitingFor ?? '-',
      ]),
    ),
    ...describeConditions(status?.conditions, { said: status?.waitingFor, now }),
  ];
}

function describeConditions(
  conditions: readonly DeliveryCondition[] = [],
  { said, now }: { readonly said: string | undefined; readonly now: number },
): readonly string[] {
  return section(
    'Conditions',
    ['TYPE', 'STATUS', 'AGE', 'REASON', 'MESSAGE'],
    conditions.map(({ type, status, lastTransitionTime, reason, message }) => [
      type,
      status,
      age(lastTransitionTime, now),
      reason,
      // Said above already.
      withoutRepeat(message, said),
    ]),
  );
}

/** Under guard the candidate has all traffic, though the version before is the stable one until that ends. */
function describeRoles(status: ApplicationStatus | undefined): ReadonlyArray<readonly [string, string]> {
  const { phase, serving, candidate } = status ?? {};
  return phase === 'Guarding' && candidate !== undefined && serving !== undefined
    ? [
        ['Serving', `release ${candidate}, which the guard watches`],
        ['Stands by', describeServing(serving)],
      ]
    : [
        ['Serving', describeServing(serving)],
        ['Candidate', candidate ?? '-'],
      ];
}

function describeServing(serving: ApplicationStatus['serving']): string {
  return serving === undefined ? '(nothing yet)' : `version ${serving.version} (release ${serving.release})`;
}

/** What was tried again, or is not asked for any more, is in the list of releases. */
function describeRefused(status: ApplicationStatus | undefined, now: number): readonly string[] {
  const standing = (status?.refused ?? []).filter(({ lifted }) => lifted !== true);
  return section(
    'Refused',
    ['VERSION', 'AGE', 'BY', 'REASON'],
    standing.map(({ version, at, by, reason }) => [version, age(at, now), by, reason]),
  );
}

/** A gateway that has just started may not have seen those of a version yet. */
function describeSessions(status: ApplicationStatus | undefined): readonly string[] {
  return section(
    'Sessions',
    ['VERSION', 'SESSIONS', 'PODS', 'RELEASE'],
    (status?.sessions ?? []).map(({ version, count, pods, release }) => [
      version,
      String(count ?? 'unknown'),
      String(pods),
      release,
    ]),
  );
}

export function describeRelease(release: Release, now: number): readonly string[] {
  const { status } = release;
  return [...releaseFields(release, now), ...verdictsOf(status), ...courseOf(status, now)];
}

function releaseFields({ metadata, spec, status }: Release, now: number): readonly string[] {
  const weights = Object.entries(status?.split?.weights ?? {}).map(([name, weight]) => `${name} ${weight} %`);
  const waiting =
    status?.waitingFor === undefined ? '-' : `${status.waitingFor} (for ${age(status.waitingSince, now)})`;
  return fields([
    ['Release', `${metadata.namespace ?? ''}/${metadata.name ?? ''}`],
    ['Version', `${spec.version} of ${spec.application}, by ${spec.strategy.type}`],
    ...optional('Previous', status?.previous),
    ['Phase', status?.phase ?? 'Pending'],
    ...optional('Step', status?.step),
    ['Waiting for', waiting],
    ['Split', weights.join(', ') || '-'],
  ]);
}

/** What was asked of the version, and how it answered. */
function verdictsOf(status: Release['status']): readonly string[] {
  return [
    ...section(
      'Gates',
      ['NAME', 'OUTCOME', 'MESSAGE'],
      (status?.gates ?? []).map(({ name, outcome, message }) => [name, outcome ?? 'running', message ?? '']),
    ),
    ...section(
      'Checks',
      ['NAME', 'DURING', 'OUTCOME', 'LAST', 'MESSAGE'],
      (status?.checks ?? []).map(({ name, during, outcome, measurements, message }) => [
        name,
        during,
        outcome ?? 'running',
        measurements.at(-1)?.value ?? '-',
        message ?? '',
      ]),
    ),
    ...section(
      'Health',
      ['ANSWER'],
      (status?.health ?? []).map((answer) => [describeAnswer(answer)]),
    ),
  ];
}

/** What happened to it, and who asked for what. */
function courseOf(status: Release['status'], now: number): readonly string[] {
  return [
    ...section(
      'Transitions',
      ['AGE', 'PHASE', 'REASON'],
      (status?.transitions ?? []).map(({ phase, at, reason }) => [age(at, now), phase, reason ?? '']),
    ),
    ...section(
      'Commands',
      ['AGE', 'VERB', 'BY', 'OUTCOME', 'MESSAGE'],
      (status?.commands ?? []).map(({ verb, requestedBy, at, outcome, message }) => [
        age(at, now),
        verb,
        describeAsker(requestedBy),
        outcome,
        message,
      ]),
    ),
  ];
}

/** Newest first, as `kubectl get` would show them. */
export function describeReleases(releases: readonly Release[], now: number): string {
  return table(
    ['VERSION', 'PHASE', 'STRATEGY', 'AGE', 'TOOK', 'REASON'],
    releases
      .toSorted(newestFirst)
      .map((release) => [
        release.spec.version,
        release.status?.phase ?? 'Pending',
        release.spec.strategy.type,
        age(timeOf(release), now),
        duration(release),
        reasonOf(release),
      ]),
  );
}

/**
 * What waits has not begun, and comes last. As instants: a creation is known to the second, `12:00:00Z`, and as a text that is
 * after `12:00:00.5Z`.
 */
function newestFirst(a: Release, b: Release): number {
  return Number(isWaiting(b)) - Number(isWaiting(a)) || Date.parse(timeOf(b)) - Date.parse(timeOf(a));
}

function isWaiting({ status }: Release): boolean {
  return status?.startedAt === undefined && (status?.phase ?? 'Pending') === 'Pending';
}

function reasonOf({ status }: Release): string {
  const waiting = status?.waitingFor === undefined ? '' : `waits for ${status.waitingFor}`;
  return status?.ending?.reason ?? waiting;
}

function timeOf({ metadata, status }: Release): string {
  return status?.startedAt ?? metadata.creationTimestamp ?? '';
}

function duration({ status }: Release): string {
  if (status?.startedAt === undefined || status.finishedAt === undefined) return '-';
  return humanDuration(Date.parse(status.finishedAt) - Date.parse(status.startedAt));
}

/** No line where there is nothing to say. */
function optional(name: string, value: string | undefined): ReadonlyArray<readonly [string, string]> {
  return value === undefined ? [] : [[name, value]];
}

function fields(pairs: ReadonlyArray<readonly [string, string]>): readonly string[] {
  return pairs.map(([name, value]) => `${name.padEnd(13)} ${value}`);
}

function withoutRepeat(message: string, said: string | undefined): string {
  if (said === undefined || said === '') return message;
  return message === said ? '' : message.replace(said, '(see above)');
}

/** Nothing where there is nothing to say. */
function section(title: string, header: readonly string[], rows: ReadonlyArray<readonly string[]>): readonly string[] {
  if (rows.length === 0) return [];
  const lines = table(header, rows).split('\n');
  return ['', title, ...lines.map((line) => `  ${line.trimEnd()}`)];
}
