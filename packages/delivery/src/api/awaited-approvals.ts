/** Which approvals a release waits for, or is going to: what somebody who agrees may agree to. */
import { findHookGate } from '../hooks/hook-gates.ts';
import { statusOf } from '../release-changes.ts';
import { attemptOf } from '../release-status.ts';
import { hookTimes, type Hook } from './hook.ts';
import { isFinished, type Release } from './release.ts';

export interface AwaitedApproval {
  readonly hook: string;
  readonly attempt: number;
  /** Its turn has come; otherwise it would be given in advance. */
  readonly isWaiting: boolean;
}

/** In the order in which they are asked for. */
export function awaitedApprovals(release: Release): readonly AwaitedApproval[] {
  const status = statusOf(release);
  if (isFinished(status.phase) || status.phase === 'RollingBack') return [];
  const attempt = attemptOf(status);
  return hookTimes
    .filter((during) => during !== 'onRollback')
    .flatMap((during) => release.spec.hooks?.[during] ?? [])
    .filter(({ approval }) => approval !== undefined)
    .flatMap((hook) => awaited(hook, release, attempt) ?? []);
}

function awaited(hook: Hook, release: Release, attempt: number): AwaitedApproval | undefined {
  const gate = findHookGate(statusOf(release), hook.name);
  const isNow = gate?.attempt === attempt;
  const isGiven = isApproved(release, hook.name) && (isNow || hook.everyAttempt !== true);
  if (isGiven || (isNow && gate.outcome !== undefined)) return undefined;
  return { hook: hook.name, attempt, isWaiting: isNow };
}

/** Somebody has agreed to it, in the attempt in which it was asked for last: whatever has become of the release since. */
export function isApproved(release: Release, hook: string): boolean {
  return findHookGate(statusOf(release), hook)?.outcome === 'passed';
}

/** A ReleaseApproval of one hook and attempt has one name: giving it twice is giving it once. */
export function approvalName(release: string, { hook, attempt }: AwaitedApproval): string {
  return `${release}-${hook}-${attempt}`;
}

/** What is agreed to where `gate` names it or not, or why nothing can be. */
export function chooseApproval(
  release: Release,
  gate: string | undefined,
): { readonly approval: AwaitedApproval } | { readonly fault: string } {
  const all = awaitedApprovals(release);
  const name = `release ${release.metadata.name ?? ''}`;
  const named = all.map(({ hook }) => hook).join(', ');
  if (gate !== undefined) {
    const found = all.find(({ hook }) => hook === gate);
    const other = all.length === 0 ? 'for none at all' : `for ${named}`;
    return found === undefined
      ? { fault: `${name} waits for no approval named ${gate}, but ${other}` }
      : { approval: found };
  }
  const waiting = all.filter(({ isWaiting }) => isWaiting);
  const [first, second] = waiting.length === 0 ? all : waiting;
  if (first === undefined) return { fault: `${name} waits for no approval` };
  return second === undefined
    ? { approval: first }
    : { fault: `${name} asks for several approvals (${named}): say which with --gate` };
}
