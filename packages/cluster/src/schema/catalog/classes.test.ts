import type { IngressClass, PriorityClass, RuntimeClass } from '@slipway/kube/api.generated';
import { describe, expect, it } from 'vitest';
import { columnsOf, faultsOf, rowOf } from '../../../testing/catalog-checks.ts';
import { priorityClass, runtimeClass } from './classes.ts';
import { ingressClass } from './others.ts';

function priorityOf(value: number, name = 'high'): PriorityClass {
  return { metadata: { name }, value };
}

describe('a PriorityClass', () => {
  it('may drive others away unless it says otherwise', () => {
    expect(priorityClass.applyDefaults(priorityOf(5))).toMatchObject({ preemptionPolicy: 'PreemptLowerPriority' });
    expect(faultsOf(priorityClass, priorityOf(5))).toEqual([]);
  });

  it('of people stays below those of the system', () => {
    expect(faultsOf(priorityClass, priorityOf(1_000_000_001))).toEqual([
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    ]);
    expect(faultsOf(priorityClass, priorityOf(2_000_001_000, 'system-node-critical'))).toEqual([]);
    expect(faultsOf(priorityClass, priorityOf(1, 'system-mine'))).toEqual([
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
    ]);
  });

  it('keeps its value', () => {
    expect(faultsOf(priorityClass, priorityOf(6), priorityOf(5))).toEqual([
      'value: Forbidden: may not be changed in an update.',
    ]);
  });

  it('shows its value', () => {
    expect(columnsOf(priorityClass)).toEqual(['Name', 'Value', 'Global-Default', 'Age', 'PreemptionPolicy']);
    expect(rowOf(priorityClass, priorityOf(5))).toEqual({ Value: 5, 'Global-Default': false, PreemptionPolicy: '' });
  });
});

describe('a RuntimeClass', () => {
  it('has a handler for ever', () => {
    const plain: RuntimeClass = { metadata: {}, handler: 'gvisor' };
    expect(faultsOf(runtimeClass, { metadata: {} })).toEqual(['handler: Required value']);
    expect(faultsOf(runtimeClass, { ...plain, ...{ handler: 'kata' } }, plain)).toEqual([
      'handler: Invalid value: "kata": field is immutable',
    ]);
    expect(columnsOf(runtimeClass)).toEqual(['Name', 'Handler', 'Age']);
  });
});

describe('an IngressClass', () => {
  const classOf = (spec: IngressClass['spec']): IngressClass => ({ metadata: {}, spec });

  it.each<{ readonly spec: IngressClass['spec']; readonly faults: readonly string[] }>([
    { spec: { controller: 'slipway.dev/gateway' }, faults: [] },
    {
      spec: { controller: 'gateway' },
      faults: ['spec.controller: Invalid value: "gateway": must be a domain-prefixed path (such as "acme.io/foo")'],
    },
    {
      spec: { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', scope: 'Namespace' } },
      faults: ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    },
  ])('$spec', ({ spec, faults }) => {
    expect(faultsOf(ingressClass, classOf(spec))).toEqual(faults);
  });

  it('keeps its controller and shows what it is given', () => {
    expect(faultsOf(ingressClass, classOf({ controller: 'a.b/d' }), classOf({ controller: 'a.b/c' }))).toEqual([
      'spec.controller: Invalid value: "a.b/d": field is immutable',
    ]);
    const parameters = { kind: 'Settings', apiGroup: 'example.com', name: 'usual' };
    expect(rowOf(ingressClass, classOf({ controller: 'a.b/c', parameters }))).toEqual({
      Controller: 'a.b/c',
      Parameters: 'Settings.example.com/usual',
    });
  });
});
