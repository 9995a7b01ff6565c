import type { ContainerStatus, Pod } from '@slipway/kube/api.generated';

/** One run of a container: a restart is another one. */
export interface LogSource {
  readonly pod: string;
  readonly container: string;
  /** Of the run. */
  readonly id: string;
}

/** Runs that have written something or may, in the order of pods and containers. */
export function findLogSources(pods: readonly Pod[]): readonly LogSource[] {
  return pods
    .toSorted((a, b) => (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''))
    .flatMap(({ metadata, status }) => {
      const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
      return statuses
        .filter(hasStarted)
        .map(({ name, containerID = '' }) => ({ pod: metadata.name ?? '', container: name, id: containerID }));
    });
}

function hasStarted({ containerID, state }: ContainerStatus): boolean {
  return (containerID ?? '') !== '' && (state?.running !== undefined || state?.terminated !== undefined);
}

/** Containers that have not started, and why. */
export function describeSilent(pods: readonly Pod[]): readonly string[] {
  return pods.flatMap(({ metadata, spec, status }) =>
    (spec?.containers ?? []).flatMap(({ name }) => {
      const found = status?.containerStatuses?.find((each) => each.name === name);
      if (found !== undefined && hasStarted(found)) return [];
      const { reason, message } = found?.state?.waiting ?? {};
      const why = [reason ?? 'not started yet', ...(message === undefined ? [] : [message])].join(': ');
      return [`${metadata.name ?? ''}/${name} has no log: ${why}`];
    }),
  );
}
