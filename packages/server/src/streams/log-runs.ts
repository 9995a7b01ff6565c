/** Which logs an Application has just now. Pure. */
import { versionAnnotation } from '@slipway/delivery/api/version-labels';
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import type { LinePosition } from './pod-log-position.ts';

/** One run of a container: a restart is another one. */
export interface LogRun {
  /** Restarts before it. */
  readonly number: number;
  /** The API has it as the run before: of a container that runs again, or waits to. */
  readonly isPrevious: boolean;
  readonly isRunning: boolean;
  readonly startedAt?: string | undefined;
}

export interface LogContainer {
  /** No other has had it, or will. */
  readonly id: string;
  readonly pod: string;
  readonly container: string;
  readonly version: string | undefined;
  /** That the cluster has a log of, in their order: the last one, and the one before. */
  readonly runs: readonly LogRun[];
}

export interface LogChoice {
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
}

/** Containers that have written something or may, by pod and container. */
export function findLogContainers(pods: readonly Pod[], choice: LogChoice): readonly LogContainer[] {
  return pods
    .filter(({ metadata }) => choice.pod === undefined || metadata.name === choice.pod)
    .toSorted((one, other) => ((one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1))
    .flatMap(({ metadata, status }) =>
      [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
        .filter(({ name }) => choice.container === undefined || name === choice.container)
        .map((container) => ({
          id: `${metadata.uid ?? ''} ${container.name}`,
          pod: metadata.name ?? '',
          container: container.name,
          version: metadata.annotations?.[versionAnnotation],
          runs: runsOf(container),
        }))
        .filter(({ runs }) => runs.length > 0),
    );
}

/** While it waits to run again, the count of restarts is still that of the run that has ended. */
function runsOf({ state, lastState, restartCount }: ContainerStatus): readonly LogRun[] {
  const now = state?.running ?? state?.terminated;
  const before = lastState?.terminated;
  const endedNumber = now === undefined ? restartCount : restartCount - 1;
  const isRunning = state?.running !== undefined;
  return [
    ...(before === undefined || endedNumber < 0
      ? []
      : [{ number: endedNumber, isPrevious: true, isRunning: false, startedAt: before.startedAt }]),
    ...(now === undefined ? [] : [{ number: restartCount, isPrevious: false, isRunning, startedAt: now.startedAt }]),
  ];
}

/** Of what a reader is to be given next of a container. */
export interface RunsRead {
  /** Up to where; absent: he has nothing of it. */
  readonly position: LinePosition | undefined;
  /** The newest run of which nothing more can come. */
  readonly ended: number;
}

/** Runs one after the other. Who has nothing of a container begins with its last one: the others were over before he came. */
export function nextRun({ runs }: LogContainer, { position, ended }: RunsRead): LogRun | undefined {
  const last = runs.at(-1);
  if (position === undefined && ended < 0) return last;
  // A node that was set up anew may count from the beginning.
  const from = Math.min(position?.run ?? 0, last?.number ?? 0);
  return runs.find(({ number }) => number > ended && number >= from);
}

/** Containers that one reader is given at a time: as many as a position has room for, and as can be read at once. */
export const maximumContainers = 100;

export interface LogSelection {
  readonly containers: readonly LogContainer[];
  /** Beyond those. */
  readonly leftOut: number;
}

/** Those first that a reader has begun with: nobody loses one because others come. */
export function selectContainers(containers: readonly LogContainer[], isKnown: (id: string) => boolean): LogSelection {
  const known = containers.filter(({ id }) => isKnown(id));
  const others = containers.filter(({ id }) => !isKnown(id));
  const chosen = new Set([...known, ...others].slice(0, maximumContainers));
  return {
    containers: containers.filter((container) => chosen.has(container)),
    leftOut: containers.length - chosen.size,
  };
}
