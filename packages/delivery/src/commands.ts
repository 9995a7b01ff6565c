/** What people ask for, turned into changes of the releases that it is about. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { ReleaseCommand } from './api/release-command.ts';
import type { CommandOutcome, Release, ReleaseStatus } from './api/release.ts';
import { activeRelease } from './current-releases.ts';
import type { Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { initialStatus } from './release-status.ts';
import { verbRules, type Verdict } from './verbs.ts';

export interface Commanded {
  readonly releases: readonly Release[];
  readonly actions: readonly Action[];
}

const maximumOutcomes = 20;

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
  const { releases } = observation;
  const active = activeRelease(observation);
  const { verb, requestedBy: by = 'a person' } = command.spec;
  const verdict = verbRules[verb]({ observation, command, active, by, now });
  const isAccepted = verdict.releases !== undefined;
  const message = `${verb}: ${verdict.message}`;
  return {
    releases: noted(
      verdict.releases ?? releases,
      isAccepted ? verdict.target : (active ?? releases.at(-1)),
      outcomeOf(command, verdict, now),
    ),
    actions: [
      isAccepted
        ? { type: 'event', kind: 'Normal', reason: 'CommandAccepted', message }
        : { type: 'event', kind: 'Warning', reason: 'CommandRefused', message },
    ],
  };
}

function outcomeOf({ metadata, spec }: ReleaseCommand, verdict: Verdict, now: number): CommandOutcome {
  return {
    name: metadata.name ?? '',
    verb: spec.verb,
    requestedBy: spec.requestedBy,
    at: formatMicroTime(now),
    outcome: verdict.releases === undefined ? 'refused' : 'accepted',
    message: verdict.message,
  };
}

function noted(releases: readonly Release[], target: Release | undefined, entry: CommandOutcome): readonly Release[] {
  const note = (status: ReleaseStatus): ReleaseStatus => ({
    ...status,
    commands: [...(status.commands ?? []), entry].slice(-maximumOutcomes),
  });
  return releases.map((release) =>
    release.metadata.name === target?.metadata.name
      ? { ...release, status: note(release.status ?? initialStatus) }
      : release,
  );
}
