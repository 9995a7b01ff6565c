import type { ApplicationSummary } from '../api/answers.ts';

/** As the controller says that a hook of type approval is open. */
const words = /somebody to approve ([^\s;]+)/g;

/** Names of the hooks that wait for a person who agrees, from what a release waits for. */
export function findAwaited(waitingFor: string | undefined): readonly string[] {
  return [...(waitingFor ?? '').matchAll(words)].map(([, hook = '']) => hook);
}

export function awaitsApproval({ candidate }: Pick<ApplicationSummary, 'candidate'>): boolean {
  return findAwaited(candidate?.waitingFor).length > 0;
}
