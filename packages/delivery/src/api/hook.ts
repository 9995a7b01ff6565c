/** What is done beside the release of a version: a program that runs, somebody who is told, or a person who agrees. */
import type { PodTemplateSpec } from '@slipway/kube/api.generated';

export const hookTimes = ['beforeRelease', 'beforePromotion', 'afterPromotion', 'onRollback'] as const;
export type HookTime = (typeof hookTimes)[number];

/** Those of one time run in order, each after the end of the one before. */
export type Hooks = { readonly [Time in HookTime]?: readonly Hook[] | undefined };

export interface Hook {
  /** Unique in the Application, whatever its time. */
  readonly name: string;
  /** Exactly one of job, webhook and approval. */
  readonly job?: HookJob | undefined;
  readonly webhook?: HookWebhook | undefined;
  readonly approval?: object | undefined;
  /** Default 600 for a job and 60 for a webhook; an approval is waited for as long as it takes. */
  readonly timeoutSeconds?: number | undefined;
  /** Of a job: pods that may fail, default 0. Of a webhook: calls after the first, default 3. */
  readonly retries?: number | undefined;
  /** Default `fail` before promotion, `ignore` after. */
  readonly onFailure?: FailurePolicy | undefined;
  /** Run again by a retry or a rollback, though it has ended before. Default false. */
  readonly everyAttempt?: boolean | undefined;
}

export const failurePolicies = ['fail', 'ignore'] as const;
export type FailurePolicy = (typeof failurePolicies)[number];

export interface HookJob {
  readonly template: PodTemplateSpec;
}

export interface HookWebhook {
  readonly url: string;
  /** Signs what is sent. */
  readonly secretRef?: HookSecret | undefined;
}

/** A Secret of the Application's namespace; its `ca.crt` is trusted where it has one. */
export interface HookSecret {
  readonly name: string;
  /** Default `secret`. */
  readonly key?: string | undefined;
}
