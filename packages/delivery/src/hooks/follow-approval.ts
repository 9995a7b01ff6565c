/** A person who agrees: by an object that only those may create who are to be asked. */
import type { GateResult } from '../api/release.ts';
import type { ReleaseApproval } from '../api/release-approval.ts';
import { isOfFormer } from '../former-requests.ts';
import { nameOf, type ReleaseContext } from '../release-context.ts';
import type { HookLook } from './hook-look.ts';
import type { HookRun } from './hook-run.ts';

export function followApproval(context: ReleaseContext, { hook }: HookRun, gate: GateResult): HookLook {
  const { observation, release, now } = context;
  const given = observation.approvals.find(
    (each) =>
      each.spec.release === nameOf(release) &&
      each.spec.hook === hook.name &&
      !isOfFormer(each, observation.application),
  );
  if (given !== undefined) {
    const { name: approval = '' } = given.metadata;
    return { gate: { ...gate, approval }, ending: { outcome: 'passed', message: describeApproval(given) } };
  }
  const { timeoutSeconds } = hook;
  const left = timeoutSeconds === undefined ? undefined : Date.parse(gate.startedAt) + timeoutSeconds * 1_000 - now;
  if (left !== undefined && left <= 0)
    return { gate, ending: { outcome: 'failed', message: `nobody approved within ${timeoutSeconds ?? 0} s` } };
  const waitingFor = `somebody to approve ${hook.name} (a ReleaseApproval of release ${nameOf(release)})`;
  return { gate, waitingFor, requeueAfter: left };
}

/** Nobody can tell who created an object: what it says of that is a claim. */
function describeApproval({ spec, metadata }: ReleaseApproval): string {
  const { approvedBy, reason } = spec;
  const who = approvedBy === undefined ? '' : ` by ${approvedBy} (as claimed)`;
  return `approved${who} at ${metadata.creationTimestamp ?? ''}${reason === undefined ? '' : `: ${reason}`}`;
}
