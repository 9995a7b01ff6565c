/** The hooks of one time, in order: each begun once an attempt, waited for, and judged by what it came to. */
import { formatMicroTime } from '@slipway/kube/clock';
import type { Hook, HookTime } from '../api/hook.ts';
import type { GateResult, ReleaseStatus } from '../api/release.ts';
import type { Action, Step } from '../plan.ts';
import type { ReleaseContext } from '../release-context.ts';
import { waiting } from '../release-status.ts';
import { earlier, planSizes } from '../scaling.ts';
import { goBack } from '../strategies/progress.ts';
import { followJob } from './follow-job.ts';
import { followApproval } from './follow-approval.ts';
import { followWebhook } from './follow-webhook.ts';
import { endGate, findHookGate, withHookGate } from './hook-gates.ts';
import type { HookEnded, HookLook } from './hook-look.ts';
import { isGood, isOver } from './hook-policy.ts';
import { hookRun, type HookRun } from './hook-run.ts';

export interface HooksLook {
  readonly status: ReleaseStatus;
  readonly actions: readonly Action[];
  /** Absent: nothing is waited for. */
  readonly waitingFor?: string | undefined;
  /** What failed and ends the release. */
  readonly failure?: string | undefined;
  readonly requeueAfter?: number | undefined;
  /** One has ended just now, and that is not written down yet. */
  readonly hasNews?: boolean | undefined;
}

export function runHooks(context: ReleaseContext, during: HookTime): HooksLook {
  let look: HooksLook = { status: context.status, actions: [] };
  for (const hook of context.release.spec.hooks?.[during] ?? []) {
    look = runOne({ ...context, status: look.status }, look, hookRun(context, hook, during));
    if (look.waitingFor !== undefined || look.failure !== undefined) break;
  }
  return look;
}

/** The step of a release that waits for its hooks, goes back for one that failed, and otherwise goes on. */
export function afterHooks(context: ReleaseContext, during: HookTime, goOn: (status: ReleaseStatus) => Step): Step {
  const look = runHooks(context, during);
  const { status, failure } = look;
  if (failure !== undefined) return withActions(goBack(context, status, { by: 'hook', reason: failure }), look.actions);
  // Traffic moves by what is on record, and not by what is about to be.
  const waitingFor = awaitedBy(look);
  if (waitingFor === undefined) return withActions(goOn(status), look.actions);
  // Before there is anything of the new version no strategy looks after the sizes.
  const sizes = during === 'beforeRelease' ? planSizes(context) : { actions: [], requeueAfter: undefined };
  return {
    actions: [...sizes.actions, ...look.actions],
    status: waiting(status, waitingFor, context.now),
    requeueAfter: earlier(look.waitingFor === undefined ? 0 : look.requeueAfter, sizes.requeueAfter),
    isStanding: true,
  };
}

function withActions(step: Step, actions: readonly Action[]): Step {
  return { ...step, actions: [...actions, ...step.actions] };
}

/** What the end of a release waits for: how a hook has ended must be written down before it. */
export function awaitedBy({ waitingFor, hasNews = false }: HooksLook): string | undefined {
  return waitingFor ?? (hasNews ? 'the end of its hooks to be noted' : undefined);
}

/** Hooks beside a step that does not wait for them; where it would be the last one, it does. */
export function besideHooks(
  look: HooksLook,
  step: Step,
  { isLast, now }: { readonly isLast: boolean; readonly now: number },
): Step {
  const { actions, requeueAfter, status } = look;
  const awaited = awaitedBy(look);
  return isLast && awaited !== undefined
    ? { actions, requeueAfter: requeueAfter ?? 0, status: waiting(status, awaited, now) }
    : { ...step, actions: [...step.actions, ...actions], requeueAfter: earlier(step.requeueAfter, requeueAfter) };
}

function runOne(context: ReleaseContext, before: HooksLook, run: HookRun): HooksLook {
  const known = findHookGate(context.status, run.hook.name);
  if (known !== undefined && isOver(known, run)) return judge(before, run, known);
  const look = follow(context, run, openGate(context, run, known));
  const actions = [...before.actions, ...announce(run, known, look), ...(look.actions ?? [])];
  if (look.ending !== undefined) return end(context, { ...before, actions }, { run, look });
  const status = look.gate === undefined ? context.status : withHookGate(context.status, look.gate);
  return { ...before, status, actions, waitingFor: look.waitingFor, requeueAfter: look.requeueAfter };
}

function end({ status, now }: ReleaseContext, before: HooksLook, { run, look }: Ended): HooksLook {
  const gate = endGate(look.gate, look.ending, now);
  return judge({ ...before, status: withHookGate(status, gate), hasNews: true }, run, gate);
}

interface Ended {
  readonly run: HookRun;
  readonly look: HookEnded;
}

function judge(before: HooksLook, run: HookRun, gate: GateResult): HooksLook {
  const { outcome, message = '' } = gate;
  return isGood(gate, run)
    ? before
    : { ...before, failure: `hook ${run.hook.name} ${describeOutcome(outcome)}: ${message}` };
}

function describeOutcome(outcome: GateResult['outcome']): string {
  return outcome === 'failed' ? 'failed' : `ended as ${outcome ?? 'open'}`;
}

function follow(context: ReleaseContext, run: HookRun, gate: GateResult): HookLook {
  const { webhook, approval } = run.hook;
  if (approval !== undefined) return followApproval(context, run, gate);
  return webhook === undefined ? followJob(context, run, gate) : followWebhook(context, { run, webhook }, gate);
}

/** A clock that was set back counts from then on. */
function openGate({ now }: ReleaseContext, run: HookRun, known: GateResult | undefined): GateResult {
  const { hook, during, attempt, key } = run;
  const startedAt = formatMicroTime(now);
  return known === undefined || known.attempt !== attempt
    ? { name: hook.name, during, attempt, key, startedAt }
    : { ...known, startedAt: Date.parse(known.startedAt) <= now ? known.startedAt : startedAt };
}

function announce({ hook, attempt }: HookRun, known: GateResult | undefined, look: HookLook): readonly Action[] {
  const isNew = look.gate !== undefined && (known === undefined || known.attempt !== attempt);
  const begun: Action = {
    type: 'event',
    kind: 'Normal',
    reason: 'HookStarted',
    message: `hook ${hook.name} has begun`,
  };
  return [...(isNew ? [begun] : []), ...(look.ending === undefined ? [] : [announceEnd(hook, look)])];
}

function announceEnd({ name }: Hook, { ending: { outcome, message } }: HookEnded): Action {
  return outcome === 'passed'
    ? { type: 'event', kind: 'Normal', reason: 'HookPassed', message: `hook ${name}: ${message}` }
    : {
        type: 'event',
        kind: 'Warning',
        reason: 'HookFailed',
        message: `hook ${name} ${describeOutcome(outcome)}: ${message}`,
      };
}
