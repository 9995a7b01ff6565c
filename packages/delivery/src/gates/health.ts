/** The health gate: every pod of the candidate must have said that it is healthy. */
import type { Pod } from '@slipway/kube/api.generated';
import type { HealthCheck } from '../api/application.ts';
import type { HealthAnswer } from '../api/release.ts';

const defaultTimeoutSeconds = 60;
const askAgainMilliseconds = 500;
export const defaultPath = '/health';
export const maximumAnswerBytes = 1_024;

export interface HealthObservation {
  readonly check: HealthCheck | undefined;
  /** Ready pods of the candidate, all that there should be. */
  readonly pods: readonly Pod[];
  readonly answers: ReadonlyMap<string, HealthAnswer>;
  /** Milliseconds at which asking began. */
  readonly since: number;
  readonly now: number;
}

export type HealthVerdict =
  | { readonly outcome: 'passed'; readonly answers: readonly HealthAnswer[] }
  | {
      readonly outcome: 'waiting';
      readonly ask: readonly string[];
      readonly answers: readonly HealthAnswer[];
      readonly waitingFor: string;
    }
  | { readonly outcome: 'failed' | 'error'; readonly answers: readonly HealthAnswer[]; readonly message: string };

export function judgeHealth({ check, pods, answers, since, now }: HealthObservation): HealthVerdict {
  if (check === undefined) return { outcome: 'passed', answers: [] };
  const known = failuresFirst(pods.flatMap((pod) => answers.get(pod.metadata.uid ?? '') ?? []));
  const open = pods.filter((pod) => answers.get(pod.metadata.uid ?? '')?.outcome !== 'passed');
  if (open.length === 0) return { outcome: 'passed', answers: known };
  if (check.ignore === true && known.length === pods.length) return { outcome: 'passed', answers: known };
  const question: Question = { check, answers, now, endsAt: since + timeoutOf(check) };
  const asked = now < question.endsAt ? open.filter((pod) => isDue(question, pod)) : silentAtEnd(question, open);
  if (now >= question.endsAt && asked.length === 0) return fail(question, known);
  return {
    outcome: 'waiting',
    ask: asked.map(({ metadata }) => metadata.name ?? ''),
    answers: known,
    waitingFor: describeWait(question, { open: open.length, all: pods.length, known }),
  };
}

export function failuresFirst(answers: readonly HealthAnswer[]): readonly HealthAnswer[] {
  return answers.toSorted((a, b) => Number(a.outcome === 'passed') - Number(b.outcome === 'passed'));
}

interface Question extends Pick<HealthObservation, 'answers' | 'now'> {
  readonly check: HealthCheck;
  /** Milliseconds at which time runs out. */
  readonly endsAt: number;
}

function timeoutOf({ timeoutSeconds = defaultTimeoutSeconds }: HealthCheck): number {
  return timeoutSeconds * 1_000;
}

/** The last word is asked for when time has run out: a clock that was set forward has left none to answer in. */
function silentAtEnd({ answers, endsAt }: Question, open: readonly Pod[]): readonly Pod[] {
  return open.filter(({ metadata }) => {
    const answer = answers.get(metadata.uid ?? '');
    return answer === undefined || Date.parse(answer.at) < endsAt;
  });
}

function fail({ check }: Question, known: readonly HealthAnswer[]): HealthVerdict {
  const worst = findWorst(known);
  const said = worst === undefined ? 'no pod answered' : describeAnswer(worst);
  return {
    outcome: worst?.outcome === 'failed' ? 'failed' : 'error',
    answers: known,
    message: `health check ${check.path ?? defaultPath} not passed within ${timeoutOf(check) / 1_000} s: ${said}`,
  };
}

interface Counts {
  readonly open: number;
  readonly all: number;
  readonly known: readonly HealthAnswer[];
}

function describeWait({ check }: Question, { open, all, known }: Counts): string {
  const worst = findWorst(known);
  return `${open} of ${all} pods to answer ${check.path ?? defaultPath} that they are healthy${worst === undefined ? '' : ` (${describeAnswer(worst)})`}`;
}

/** What a pod says of itself tells more than that another one could not be asked. */
function findWorst(known: readonly HealthAnswer[]): HealthAnswer | undefined {
  return known.find(({ outcome }) => outcome === 'failed') ?? known.find(({ outcome }) => outcome !== 'passed');
}

/** Also where the clock was set back since. */
function isDue({ answers, now }: Question, { metadata }: Pod): boolean {
  const answer = answers.get(metadata.uid ?? '');
  return answer === undefined || Math.abs(now - Date.parse(answer.at)) >= askAgainMilliseconds;
}

/** What nobody said is not told as an answer. */
export function describePassed(check: HealthCheck | undefined, answers: readonly HealthAnswer[]): string {
  if (check === undefined) return 'the pods are ready, and spec.healthCheck asks nothing more';
  return answers.every((answer) => answer.outcome === 'passed')
    ? 'every pod answered that it is healthy'
    : 'not every pod answered that it is healthy, and spec.healthCheck.ignore says not to mind';
}

/** `pod shop-3-x answered 200: {"healthy":false}` */
export function describeAnswer({ pod, code, answer }: HealthAnswer): string {
  return code === undefined
    ? `pod ${pod} could not be asked: ${answer}`
    : `pod ${pod} answered ${code}: ${answer.trim()}`;
}

/** What an HTTP answer means. `probe` wants `{"healthy": true}`, `simple` any 2xx. */
export function judgeAnswer(type: HealthCheck['type'], code: number, body: string): 'passed' | 'failed' {
  if (code < 200 || code > 299) return 'failed';
  if (type !== 'probe') return 'passed';
  return isHealthy(body) ? 'passed' : 'failed';
}

function isHealthy(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && 'healthy' in value && value.healthy === true;
  } catch {
    // An answer that is no JSON is an answer all the same: not a healthy one.
    return false;
  }
}
