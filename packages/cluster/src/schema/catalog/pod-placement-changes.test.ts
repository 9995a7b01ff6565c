import type { NodeSelectorTerm, Pod, PodSpec } from '@slipway/kube/api.generated';
import { expect, it } from 'vitest';
import { faultsOf } from '../../../testing/catalog-checks.ts';
import { pod } from './pod.ts';

const terms = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
const gates = { schedulingGates: [{ name: 'example.org/wait' }] };
const zone: NodeSelectorTerm = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] };
const narrowZone: NodeSelectorTerm = {
  matchExpressions: [...(zone.matchExpressions ?? []), { key: 'disk', operator: 'Exists' }],
  matchFields: [{ key: 'metadata.name', operator: 'In', values: ['one'] }],
};
const otherZone: NodeSelectorTerm = { matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] };

function requiring(...nodeSelectorTerms: readonly NodeSelectorTerm[]): Partial<PodSpec> {
  return {
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [...nodeSelectorTerms] } },
    },
  };
}

function preferring(term: NodeSelectorTerm): Partial<PodSpec> {
  return {
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term }] } },
  };
}

function podOf(spec: Partial<PodSpec>): Pod {
  const containers = [{ name: 'main', image: 'busybox' }];
  return { metadata: { name: 'p' }, spec: { containers, ...spec } };
}

function said(spec: Partial<PodSpec>, old: Partial<PodSpec>): readonly string[] {
  return faultsOf(pod, podOf(spec), podOf(old));
}

it.each<{ name: string; old: Partial<PodSpec>; spec: Partial<PodSpec> }>([
  { name: 'more labels of nodes', old: { nodeSelector: { a: 'b' } }, spec: { nodeSelector: { a: 'b', c: 'd' } } },
  { name: 'a first label of nodes', old: {}, spec: { nodeSelector: { c: 'd' } } },
  { name: 'first terms', old: {}, spec: requiring(zone, otherZone) },
  { name: 'more expressions in a term', old: requiring(zone), spec: requiring(narrowZone) },
  { name: 'other preferences', old: preferring(zone), spec: preferring(otherZone) },
  { name: 'preferences no more', old: preferring(zone), spec: {} },
])('while a pod is gated it may get $name, and not afterwards', ({ old, spec }) => {
  expect(said({ ...gates, ...spec }, { ...gates, ...old })).toEqual([]);
  expect(said(spec, { ...gates, ...old })).toEqual([]);
  expect(said(spec, old)).toEqual([expect.stringMatching(/^spec: Forbidden: pod updates may not change fields/)]);
});

const shownZone = (value: string): string =>
  `core.NodeSelectorTerm{MatchExpressions:[]core.NodeSelectorRequirement{core.NodeSelectorRequirement{Key:"zone", Operator:"In", Values:[]string{"${value}"}}}, MatchFields:[]core.NodeSelectorRequirement(nil)}`;
const additions = 'only additions are allowed (no mutations or deletions)';

it.each<{ name: string; old: Partial<PodSpec>; spec: Partial<PodSpec>; fault: string }>([
  {
    name: 'another value of a label',
    old: { nodeSelector: { a: 'b' } },
    spec: { nodeSelector: { a: 'c' } },
    fault: `spec.nodeSelector: Invalid value: map[string]string{"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)`,
  },
  {
    name: 'no label',
    old: { nodeSelector: { a: 'b' } },
    spec: {},
    fault: `spec.nodeSelector: Invalid value: map[string]string(nil): only additions to spec.nodeSelector are allowed (no mutations or deletions)`,
  },
  {
    name: 'another term',
    old: requiring(zone),
    spec: requiring(otherZone),
    fault: `${terms}[0]: Invalid value: ${shownZone('b')}: ${additions}`,
  },
  {
    name: 'a further term',
    old: requiring(zone),
    spec: requiring(zone, otherZone),
    fault: `${terms}: Invalid value: []core.NodeSelectorTerm{${shownZone('a')}, ${shownZone('b')}}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
  },
  {
    name: 'no term',
    old: requiring(zone),
    spec: {},
    fault: `${terms}: Invalid value: []core.NodeSelectorTerm(nil): no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
  },
  {
    name: 'an expression in a term that matches nothing',
    old: requiring({}),
    spec: requiring(zone),
    fault: `${terms}[0]: Invalid value: ${shownZone('a')}: ${additions}`,
  },
])('a gated pod gets not $name', ({ old, spec, fault }) => {
  expect(said({ ...gates, ...spec }, { ...gates, ...old })).toEqual([fault]);
});

it.each<[string, Partial<PodSpec>, Partial<PodSpec>, boolean]>([
  ['from none', { affinity: {} }, {}, false],
  ['to none', {}, { affinity: {} }, false],
  ['from preferences', { affinity: {} }, preferring(zone), true],
  ['to preferences', preferring(zone), { affinity: {} }, true],
])('tells an affinity that says nothing %s, where nobody says anything of nodes', (_, spec, old, isAllowed) => {
  expect(said({ ...gates, ...spec }, { ...gates, ...old }).length === 0).toBe(isAllowed);
});

it('lets other affinities of a gated pod be', () => {
  const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] };
  expect(said({ ...gates, affinity: { podAffinity } }, gates)).toEqual([
    expect.stringMatching(/^spec: Forbidden: pod updates may not change fields/),
  ]);
});
