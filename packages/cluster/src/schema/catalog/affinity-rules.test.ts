import type { Affinity, NodeSelectorTerm, PodAffinityTerm } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { checkAffinity } from './affinity-rules.ts';

function said(affinity: object): readonly string[] {
  return checkAffinity(affinity as Affinity, 'a').map(({ field, message }) => `${field}: ${message}`);
}

const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
const soft = 'preferredDuringSchedulingIgnoredDuringExecution';
const label =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const name =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('the affinity to nodes', () => {
  const zone = { key: 'topology.kubernetes.io/zone', operator: 'In', values: ['a'] };

  it.each([
    { matchExpressions: [zone, { key: 'disk', operator: 'Exists' }, { key: 'cores', operator: 'Gt', values: ['4'] }] },
    { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['slipway-0'] }] },
    {},
  ])('may be %j', (term) => {
    const weighted = { weight: 100, preference: term };
    expect(said({ nodeAffinity: { [hard]: { nodeSelectorTerms: [term] }, [soft]: [weighted] } })).toEqual([]);
  });

  const at = `a.nodeAffinity.${hard}.nodeSelectorTerms[0]`;

  it.each<{ name: string; term: object; faults: readonly string[] }>([
    {
      name: 'a value is needed to be in',
      term: { matchExpressions: [{ key: 'a', operator: 'In' }] },
      faults: [
        `${at}.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      ],
    },
    {
      name: 'what exists has no values',
      term: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist', values: ['b'] }] },
      faults: [
        `${at}.matchExpressions[0].values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
      ],
    },
    {
      name: 'one value is compared',
      term: { matchExpressions: [{ key: 'a', operator: 'Lt', values: ['1', '2'] }] },
      faults: [
        `${at}.matchExpressions[0].values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
      ],
    },
    {
      name: 'operators are known',
      term: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] },
      faults: [`${at}.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator`],
    },
    {
      name: 'keys and values are those of labels',
      term: { matchExpressions: [{ key: '/a', operator: 'In', values: ['-b'] }] },
      faults: [
        `${at}.matchExpressions[0].key: Invalid value: "/a": prefix part must be non-empty`,
        `${at}.matchExpressions[0].values[0]: Invalid value: "-b": ${label}`,
      ],
    },
    {
      name: 'fields are the name alone, by one value',
      term: {
        matchFields: [
          { key: 'metadata.name', operator: 'In', values: ['a', 'b'] },
          { key: 'spec.unschedulable', operator: 'Exists' },
        ],
      },
      faults: [
        `${at}.matchFields[0].values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
        `${at}.matchFields[1].operator: Invalid value: "Exists": not a valid selector operator`,
        `${at}.matchFields[1].key: Invalid value: "spec.unschedulable": not a valid field selector key`,
      ],
    },
  ])('$name', ({ term, faults }) => {
    expect(said({ nodeAffinity: { [hard]: { nodeSelectorTerms: [term as NodeSelectorTerm] } } })).toEqual(faults);
  });

  it('needs a term where it is required', () => {
    expect(said({ nodeAffinity: { [hard]: { nodeSelectorTerms: [] } } })).toEqual([
      `a.nodeAffinity.${hard}.nodeSelectorTerms: Required value: must have at least one node selector term`,
    ]);
  });

  it('weighs up to a hundred', () => {
    expect(
      said({
        nodeAffinity: {
          [soft]: [
            { weight: 0, preference: {} },
            { weight: 101, preference: {} },
          ],
        },
      }),
    ).toEqual([
      `a.nodeAffinity.${soft}[0].weight: Invalid value: 0: must be in the range 1-100`,
      `a.nodeAffinity.${soft}[1].weight: Invalid value: 101: must be in the range 1-100`,
    ]);
  });
});

describe('the affinity to pods', () => {
  const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'kubernetes.io/hostname' };

  it.each([
    term,
    { topologyKey: 'zone' },
    { ...term, namespaces: ['a'], namespaceSelector: {}, matchLabelKeys: ['a'], mismatchLabelKeys: ['b'] },
  ])('may be %j', (each) => {
    const preferred = [{ weight: 1, podAffinityTerm: each }];
    expect(said({ podAffinity: { [hard]: [each] }, podAntiAffinity: { [soft]: preferred } })).toEqual([]);
  });

  const at = `a.podAntiAffinity.${hard}[0]`;

  it.each<{ name: string; term: Partial<PodAffinityTerm>; faults: readonly string[] }>([
    {
      name: 'a topology key is needed',
      term: { ...term, topologyKey: '' },
      faults: [
        `${at}.topologyKey: Required value: can not be empty`,
        `${at}.topologyKey: Invalid value: "": name part must be non-empty`,
        `${at}.topologyKey: Invalid value: "": ${name}`,
      ],
    },
    {
      name: 'namespaces have names',
      term: { ...term, namespaces: ['A'] },
      faults: [
        `${at}.namespaces: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
      ],
    },
    {
      name: 'label keys are for selectors',
      term: { topologyKey: 'zone', matchLabelKeys: ['a'] },
      faults: [`${at}.matchLabelKeys: Forbidden: must not be specified when labelSelector is not set`],
    },
    {
      name: 'a label key is of one list',
      term: { ...term, matchLabelKeys: ['a'], mismatchLabelKeys: ['a'] },
      faults: [`${at}.matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys`],
    },
    {
      name: 'selectors are proper ones',
      term: { ...term, labelSelector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] } },
      faults: [
        `${at}.labelSelector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      ],
    },
  ])('$name', ({ term: given, faults }) => {
    expect(said({ podAntiAffinity: { [hard]: [given] } })).toEqual(faults);
  });

  it('weighs up to a hundred, each term by itself', () => {
    const preferred = [{ weight: 101, podAffinityTerm: { ...term, topologyKey: '-' } }];
    expect(said({ podAffinity: { [soft]: preferred } })).toEqual([
      `a.podAffinity.${soft}[0].weight: Invalid value: 101: must be in the range 1-100`,
      `a.podAffinity.${soft}[0].podAffinityTerm.topologyKey: Invalid value: "-": ${name}`,
    ]);
  });
});
