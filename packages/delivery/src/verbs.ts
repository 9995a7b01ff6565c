/** What each verb of a person does to the releases, or why it cannot. */
import type { ReleaseCommand, Verb } from './api/release-command.ts';
import type { Release } from './api/release.ts';
import type { Observation } from './observation.ts';
import { changeStatus, restart, sendBack } from './release-changes.ts';
import { inPhase } from './release-status.ts';

export interface Request {
  readonly observation: Observation;
  readonly command: ReleaseCommand;
  readonly active: Release | undefined;
  readonly by: string;
  readonly now: number;
}

/** Without `releases` the command is refused. */
export type Verdict =
  | { readonly releases: readonly Release[]; readonly target: Release; readonly message: string }
  | { readonly releases?: undefined; readonly message: string };

export const verbRules: Readonly<Record<Verb, (request: Request) => Verdict>> = {
  promote,
  pause,
  resume,
  abort,
  retry,
  rollback,
};

function promote({ observation, active, by }: Request): Verdict {
  if (active === undefined || isGoingBack(active)) return { message: 'no release is under way that could be promoted' };
  return {
    releases: changeStatus(observation.releases, active, (status) => ({ ...status, promotedBy: by })),
    target: active,
    message: `version ${active.spec.version} is promoted`,
  };
}

function pause({ observation, active, by, now }: Request): Verdict {
  if (active?.status?.phase !== 'Progressing') return { message: 'no release is under way that could be paused' };
  return {
    releases: changeStatus(observation.releases, active, (status) => ({
      ...inPhase(status, 'Paused', { now, reason: `paused by ${by}` }),
      pausedBy: by,
    })),
    target: active,
    message: `version ${active.spec.version} is paused`,
  };
}

function resume({ observation, active, by, now }: Request): Verdict {
  if (active?.status?.pausedBy === undefined) return { message: 'no release is paused' };
  return {
    releases: changeStatus(observation.releases, active, ({ pausedBy: _, ...status }) =>
      inPhase(status, 'Progressing', { now, reason: `resumed by ${by}` }),
    ),
    target: active,
    message: `version ${active.spec.version} goes on`,
  };
}

function abort({ observation, command, active, by, now }: Request): Verdict {
  if (active === undefined || isGoingBack(active)) return { message: 'no release is under way that could be aborted' };
  const reason = command.spec.reason ?? `aborted by ${by}`;
  return {
    releases: sendBack(observation.releases, active, { now, phase: 'RolledBack', by, reason }),
    target: active,
    message: `version ${active.spec.version} goes back`,
  };
}

function retry({ observation: { releases }, active, by, now }: Request): Verdict {
  const target = releases.findLast(({ status }) => status?.phase === 'RolledBack' || status?.phase === 'Failed');
  if (active !== undefined) return { message: 'a release is under way' };
  if (target === undefined) return { message: 'no version was refused' };
  return {
    releases: restart(releases, target, { now, cause: 'retry', by }),
    target,
    message: `version ${target.spec.version} is tried again`,
  };
}

/** Without a version the release under way goes back, or else the previous stable version is released once more. */
function rollback(request: Request): Verdict {
  const { observation, command, active, by, now } = request;
  const reason = `rolled back by ${by}`;
  const { version } = command.spec;
  if (version === undefined && active !== undefined && !isGoingBack(active))
    return {
      releases: sendBack(observation.releases, active, { now, phase: 'RolledBack', by, reason }),
      target: active,
      message: `version ${active.spec.version} goes back`,
    };
  const target = rollbackTarget(observation, version);
  if (target === undefined)
    return {
      message:
        version === undefined ? 'there is no earlier version to go back to' : `there is no kept version ${version}`,
    };
  const others =
    active === undefined
      ? observation.releases
      : sendBack(observation.releases, active, { now, phase: 'RolledBack', by, reason });
  return {
    releases: restart(others, target, { now, cause: 'rollback', by, promotedBy: by }),
    target,
    message: `going back to version ${target.spec.version}`,
  };
}

function rollbackTarget({ application, releases }: Observation, version: string | undefined): Release | undefined {
  const serving = application.status?.serving?.version;
  return releases.findLast(
    ({ spec, status }) =>
      status?.phase === 'Succeeded' && (version === undefined ? spec.version !== serving : spec.version === version),
  );
}

function isGoingBack({ status }: Release): boolean {
  return status?.phase === 'RollingBack';
}
