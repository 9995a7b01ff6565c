/** What is written to the status of an Application. */
import type { ApplicationStatus, ServingVersion } from '../api/application.ts';
import { isFinished, type Release } from '../api/release.ts';
import type { Unsynced } from '../next-release.ts';
import { labels } from '../names.ts';
import { viewOf, type Observation } from '../observation.ts';
import type { Step } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { applicationConditions } from './application-conditions.ts';
import { calculateRefused } from './refused-versions.ts';

export interface StatusInput {
  readonly observation: Observation;
  readonly active: Release | undefined;
  readonly step: Step;
  readonly now: number;
  readonly faults: readonly string[];
  readonly unsynced: Unsynced | undefined;
}

export function applicationStatus(input: StatusInput): ApplicationStatus {
  const { observation, active, step, now } = input;
  const { application } = observation;
  const old = application.status ?? {};
  const busy = active === undefined || isFinished(step.status.phase) ? undefined : active;
  const serving = servingVersion(input);
  const stable = observation.releases.find((release) => nameOf(release) === serving?.release);
  const view = stable === undefined ? undefined : viewOf(observation, stable);
  const phase = busy === undefined ? idlePhase(serving) : step.status.phase;
  return {
    ...old,
    observedGeneration: application.metadata.generation,
    serving,
    candidate: busy === undefined ? undefined : nameOf(busy),
    lastNumber: lastNumber(observation),
    refused: calculateRefused(
      observation,
      active === undefined ? undefined : { release: active, status: step.status },
      now,
    ),
    replicas: view?.pods.length ?? 0,
    readyReplicas: view?.ready.length ?? 0,
    selector: serving === undefined ? undefined : `${labels.release}=${serving.release}`,
    phase,
    waitingFor: busy === undefined ? undefined : step.status.waitingFor,
    conditions: applicationConditions({ ...input, phase, available: (view?.serving.length ?? 0) > 0 }),
  };
}

function servingVersion({ observation, active, step }: StatusInput): ServingVersion | undefined {
  return active !== undefined && step.status.phase === 'Succeeded'
    ? { version: active.spec.version, release: nameOf(active), hash: active.spec.identity.template }
    : observation.application.status?.serving;
}

function idlePhase(serving: ServingVersion | undefined): string {
  return serving === undefined ? 'Pending' : 'Stable';
}

function lastNumber({ application, releases }: Observation): number {
  const numbers = releases.map(({ spec }) => Number(spec.version)).filter((number) => Number.isInteger(number));
  return Math.max(application.status?.lastNumber ?? 0, ...numbers);
}
