import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '@slipway/kube/api.generated';
import { matchesLabels, selectorOf } from '@slipway/kube/selector';

type Values = Readonly<Record<string, string>>;

/** Both `nodeSelector` and the required part of the affinity must hold; of the affinity's terms one is enough. */
export function matchesNodeAffinity({ spec }: Pod, { metadata }: Node): boolean {
  const labels = metadata.labels ?? {};
  if (!Object.entries(spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  const fields = { 'metadata.name': metadata.name ?? '' };
  return required.nodeSelectorTerms.some((term) => matchesTerm(term, labels, fields));
}

/** All requirements of a term must hold; a term without any selects no node. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, labels: Values, fields: Values) {
  return (
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((requirement) => matchesRequirement(requirement, labels)) &&
    matchFields.every((requirement) => matchesRequirement(requirement, fields))
  );
}

function matchesRequirement(requirement: NodeSelectorRequirement, values: Values): boolean {
  const { key, operator } = requirement;
  if (operator === 'Gt' || operator === 'Lt') {
    const actual = integerOf(values[key]);
    const bound = integerOf(requirement.values?.[0]);
    if (actual === undefined || bound === undefined) return false;
    return operator === 'Gt' ? actual > bound : actual < bound;
  }
  return matchesLabels(selectorOf({ matchExpressions: [requirement] }), values);
}

function integerOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[-+]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
}

/** The sum of the weights of the preferred terms that the node matches. */
export function calculatePreference({ spec }: Pod, { metadata }: Node): number {
  const preferred = spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const fields = { 'metadata.name': metadata.name ?? '' };
  return preferred
    .filter(({ preference }) => matchesTerm(preference, metadata.labels ?? {}, fields))
    .reduce((sum, { weight }) => sum + weight, 0);
}
