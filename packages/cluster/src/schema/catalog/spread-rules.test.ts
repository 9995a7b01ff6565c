import type { TopologySpreadConstraint } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { checkSpread } from './spread-rules.ts';

const usual: TopologySpreadConstraint = {
  maxSkew: 1,
  topologyKey: 'zone',
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
};

function said(...constraints: readonly object[]): readonly string[] {
  return checkSpread(
    constraints.map((each) => ({ ...usual, ...each })),
    's',
  ).map(({ field, message }) => `${field}: ${message}`);
}

describe('a constraint on how pods are spread', () => {
  it('may say all that there is, and be beside others', () => {
    const full = {
      minDomains: 2,
      nodeAffinityPolicy: 'Ignore',
      nodeTaintsPolicy: 'Honor',
      matchLabelKeys: ['version'],
    };
    expect(said(full, { whenUnsatisfiable: 'ScheduleAnyway' }, { topologyKey: 'host' })).toEqual([]);
  });

  it.each<{ name: string; constraint: object; faults: readonly string[] }>([
    {
      name: 'has a skew above zero',
      constraint: { maxSkew: 0 },
      faults: ['s[0].maxSkew: Invalid value: 0: must be greater than zero'],
    },
    {
      name: 'does one of two things',
      constraint: { whenUnsatisfiable: 'Never' },
      faults: [
        's[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
      ],
    },
    {
      name: 'asks for domains only where it is held',
      constraint: { whenUnsatisfiable: 'ScheduleAnyway', minDomains: 0 },
      faults: [
        's[0].minDomains: Invalid value: 0: must be greater than zero',
        's[0].minDomains: Invalid value: 0: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
      ],
    },
    {
      name: 'knows two policies of each kind',
      constraint: { nodeAffinityPolicy: 'Maybe', nodeTaintsPolicy: 'Maybe' },
      faults: [
        's[0].nodeAffinityPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"',
        's[0].nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"',
      ],
    },
    {
      name: 'names no key that its selector has',
      constraint: { matchLabelKeys: ['app'] },
      faults: ['s[0].matchLabelKeys[0]: Invalid value: "app": exists in both matchLabelKeys and labelSelector'],
    },
    {
      name: 'narrows down a selector only',
      constraint: { labelSelector: undefined, matchLabelKeys: ['app'] },
      faults: ['s[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set'],
    },
    {
      name: 'has a proper selector',
      constraint: { labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } },
      faults: [
        "s[0].labelSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
      ],
    },
  ])('$name', ({ constraint, faults }) => {
    expect(said(constraint)).toEqual(faults);
  });

  it('is the only one of its kind', () => {
    expect(said({}, {})).toEqual(['s[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"']);
  });
});
