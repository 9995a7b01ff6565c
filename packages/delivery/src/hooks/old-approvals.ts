/** Approvals that have been counted, or never can be: they go, and those that came to nothing are told of. */
import type { ReleaseApproval } from '../api/release-approval.ts';
import { hookTimes } from '../api/hook.ts';
import { isFinished, type Release } from '../api/release.ts';
import type { Observation } from '../observation.ts';
import type { Action } from '../plan.ts';
import { nameOf } from '../release-context.ts';
import { statusOf } from '../release-changes.ts';
import { findHookGate } from './hook-gates.ts';

/** The Release may be seen after what was created for it. */
const graceMilliseconds = 60_000;

/** As it is with the hooks of this look: one that was counted just now is written down before it goes. */
export function planOldApprovals({ approvals, releases }: Observation, now: number): readonly Action[] {
  return approvals.flatMap((approval) => {
    const release = releases.find((each) => nameOf(each) === approval.spec.release);
    const deletion: Action = { type: 'deleteApproval', name: approval.metadata.name ?? '' };
    if (release !== undefined && isCounted(release, approval)) return [deletion];
    const why = release === undefined ? describeUnknown(approval, now) : describeVain(release, approval);
    return why === undefined ? [] : [warn(approval, why), deletion];
  });
}

function isCounted(release: Release, { spec, metadata }: ReleaseApproval): boolean {
  return findHookGate(statusOf(release), spec.hook)?.approval === metadata.name;
}

function describeUnknown({ metadata, spec }: ReleaseApproval, now: number): string | undefined {
  const isOld = Date.parse(metadata.creationTimestamp ?? '') + graceMilliseconds <= now;
  return isOld ? `there is no release ${spec.release}` : undefined;
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
