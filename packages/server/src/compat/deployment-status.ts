/** What became of a deployment, calculated from its release. Pure. */
import type { Application } from '@slipway/delivery/api/application';
import { isOfVersion, type Release, type ReleaseAttempt } from '@slipway/delivery/api/release';
import type { AttemptKey, DeploymentRecord } from './deployment-store.ts';

export const deploymentStatuses = ['DEPLOYING', 'DEPLOYED', 'UNDEPLOYING', 'UNDEPLOYED', 'FAILURE'] as const;
export type DeploymentStatus = (typeof deploymentStatuses)[number];

export interface Outcome {
  readonly status: DeploymentStatus;
  /** When it came to be so, where it has ended. */
  readonly at?: string | undefined;
  /** Why, where that is not the release's to say. */
  readonly reason?: string | undefined;
}

export interface Observation {
  /** As it is in the cluster; absent: it is gone. */
  readonly application: Application | undefined;
  /** The linked release, as it was seen last. */
  readonly release: Release | undefined;
  /** Those of the application, as they are in the cluster. */
  readonly releases: readonly Release[];
  /** Why the command that asked for another attempt was refused. */
  readonly refusal?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Within which a server that lives has asked the cluster, or noted that it was refused. */
const askingMilliseconds = 60_000;

export function calculateOutcome(record: DeploymentRecord, observation: Observation): Outcome {
  if (record.refusal !== undefined) return { status: 'FAILURE', at: record.created, reason: record.refusal };
  const outcome =
    record.release === undefined ? withoutRelease(record, observation) : ofRelease(record.release, record, observation);
  return record.undeployment === undefined ? outcome : undeployed(record, outcome, observation);
}

function undeployed(
  { undeployment, application: uid }: DeploymentRecord,
  outcome: Outcome,
  { application }: Observation,
): Outcome {
  const at = undeployment?.at;
  const isGoing =
    undeployment?.of === 'application' ? application?.metadata.uid === uid : outcome.status === 'DEPLOYING';
  return { status: isGoing ? 'UNDEPLOYING' : 'UNDEPLOYED', at };
}

/** The attempt that this deployment asked for: the first one since. */
export function findAttempt(
  { attemptsBefore, version }: DeploymentRecord,
  releases: readonly Release[],
): AttemptKey | undefined {
  const found = releases.flatMap((release) => {
    const { metadata, status } = release;
    const before = attemptsBefore[metadata.uid ?? ''] ?? 0;
    const next = (status?.attempts ?? []).find(({ number }) => number > before);
    if (!isOfVersion(release, version) || next === undefined) return [];
    return [{ uid: metadata.uid ?? '', attempt: next.number, startedAt: next.startedAt }];
  });
  const [first] = found.toSorted((one, other) => (one.startedAt < other.startedAt ? -1 : 1));
  return first === undefined ? undefined : { uid: first.uid, attempt: first.attempt };
}

export function countAttempts(releases: readonly Release[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    releases.map(({ metadata, status }) => [metadata.uid ?? '', status?.attempts?.at(-1)?.number ?? 0]),
  );
}

function withoutRelease(record: DeploymentRecord, observation: Observation): Outcome {
  const { application, refusal, now } = observation;
  const { generation, created } = record;
  const fail = (reason: string): Outcome => ({ status: 'FAILURE', reason });
  if (generation === undefined)
    return now - Date.parse(created) < askingMilliseconds
      ? { status: 'DEPLOYING' }
      : fail('the server ended before the cluster had answered: deploy again');
  if (application === undefined || application.metadata.uid !== record.application)
    return fail('the application was removed before a release began');
  if (refusal !== undefined) return fail(refusal);
  const { conditions = [], observedGeneration = 0, candidate } = application.status ?? {};
  const invalid = conditions.find(({ type, status }) => type === 'Valid' && status === 'False');
  if (invalid !== undefined && observedGeneration >= generation) return fail(invalid.message);
  if (observedGeneration > generation) return fail('the application was changed again before a release began');
  const isSettled = observedGeneration === generation && candidate === undefined;
  return { status: isSettled && servedAlready(record, observation) ? 'DEPLOYED' : 'DEPLOYING' };
}

/**
 * Nothing in it was new but how many pods there are. A release that it has begun is linked when it is written down: whoever
 * hears that it is deployed finds its whole log.
 */
function servedAlready(record: DeploymentRecord, { application, releases, now }: Observation): boolean {
  const { serving } = application?.status ?? {};
  if (serving?.version !== record.version || findAttempt(record, releases) !== undefined) return false;
  const isSeen = releases.some(({ metadata }) => metadata.name === serving.release);
  return isSeen || now - Date.parse(record.created) >= askingMilliseconds;
}

function ofRelease({ attempt: number }: AttemptKey, record: DeploymentRecord, observation: Observation): Outcome {
  const { release, application } = observation;
  const attempt = release?.status?.attempts?.find((each) => each.number === number);
  // Only the last ones are kept, and only what has ended is followed by another.
  if (release === undefined || attempt === undefined) return { status: 'UNDEPLOYED' };
  const { outcome, endedAt } = attempt;
  // As with the deployer: the traffic is there. Should the guard take it back, it is a failure.
  if (outcome === undefined && release.status?.phase === 'Guarding') return { status: 'DEPLOYED' };
  if (outcome === undefined)
    return application !== undefined && application.metadata.uid === record.application
      ? { status: 'DEPLOYING' }
      : { status: 'FAILURE', reason: 'the application was removed before its release had ended' };
  if (outcome !== 'Succeeded') return { status: 'FAILURE', at: endedAt };
  return { status: isServing(release, attempt, observation) ? 'DEPLOYED' : 'UNDEPLOYED', at: endedAt };
}

function isServing({ metadata, status }: Release, { number }: ReleaseAttempt, { application }: Observation): boolean {
  if (application?.status?.serving?.release !== metadata.name) return false;
  // A later attempt that is under way, or has failed, leaves what this one made.
  return !(status?.attempts ?? []).some((later) => later.number > number && later.outcome === 'Succeeded');
}
