import type { Job, SuccessPolicyRule } from '@slipway/kube/api.generated';
import { CompletionIndexes } from './completion-indexes.ts';

/** Why an Indexed Job counts as successful before all its indexes are, or nothing. The first rule that holds decides. */
export function matchSuccessPolicy({ spec }: Job, succeeded: CompletionIndexes): string | undefined {
  const rules = spec?.successPolicy?.rules ?? [];
  const index = rules.findIndex((rule) => holds(rule, succeeded, spec?.completions ?? 0));
  return index < 0 ? undefined : `Matched rules at index ${index}`;
}

function holds(
  { succeededIndexes, succeededCount }: SuccessPolicyRule,
  succeeded: CompletionIndexes,
  completions: number,
): boolean {
  if (succeededIndexes === undefined) return succeededCount !== undefined && succeeded.size >= succeededCount;
  const wanted = CompletionIndexes.parse(succeededIndexes, completions);
  return succeeded.countIn(wanted) >= (succeededCount ?? wanted.size);
}
