/** The calls of a webhook: one after the other, later each time, until it is heard or the time is over. From what was observed alone. */
import type { HookWebhook } from '../api/hook.ts';
import type { GateResult, WebhookAnswer } from '../api/release.ts';
import type { ReleaseContext } from '../release-context.ts';
import type { HookEnding } from './hook-gates.ts';
import type { HookLook } from './hook-look.ts';
import { hookFacts, type HookRun } from './hook-run.ts';

const defaultSeconds = 60;
const defaultRetries = 3;
const longestCallMilliseconds = 10_000;
const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 30_000;
const lookAgainMilliseconds = 1_000;

export function followWebhook(
  context: ReleaseContext,
  { run, webhook }: { readonly run: HookRun; readonly webhook: HookWebhook },
  gate: GateResult,
): HookLook {
  const { now } = context;
  const call = newestCall(context, run, gate);
  const told: GateResult = call === undefined ? gate : { ...gate, call };
  const endsAt = Date.parse(gate.startedAt) + (run.hook.timeoutSeconds ?? defaultSeconds) * 1_000;
  const ending = call === undefined ? undefined : endOf(run, call, now >= endsAt);
  if (ending !== undefined) return { gate: told, ending };
  const waitingFor = `hook ${run.hook.name} to be heard by ${new URL(webhook.url).host}${call === undefined ? '' : `, which ${describeCall(call)}`}`;
  const pause = call === undefined ? 0 : untilNext(call, now);
  if (pause > 0) return { gate: told, waitingFor, requeueAfter: Math.max(1, Math.min(pause, endsAt - now)) };
  const order = {
    key: run.key,
    number: (call?.number ?? 0) + 1,
    namespace: context.release.metadata.namespace ?? 'default',
    webhook,
    body: bodyOf(context, run),
    // The last word is asked for when time has run out: a clock that was set forward has left none to answer in.
    timeoutMilliseconds: Math.max(1_000, Math.min(longestCallMilliseconds, endsAt - now)),
  };
  return { gate: told, waitingFor, actions: [{ type: 'callWebhook', order }], requeueAfter: lookAgainMilliseconds };
}

/** What was heard since the record was written counts once. */
function newestCall(
  { observation }: ReleaseContext,
  { key }: HookRun,
  { call }: GateResult,
): WebhookAnswer | undefined {
  const heard = observation.hookFindings.get(key);
  return heard?.type === 'answer' && heard.answer.number === (call?.number ?? 0) + 1 ? heard.answer : call;
}

function endOf({ hook }: HookRun, call: WebhookAnswer, isOver: boolean): HookEnding | undefined {
  if (call.outcome === 'passed') return { outcome: 'passed', message: `the webhook ${describeCall(call)}` };
  const isLast = call.number > (hook.retries ?? defaultRetries);
  if (!isLast && !isOver) return undefined;
  const times = call.number === 1 ? 'once' : `${call.number} times`;
  return { outcome: call.outcome, message: `the webhook was called ${times} and ${describeCall(call)}` };
}

/** `answered 503: try later` */
function describeCall({ code, answer }: WebhookAnswer): string {
  if (code === undefined) return `could not be told: ${answer}`;
  return `answered ${code}${answer === '' ? '' : `: ${answer}`}`;
}

/** Twice as long each time. Also where the clock was set back since. */
function untilNext({ number, at }: WebhookAnswer, now: number): number {
  const pause = Math.min(longestPauseMilliseconds, firstPauseMilliseconds * 2 ** (number - 1));
  return Math.min(pause, Date.parse(at) + pause - now);
}

/** What a Job has in its environment, as JSON. */
function bodyOf(context: ReleaseContext, run: HookRun): string {
  const { name: hook } = run.hook;
  const { namespace = 'default' } = context.release.metadata;
  return JSON.stringify({ hook, during: run.during, namespace, ...hookFacts(context, run) });
}
