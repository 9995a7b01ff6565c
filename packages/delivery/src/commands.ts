/** What people ask for, turned into changes of the releases that it is about. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { ReleaseCommand } from './api/release-command.ts';
import { isFinished, type CommandOutcome, type Release, type ReleaseStatus } from './api/release.ts';
import type { Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { restart, supersede } from './release-changes.ts';
import { inPhase, initialStatus } from './release-status.ts';

export interface Commanded {
  readonly releases: readonly Release[];
  readonly actions: readonly Action[];
}

/** In the order in which they were given. A command that was carried out is deleted; its outcome stays with the release. */
export function planCommands(observation: Observation, now: number): Commanded {
  return observation.commands.reduce<Commanded>(
    (before, command) => {
      const after = carryOut({ ...observation, releases: before.releases }, command, now);
      return {
        releases: after.releases,
        actions: [...before.actions, ...after.actions, { type: 'deleteCommand', name: command.metadata.name ?? '' }],
      };
    },
    { releases: observation.releases, actions: [] },
  );
}

function carryOut(observation: Observation, command: ReleaseCommand, now: number): Commanded {
  const { releases, application } = observation;
  const active = releases.find(({ status }) => !isFinished((status ?? initialStatus).phase));
  const by = command.spec.requestedBy ?? 'a person';
  const refuse = (message: string): Commanded => ({
    releases: noted(releases, active ?? releases.at(-1), outcome(command, 'refused', message, now)),
    actions: [
      { type: 'event', kind: 'Warning', reason: 'CommandRefused', message: `${command.spec.verb}: ${message}` },
    ],
  });
  const accept = (changed: readonly Release[], target: Release, message: string): Commanded => ({
    releases: noted(changed, target, outcome(command, 'accepted', message, now)),
    actions: [
      { type: 'event', kind: 'Normal', reason: 'CommandAccepted', message: `${command.spec.verb}: ${message}` },
    ],
  });
  switch (command.spec.verb) {
    case 'promote':
      if (active === undefined || active.status?.phase === 'RollingBack')
        return refuse('no release is under way that could be promoted');
      return accept(
        withStatus(releases, active, (status) => ({ ...status, promotedBy: by })),
        active,
        `version ${active.spec.version} is promoted`,
      );
    case 'pause':
      if (active === undefined || active.status?.phase !== 'Progressing')
        return refuse('no release is under way that could be paused');
      return accept(
        withStatus(releases, active, (status) => ({
          ...inPhase(status, 'Paused', { now, reason: `paused by ${by}` }),
          pausedBy: by,
        })),
        active,
        `version ${active.spec.version} is paused`,
      );
    case 'resume':
      if (active?.status?.pausedBy === undefined) return refuse('no release is paused');
      return accept(
        withStatus(releases, active, ({ pausedBy: _, ...status }) =>
          inPhase(status, 'Progressing', { now, reason: `resumed by ${by}` }),
        ),
        active,
        `version ${active.spec.version} goes on`,
      );
    case 'abort':
      if (active === undefined || active.status?.phase === 'RollingBack')
        return refuse('no release is under way that could be aborted');
      return accept(
        supersede(releases, active, {
          now,
          phase: 'RolledBack',
          by,
          reason: command.spec.reason ?? `aborted by ${by}`,
        }),
        active,
        `version ${active.spec.version} goes back`,
      );
    case 'retry': {
      const target = releases.findLast(({ status }) => status?.phase === 'RolledBack' || status?.phase === 'Failed');
      if (active !== undefined || target === undefined)
        return refuse(active === undefined ? 'no version was refused' : 'a release is under way');
      return accept(restart(releases, target, now), target, `version ${target.spec.version} is tried again`);
    }
    case 'rollback': {
      if (command.spec.version === undefined && active !== undefined && active.status?.phase !== 'RollingBack')
        return accept(
          supersede(releases, active, { now, phase: 'RolledBack', by, reason: `rolled back by ${by}` }),
          active,
          `version ${active.spec.version} goes back`,
        );
      const serving = application.status?.serving?.version;
      const target = releases.findLast(
        ({ spec, status }) =>
          status?.phase === 'Succeeded' &&
          (command.spec.version === undefined ? spec.version !== serving : spec.version === command.spec.version),
      );
      if (target === undefined)
        return refuse(
          command.spec.version === undefined
            ? 'there is no earlier version to go back to'
            : `there is no kept version ${command.spec.version}`,
        );
      const others =
        active === undefined
          ? releases
          : supersede(releases, active, { now, phase: 'RolledBack', by, reason: `rolled back by ${by}` });
      const restarted = restart(others, target, now);
      return accept(
        withStatus(restarted, restarted.at(-1) ?? target, (status) => ({ ...status, promotedBy: by })),
        target,
        `going back to version ${target.spec.version}`,
      );
    }
  }
}

function outcome(
  command: ReleaseCommand,
  result: CommandOutcome['outcome'],
  message: string,
  now: number,
): CommandOutcome {
  return {
    name: command.metadata.name ?? '',
    verb: command.spec.verb,
    requestedBy: command.spec.requestedBy,
    at: formatMicroTime(now),
    outcome: result,
    message,
  };
}

function withStatus(
  releases: readonly Release[],
  target: Release,
  change: (status: ReleaseStatus) => ReleaseStatus,
): readonly Release[] {
  return releases.map((release) =>
    release.metadata.name === target.metadata.name
      ? { ...release, status: change(release.status ?? initialStatus) }
      : release,
  );
}

function noted(releases: readonly Release[], target: Release | undefined, entry: CommandOutcome): readonly Release[] {
  return target === undefined
    ? releases
    : withStatus(releases, target, (status) => ({
        ...status,
        commands: [...(status.commands ?? []), entry].slice(-20),
      }));
}
