/** Which logs an Application has just now. Pure. */
import { versionAnnotation } from '@slipway/delivery/api/version-labels';
import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';
import { runKey } from './pod-log-position.ts';

/** One run of a container: a restart is another one. */
export interface LogRun {
  readonly key: string;
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
    pod: metadata.name ?? '',
    container: name,
    version: metadata.annotations?.[versionAnnotation],
  };
  const keyOf = (restarts: number): string => runKey(`${metadata.uid ?? ''} ${name} ${restarts}`);
  const isRunning = state?.running !== undefined;
  const hasStarted = isRunning || state?.terminated !== undefined;
  const current = hasStarted ? [{ ...own, key: keyOf(restartCount), isPrevious: false, isRunning }] : [];
  const before = keyOf(restartCount - 1);
  return lastState?.terminated === undefined || !isKnown(before)
    ? current
    : [{ ...own, key: before, isPrevious: true, isRunning: false }, ...current];
}
