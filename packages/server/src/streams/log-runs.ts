/** Which logs an Application has just now. Pure. */
import { versionAnnotation } from '@slipway/delivery/api/version-labels';
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { runKey } from './pod-log-position.ts';

/** One run of a container: a restart is another one. */
export interface LogRun {
  readonly key: string;
  /** The same for all runs of a container. */
  readonly of: string;
  readonly pod: string;
  readonly container: string;
  readonly version: string | undefined;
  /** Of the container, before the one that it has now. */
  readonly isPrevious: boolean;
  readonly isRunning: boolean;
}

export interface LogChoice {
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
}

/**
 * Runs that have written something or may, by pod and container. Of runs that a restart has ended those alone that a reader
 * has begun with: others were over before he came.
 */
export function findLogRuns(
  pods: readonly Pod[],
  choice: LogChoice,
  isKnown: (key: string) => boolean,
): readonly LogRun[] {
  return pods
    .filter(({ metadata }) => choice.pod === undefined || metadata.name === choice.pod)
    .toSorted((one, other) => ((one.metadata.name ?? '') < (other.metadata.name ?? '') ? -1 : 1))
    .flatMap((pod) =>
      [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
        .filter(({ name }) => choice.container === undefined || name === choice.container)
        .flatMap((status) => runsOf(pod, status, isKnown)),
    );
}

function runsOf(
  { metadata }: Pod,
  { name, state, lastState, restartCount }: ContainerStatus,
  isKnown: (key: string) => boolean,
): readonly LogRun[] {
  const own = {
    of: `${metadata.uid ?? ''} ${name}`,
    pod: metadata.name ?? '',
    container: name,
    version: metadata.annotations?.[versionAnnotation],
  };
  const keyOf = (restarts: number): string => runKey(`${own.of} ${restarts}`);
  const isRunning = state?.running !== undefined;
  const hasStarted = isRunning || state?.terminated !== undefined;
  const current = hasStarted ? [{ ...own, key: keyOf(restartCount), isPrevious: false, isRunning }] : [];
  const before = keyOf(restartCount - 1);
  return lastState?.terminated === undefined || !isKnown(before)
    ? current
    : [{ ...own, key: before, isPrevious: true, isRunning: false }, ...current];
}

/** Containers that one reader is given at a time, of each of them two runs: as many as a position has room for. */
export const maximumContainers = 100;

export interface LogSelection {
  readonly runs: readonly LogRun[];
  /** Containers beyond those. */
  readonly leftOut: number;
}

/** Those first that a reader has begun with: nobody loses one because others come. */
export function selectRuns(runs: readonly LogRun[], isKnown: (key: string) => boolean): LogSelection {
  const known = new Set(runs.filter(({ key }) => isKnown(key)).map(({ of }) => of));
  const containers = new Set([...known, ...runs.map(({ of }) => of)]);
  const chosen = new Set([...containers].slice(0, maximumContainers));
  return { runs: runs.filter(({ of }) => chosen.has(of)), leftOut: containers.size - chosen.size };
}
