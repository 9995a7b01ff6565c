/** What people ask for, turned into changes of the releases that it is about. */
import { formatMicroTime } from '@slipway/kube/clock';
import { describeAsker, type CommandOutcome, type ReleaseCommand } from './api/release-command.ts';
import type { Release, ReleaseStatus } from './api/release.ts';
import { activeRelease } from './current-releases.ts';
import { isOfFormer } from './former-requests.ts';
import { isLost } from './lost-versions.ts';
import type { Observation } from './observation.ts';
import type { Action } from './plan.ts';
import { changeStatus } from './release-changes.ts';
import { liftRefusal, withRefusal } from './status/refused-versions.ts';
import type { Accepted, Verdict } from './verdict.ts';
import { verbRules } from './verbs.ts';

const maximumOutcomes = 20;
const maximumAnswers = 5;

export interface Commanded {
  /** As it is when the commands are carried out. */
  readonly observation: Observation;
  /** What is about to be done, or is refused: told before anything of it is. */
  readonly announcements: readonly Action[];
  readonly actions: readonly Action[];
}

/** In the order in which they were given. A command that was carried out is deleted; its outcome stays with the release. */
export function planCommands(given: Observation, now: number): Commanded {
  return given.commands.reduce<Commanded>(
    ({ observation, announcements, actions }, command) => {
      const name = command.metadata.name ?? '';
      // An earlier look carried it out and did not live to delete it, or it was asked of an Application that is gone.
      const after =
        isNoted(observation, name) || isOfFormer(command, observation.application)
          ? { observation, announcements: [] }
          : carryOut(observation, command, now);
      return {
        observation: after.observation,
        announcements: [...announcements, ...after.announcements],
        actions: [...actions, { type: 'deleteCommand', name }],
      };
    },
    { observation: given, announcements: [], actions: [] },
  );
}

function isNoted({ application, releases }: Observation, name: string): boolean {
  return [application, ...releases].some(({ status }) => status?.commands?.some((each) => each.name === name) === true);
}

function carryOut(observation: Observation, command: ReleaseCommand, now: number): Omit<Commanded, 'actions'> {
  const active = activeRelease(observation);
  const { verb, requestedBy } = command.spec;
  const by = describeAsker(requestedBy);
  const verdict = verbRules[verb]({ observation, command, active, by, now });
  const isAccepted = verdict.releases !== undefined;
  const target = isAccepted ? verdict.target : (active ?? observation.releases.at(-1));
  const decided: Observation = { ...observation, releases: verdict.releases ?? observation.releases };
  const next = noted(decided, target, outcomeOf(command, verdict, now));
  return {
    observation: isAccepted ? withRefusals(next, verdict, now) : next,
    announcements: [
      {
        type: 'event',
        kind: isAccepted ? 'Normal' : 'Warning',
        reason: isAccepted ? 'CommandAccepted' : 'CommandRefused',
        message: `${verb}: ${verdict.message}`,
      },
    ],
  };
}

function withRefusals(observation: Observation, { refusal, lifts }: Accepted, now: number): Observation {
  const { application } = observation;
  const known = refusal === undefined ? application.status?.refused : withRefusal(observation, refusal, now);
  const refused = lifts === undefined ? known : liftRefusal(known ?? [], lifts);
  return { ...observation, application: { ...application, status: { ...application.status, refused } } };
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

/** With the release that it is about; with the Application where there is none that is written down. */
function noted(observation: Observation, target: Release | undefined, entry: CommandOutcome): Observation {
  const { application, releases } = observation;
  if (target === undefined || isLost(target)) {
    const commands = [...(application.status?.commands ?? []), entry].slice(-maximumAnswers);
    return { ...observation, application: { ...application, status: { ...application.status, commands } } };
  }
  const note = (status: ReleaseStatus): ReleaseStatus => ({
    ...status,
    commands: [...(status.commands ?? []), entry].slice(-maximumOutcomes),
  });
  return { ...observation, releases: changeStatus(releases, target, note) };
}
