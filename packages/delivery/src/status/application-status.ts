/** What is written to the status of an Application. */
import type { ApplicationStatus, ServingVersion } from '../api/application.ts';
import { isFinished, type Release, type ReleaseStatus } from '../api/release.ts';
import type { Wanted } from '../next-release.ts';
import { labels } from '../names.ts';
import { splitWeights, viewOf, type Observation, type VersionView } from '../observation.ts';
import type { Step } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { applicationConditions } from './application-conditions.ts';
import { calculateRefused } from './refused-versions.ts';
import { versionSessions } from './version-sessions.ts';

export interface StatusInput {
  readonly observation: Observation;
  readonly active: Release | undefined;
  readonly step: Step;
  readonly now: number;
  readonly faults: readonly string[];
  readonly wanted: Wanted;
  /** What else is waited for: a route that ends, or the interlock. */
  readonly held: string | undefined;
}

export function applicationStatus(input: StatusInput): ApplicationStatus {
  const { observation, active, step, now, wanted } = input;
  const { application } = observation;
  const current = active === undefined ? undefined : { release: active, status: step.status };
  const busy = current === undefined || isFinished(step.status.phase) ? undefined : current;
  const serving = servingVersion(input);
  const view = mostTraffic(observation, serving);
  return {
    ...application.status,
    observedGeneration: application.metadata.generation,
    serving,
    candidate: busy === undefined ? undefined : nameOf(busy.release),
    lastNumber: lastNumber(observation),
    refused: calculateRefused(observation, current, now),
    settling: wanted.settling,
    sessions: versionSessions(observation),
    replicas: view?.pods.length ?? 0,
    readyReplicas: view?.ready.length ?? 0,
    selector:
      view === undefined
        ? undefined
        : `${labels.application}=${application.metadata.name ?? ''},${labels.release}=${nameOf(view.release)}`,
    phase: busy === undefined ? idlePhase(serving) : busy.status.phase,
    waitingFor: waitingFor(busy?.status, input),
    conditions: applicationConditions({ ...input, busy, serving: view }),
  };
}

function waitingFor(
  busy: ReleaseStatus | undefined,
  { wanted, held, observation: { failure } }: StatusInput,
): string | undefined {
  const sentences = [busy === undefined ? waitingForNext(wanted) : busy.waitingFor, held, failure];
  const said = sentences.filter((sentence) => sentence !== undefined);
  return said.length === 0 ? undefined : said.join('; ');
}

function waitingForNext({ unsynced, heldBack, settling }: Wanted): string | undefined {
  return settling === undefined
    ? (unsynced ?? heldBack)?.message
    : `the configuration, which changed at ${settling.since}, to settle`;
}

function servingVersion({ observation, active, step }: StatusInput): ServingVersion | undefined {
  return active !== undefined && step.status.phase === 'Succeeded'
    ? { version: active.spec.version, release: nameOf(active), hash: active.spec.identity.template }
    : observation.application.status?.serving;
}

/** An autoscaler is fed by the pods that do the work, not by those that stand by. */
function mostTraffic(observation: Observation, serving: ServingVersion | undefined): VersionView | undefined {
  const weights = splitWeights(observation);
  const views = observation.releases.map((release) => viewOf(observation, release));
  const share = ({ release, serving: pods }: VersionView): number =>
    (weights[nameOf(release)] ?? 0) * views.length + pods.length / (1 + observation.pods.length);
  const busiest = views.toSorted((a, b) => share(b) - share(a)).find((view) => share(view) > 0);
  return busiest ?? views.find(({ release }) => nameOf(release) === serving?.release);
}

function idlePhase(serving: ServingVersion | undefined): string {
  return serving === undefined ? 'Pending' : 'Stable';
}

function lastNumber({ application, releases }: Observation): number {
  const numbers = releases.map(({ spec }) => Number(spec.version)).filter((number) => Number.isInteger(number));
  return Math.max(application.status?.lastNumber ?? 0, ...numbers);
}
