import type { CommandOutcome } from '@slipway/delivery/api/release-command';
import type { ClusterView } from './cluster-view.ts';

/** The controller notes it with the release that it was for, or with the application where there was none. */
export function findOutcome(
  { applications, releases }: ClusterView,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  command: string,
): CommandOutcome | undefined {
  const outcomes = [
    ...releases.byIndex('application', `${namespace}/${name}`).flatMap(({ status }) => status?.commands ?? []),
    ...(applications.get({ namespace, name })?.status?.commands ?? []),
  ];
  return outcomes.find((outcome) => outcome.name === command);
}
