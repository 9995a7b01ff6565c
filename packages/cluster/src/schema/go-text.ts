/** Values as Go prints them with `%#v`, which is how Kubernetes shows in a fault what is no simple value. */
import type {
  LabelSelector,
  LabelSelectorRequirement,
  NodeSelectorRequirement,
  NodeSelectorTerm,
} from '@slipway/kube/api.generated';

export class GoText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export function goStrings(values: readonly string[] | undefined): GoText {
  return new GoText(stringsText(values));
}

export function goStringMap(values: Readonly<Record<string, string>> | undefined): GoText {
  return new GoText(mapText(values));
}

export function goLabelSelector({ matchLabels, matchExpressions }: LabelSelector): GoText {
  const expressions = '[]v1.LabelSelectorRequirement';
  const shown =
    matchExpressions === undefined
      ? `${expressions}(nil)`
      : `${expressions}{${matchExpressions.map(requirementText).join(', ')}}`;
  return new GoText(`v1.LabelSelector{MatchLabels:${mapText(matchLabels)}, MatchExpressions:${shown}}`);
}

export function goNodeSelectorTerms(terms: readonly NodeSelectorTerm[] | undefined): GoText {
  return new GoText(listText('core.NodeSelectorTerm', terms, termText));
}

export function goNodeSelectorTerm(term: NodeSelectorTerm): GoText {
  return new GoText(termText(term));
}

function termText({ matchExpressions, matchFields }: NodeSelectorTerm): string {
  const shown = (list: readonly NodeSelectorRequirement[] | undefined): string =>
    listText('core.NodeSelectorRequirement', list, nodeRequirementText);
  return `core.NodeSelectorTerm{MatchExpressions:${shown(matchExpressions)}, MatchFields:${shown(matchFields)}}`;
}

function nodeRequirementText({ key, operator, values }: NodeSelectorRequirement): string {
  return `core.NodeSelectorRequirement{Key:${JSON.stringify(key)}, Operator:${JSON.stringify(operator)}, Values:${stringsText(values)}}`;
}

function listText<T>(type: string, list: readonly T[] | undefined, textOf: (each: T) => string): string {
  return list === undefined ? `[]${type}(nil)` : `[]${type}{${list.map((each) => textOf(each)).join(', ')}}`;
}

function requirementText({ key, operator, values }: LabelSelectorRequirement): string {
  return `v1.LabelSelectorRequirement{Key:${JSON.stringify(key)}, Operator:${JSON.stringify(operator)}, Values:${stringsText(values)}}`;
}

function stringsText(values: readonly string[] | undefined): string {
  return values === undefined
    ? '[]string(nil)'
    : `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
}

/** By key, as Go does. */
function mapText(values: Readonly<Record<string, string>> | undefined): string {
  if (values === undefined) return 'map[string]string(nil)';
  const entries = Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]string{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(', ')}}`;
}
