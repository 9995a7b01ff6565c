/** Approvals that have been counted, or never can be: they go, and those that came to nothing are told of. */
import type { ReleaseApproval } from '../api/release-approval.ts';
import { hookTimes } from '../api/hook.ts';
import { isFinished, type Release } from '../api/release.ts';
import { isOfFormer } from '../former-requests.ts';
import type { Observation } from '../observation.ts';
import type { Action } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { statusOf } from '../release-changes.ts';
import { findHookGate } from './hook-gates.ts';

/** The Release may be seen after what was created for it. */
const graceMilliseconds = 60_000;

/** As it is with the hooks of this look: one that was counted just now is written down before it goes. */
export function planOldApprovals({ application, approvals, releases }: Observation, now: number): readonly Action[] {
  return approvals.flatMap((approval) => {
    const release = releases.find((each) => nameOf(each) === approval.spec.release);
    const deletion: Action = { type: 'deleteApproval', name: approval.metadata.name ?? '' };
    if (isOfFormer(approval, application)) return [warn(approval, 'it is older than the Application'), deletion];
    if (release !== undefined && isCounted(release, approval)) return [deletion];
    const why = release === undefined ? describeUnknown(approval, now) : describeVain(release, approval);
    return why === undefined ? [] : [warn(approval, why), deletion];
  });
}

/** Milliseconds until the next of those whose release nobody has seen is too old; undefined where there is none. */
export function untilVain({ approvals, releases }: Observation, now: number): number | undefined {
  const left = approvals
    .filter(({ spec }) => !releases.some((each) => nameOf(each) === spec.release))
    .map((approval) => graceEnd(approval) - now)
    .filter((milliseconds) => milliseconds > 0);
  return left.length === 0 ? undefined : Math.min(...left);
}

function graceEnd({ metadata }: ReleaseApproval): number {
  return Date.parse(metadata.creationTimestamp ?? '') + graceMilliseconds;
}

function isCounted(release: Release, { spec, metadata }: ReleaseApproval): boolean {
  return findHookGate(statusOf(release), spec.hook)?.approval === metadata.name;
}

function describeUnknown(approval: ReleaseApproval, now: number): string | undefined {
  return graceEnd(approval) <= now ? `there is no release ${approval.spec.release}` : undefined;
}

/** Undefined where it may still be asked for. */
function describeVain(release: Release, { spec }: ReleaseApproval): string | undefined {
  const status = statusOf(release);
  if (isFinished(status.phase) || status.phase === 'RollingBack') return `release ${spec.release} is ${status.phase}`;
  const hooks = hookTimes.flatMap((during) => release.spec.hooks?.[during] ?? []);
  const isAsked = hooks.some(({ name, approval }) => name === spec.hook && approval !== undefined);
  if (!isAsked) return `release ${spec.release} waits for no approval named ${spec.hook}`;
  const outcome = findHookGate(status, spec.hook)?.outcome;
  return outcome === undefined ? undefined : `${spec.hook} of release ${spec.release} has ended as ${outcome}`;
}

function warn({ metadata }: ReleaseApproval, why: string): Action {
  const message = `approval ${metadata.name ?? ''} does not count: ${why}`;
  return { type: 'event', kind: 'Warning', reason: 'ApprovalIgnored', message };
}
