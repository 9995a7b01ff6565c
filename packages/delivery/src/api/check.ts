/** A metric that is watched while a version is released and while the guard watches it, and what was measured so far. */
import type { GateOutcome } from './gate-outcome.ts';

export interface Check {
  /** Unique in the Application; a step of a strategy refers to the check by it. */
  readonly name: string;
  readonly provider: CheckProvider;
  /** Measure stable too: `baseline` in `successWhen`. */
  readonly baseline?: boolean | undefined;
  /** CEL over `value`, `baseline` and `samples`; true: the measurement has passed. */
  readonly successWhen: string;
  /** From the end of one measurement to the next, such as `30s` or `1m30s`. Default `30s`. */
  readonly interval?: string | undefined;
  /** Measurements that a release waits for. Default 1. The guard measures until it ends. */
  readonly count?: number | undefined;
  /** Failures that are allowed: one more, and the check has failed. Default 0. */
  readonly failureLimit?: number | undefined;
  /** Measurements that may come to nothing: one more, and the check ends as an error. Default 4. */
  readonly errorLimit?: number | undefined;
  /** With fewer a measurement is inconclusive and the check goes on measuring. Default 0. */
  readonly minSamples?: number | undefined;
  /** Default `wait`. */
  readonly onNoData?: NoDataPolicy | undefined;
  /** Default: both. */
  readonly when?: readonly CheckTime[] | undefined;
}

export const noDataPolicies = ['wait', 'pass', 'fail'] as const;
export type NoDataPolicy = (typeof noDataPolicies)[number];

export const checkTimes = ['release', 'guard'] as const;
export type CheckTime = (typeof checkTimes)[number];

/** Exactly one of them. */
export interface CheckProvider {
  readonly prometheus?: PrometheusProvider | undefined;
  readonly gateway?: GatewayProvider | undefined;
  readonly web?: WebProvider | undefined;
}

export interface PrometheusProvider {
  /** `https://prometheus.example.org`, with a path if the API is served below one. */
  readonly address: string;
  /** An instant query that comes to one series, or to a scalar. */
  readonly query: string;
  /** Take any certificate, and send credentials without TLS too. */
  readonly insecure?: boolean | undefined;
  readonly secretRef?: CheckSecret | undefined;
}

/** Of the requests since the last measurement that came to something. */
export const gatewayMetrics = ['rate', 'errors', 'duration'] as const;
export type GatewayMetric = (typeof gatewayMetrics)[number];

export interface GatewayProvider {
  /** `rate`: requests a second; `errors`: the share answered with 5xx, 0 to 1; `duration`: seconds at the quantile. */
  readonly metric: GatewayMetric;
  /** Of `duration`, from 0 to 1. Default 0.99. */
  readonly quantile?: number | undefined;
}

export interface WebProvider {
  readonly url: string;
  /** To a number in the JSON that is answered, such as `$.data.errors[0].rate`. */
  readonly jsonPath: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly secretRef?: CheckSecret | undefined;
}

/** A Secret of the Application's namespace with `token`, or with `username` and `password`; `ca.crt` is trusted where it has one. */
export interface CheckSecret {
  readonly name: string;
}

/** One look at the metric. `value` and `baseline` are numbers as text, because JSON has no infinity. */
export interface Measurement {
  /** Counted from 1 in each run of the check. */
  readonly number: number;
  readonly outcome: Exclude<GateOutcome, 'cancelled'>;
  readonly value?: string | undefined;
  readonly baseline?: string | undefined;
  readonly samples?: number | undefined;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Why it is not `passed`, and what the source warned of. */
  readonly reason?: string | undefined;
}

export type CheckTotals = Readonly<Record<Measurement['outcome'], number>>;

/** What one gateway had counted of one version. */
export interface TrafficReading {
  readonly instance: string;
  readonly version: string;
  readonly requests: number;
  /** Answers 5xx. */
  readonly errors: number;
  /** As the gateway counts them; kept where the check is about them. */
  readonly durations?: readonly number[] | undefined;
}

/** One run of a check, as it stands in `status.checks` of a Release: all that is needed to go on with it. */
export interface CheckState {
  readonly name: string;
  readonly during: CheckTime;
  /** Of the strategy, where one waits for this run. */
  readonly step?: string | undefined;
  readonly attempt: number;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  /** Absent while it runs; never changes again. */
  readonly outcome?: GateOutcome | undefined;
  readonly message?: string | undefined;
  /** How long a release goes on measuring without anything that counts. */
  readonly patienceSeconds: number;
  /** How long it has done so since the last measurement that counted. */
  readonly fruitlessSeconds: number;
  readonly totals: CheckTotals;
  /** The last 20. */
  readonly measurements: readonly Measurement[];
  /** As it was sent last, every placeholder replaced. */
  readonly query?: string | undefined;
  readonly baselineQuery?: string | undefined;
  /** From where the gateway's window counts. */
  readonly window?: TrafficWindow | undefined;
}

export interface TrafficWindow {
  readonly since: string;
  readonly readings: readonly TrafficReading[];
}
