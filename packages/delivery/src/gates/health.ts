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
  const known = pods
    .flatMap((pod) => answers.get(pod.metadata.uid ?? '') ?? [])
    .toSorted((a, b) => Number(a.outcome === 'passed') - Number(b.outcome === 'passed'));
  const open = pods.filter((pod) => answers.get(pod.metadata.uid ?? '')?.outcome !== 'passed');
  if (open.length === 0) return { outcome: 'passed', answers: known };
  if (check.ignore === true && known.length === pods.length) return { outcome: 'passed', answers: known };
  const timeout = (check.timeoutSeconds ?? defaultTimeoutSeconds) * 1_000;
  const worst = known.find(({ outcome }) => outcome !== 'passed');
  if (now - since >= timeout) {
    const said = worst === undefined ? 'no pod answered' : describeAnswer(worst);
    return {
      outcome: worst?.outcome === 'failed' ? 'failed' : 'error',
      answers: known,
      message: `health check ${check.path ?? defaultPath} not passed within ${timeout / 1_000} s: ${said}`,
    };
  }
  const due = open.filter((pod) => isDue(answers.get(pod.metadata.uid ?? ''), now));
  const sentence = `${open.length} of ${pods.length} pods to answer ${check.path ?? defaultPath} that they are healthy${worst === undefined ? '' : ` (${describeAnswer(worst)})`}`;
  return {
    outcome: 'waiting',
    ask: due.map(({ metadata }) => metadata.name ?? ''),
    answers: known,
    waitingFor: sentence,
  };
}

function isDue(answer: HealthAnswer | undefined, now: number): boolean {
  return answer === undefined || now - Date.parse(answer.at) >= askAgainMilliseconds;
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
