/** What was found out about one run of a hook by asking. */
import type { WebhookAnswer } from '../api/release.ts';

export type HookFinding =
  /** Why a Job has failed: pod, container, exit code and what it said last. */
  { readonly type: 'cause'; readonly text: string } | { readonly type: 'answer'; readonly answer: WebhookAnswer };
