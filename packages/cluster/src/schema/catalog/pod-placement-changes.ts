/** While gates hold a pod back, the nodes that it may run on may become fewer, and no others. */
import type { NodeSelectorTerm, Pod, PodSpec } from '@slipway/kube/api.generated';
import { isSameJson } from '@slipway/kube/json-equality';
import type { Fault } from '../definition.ts';
import { invalid } from '../faults.ts';
import { goNodeSelectorTerm, goNodeSelectorTerms, goStringMap } from '../go-text.ts';

const selector = 'spec.nodeSelector';
const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';

/**
 * The rest of the spec, which stays as it is with gates and without. Where neither the pod nor what it was says anything of
 * nodes, an empty affinity is another one than none, as in Kubernetes.
 */
export function withoutPlacement(spec: PodSpec | undefined, saysNodes: boolean): Partial<PodSpec> {
  const { nodeSelector: _nodes, affinity, ...rest } = spec ?? {};
  if (!saysNodes) return { ...rest, ...(affinity === undefined ? {} : { affinity }) };
  const { nodeAffinity: _affinity, ...others } = affinity ?? {};
  return Object.keys(others).length > 0 ? { ...rest, affinity: others } : rest;
}

/** What a gated pod requires of its nodes stays required. What it only prefers may change. */
export function checkGatedPlacement({ spec }: Pod, { spec: old }: Pod): readonly Fault[] {
  return [
    ...selectorFaults(spec?.nodeSelector, old?.nodeSelector ?? {}),
    ...termsFaults(requiredTerms(spec), requiredTerms(old) ?? []),
  ];
}

type Selector = NonNullable<PodSpec['nodeSelector']>;

function selectorFaults(present: Selector | undefined, old: Selector): readonly Fault[] {
  return Object.entries(old).every(([key, value]) => present?.[key] === value)
    ? []
    : [
        invalid(
          selector,
          goStringMap(present),
          'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
        ),
      ];
}

function requiredTerms(spec: PodSpec | undefined): readonly NodeSelectorTerm[] | undefined {
  return spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** One of several terms suffices, so another term would admit more nodes. */
function termsFaults(
  present: readonly NodeSelectorTerm[] | undefined,
  old: readonly NodeSelectorTerm[],
): readonly Fault[] {
  if (old.length === 0) return [];
  if (present?.length !== old.length)
    return [
      invalid(
        terms,
        goNodeSelectorTerms(present),
        'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
      ),
    ];
  return present.flatMap((term, index) =>
    narrows(term, old[index] ?? {})
      ? []
      : [
          invalid(
            `${terms}[${String(index)}]`,
            goNodeSelectorTerm(term),
            'only additions are allowed (no mutations or deletions)',
          ),
        ],
  );
}

/** Whether all that the term said before is at its beginning. An empty term matches nothing, and stays so. */
function narrows(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const lists = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm) => [matchExpressions, matchFields];
  const before = lists(old);
  if (before.every((list) => list.length === 0)) return lists(term).every((list) => list.length === 0);
  return lists(term).every((list, index) => {
    const known = before[index] ?? [];
    return isSameJson(list.slice(0, known.length), known);
  });
}
