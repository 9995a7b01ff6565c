import type { Application } from '@slipway/delivery/api/application';
import { expect, test } from 'vitest';
import { findFaults } from './application-faults.ts';

async function faultsOf(rest: object): Promise<readonly string[]> {
  const object = { apiVersion: 'slipway.dev/v1alpha1', kind: 'Application', metadata: { name: 'shop' }, ...rest };
  const found = await findFaults(object as Application);
  return found.map(({ field, message }) => `${field}: ${message}`);
}

const good = {
  template: { spec: { containers: [{ name: 'web', image: 'shop:1.5', ports: [{ containerPort: 80 }] }] } },
};
const canary = (steps: unknown): object => ({
  spec: { ...good, route: { hosts: ['shop.localhost'] }, strategy: { type: 'canary', canary: { steps } } },
});

test('has nothing against a good one', async () => {
  expect(await faultsOf({ spec: good })).toEqual([]);
});

test.each<[object, string]>([
  [{}, 'spec: Required value'],
  [{ spec: null }, 'spec: expected a mapping'],
  [{ spec: [] }, 'spec: expected'],
  [{ spec: { template: { spec: { containers: {} } } } }, 'spec.template.spec.containers: expected a list'],
  [{ spec: { template: { spec: { containers: [null] } } } }, 'spec.template.spec.containers'],
  [{ spec: { template: {} } }, 'spec.template'],
  [canary(5), 'spec.strategy.canary.steps: expected a list'],
  [canary([null]), 'spec.strategy.canary.steps'],
  [canary([{ setWeight: 150 }]), 'spec.strategy.canary.steps[0].setWeight: Invalid value'],
  [{ spec: { ...good, replicas: '3' } }, 'spec.replicas: expected a whole number'],
  [{ spec: { ...good, replica: 3 } }, 'spec.replica: unknown field "spec.replica"'],
  [{ spec: { template: { spec: { containers: [{ name: 'web' }] } } } }, 'spec.template.spec.containers[0].image'],
])('%o', async (rest, expected) => {
  expect((await faultsOf(rest))[0]).toContain(expected);
});

test('tells what its schema, the rules in it and the controller have against it together, each field once', async () => {
  const route = { hosts: ['shop.localhost'], through: 'istio', redirectWww: true };
  const template = { spec: { ...good.template.spec, restartPolicy: 'Never' } };
  const said = await faultsOf({
    spec: {
      template,
      version: 'a b',
      replicas: -1,
      service: { ports: [{ port: 80 }, { port: 81 }] },
      route,
      paus: true,
      strategy: { type: 'canary', canary: { steps: [{ check: 'none' }] } },
      checks: [{ name: 'a', provider: { web: { url: 'https://a/', jsonPath: '$.a' } }, successWhen: 'value <' }],
    },
  });
  for (const sentence of [
    'spec.paus: unknown field',
    'spec.version: Invalid value',
    'spec.replicas: Invalid value',
    'spec.route.redirectWww: cannot be had through istio',
    'spec.strategy.canary.steps[0].check: there is no check named "none"',
    'spec.checks[0].successWhen: "value <"',
    'spec.template.spec.restartPolicy: "Never" must be Always',
    'spec.service: Invalid value: "object": several ports need a name each',
  ])
    expect(said).toContainEqual(expect.stringContaining(sentence));
  expect(said.filter((sentence) => sentence.startsWith('spec.replicas:'))).toHaveLength(1);
});

test('tells every value of a wrong type', async () => {
  expect(await faultsOf({ spec: { ...good, version: 1.5, replicas: '3', paused: 'no', replica: 1 } })).toEqual([
    'spec.replica: unknown field "spec.replica"',
    'spec.version: expected a string, found a number: write it in quotes',
    'spec.replicas: expected a whole number, found a string',
    'spec.paused: expected true or false, found a string',
  ]);
});

const { template } = good;
const route = { hosts: ['shop.localhost'] };
const service = { ports: [{ port: 80 }] };
const steps = (...all: readonly object[]): object => ({ type: 'canary', canary: { steps: all } });

test.each<[field: string, spec: object]>([
  ['spec.template.spec.containers', {}],
  ['spec.template.spec.containers', { template: {} }],
  ['spec.template.spec.restartPolicy', { template: { spec: { ...template.spec, restartPolicy: 'Never' } } }],
  ['spec.workloadRef', { template, workloadRef: { kind: 'Deployment', name: 'shop' } }],
  ['spec.service.ports', { template, route }],
  ['spec.strategy.canary.steps[0].match', { template, strategy: steps({ match: {} }) }],
  ['spec.strategy.canary.steps[0].mirror', { template, strategy: steps({ mirror: { percent: 5 } }) }],
  ['spec.strategy.canary.steps[0].check', { template, strategy: steps({ check: 'none' }) }],
  [
    'spec.strategy.canary.stickySeconds',
    { template, strategy: { type: 'canary', canary: { steps: [{ setWeight: 100 }], stickySeconds: 5 } } },
  ],
  ['spec.strategy.recreate.holdSeconds', { template, strategy: { type: 'recreate', recreate: { holdSeconds: 5 } } }],
  ['spec.route.propagationSeconds', { template, service, route: { ...route, propagationSeconds: 5 } }],
  [
    'spec.strategy.blueGreen.previewHosts',
    { template, strategy: { type: 'blueGreen', blueGreen: { previewHosts: ['next.localhost'] } } },
  ],
  [
    'spec.strategy.blueGreen.previewHosts',
    { template, service, route, strategy: { type: 'blueGreen', blueGreen: { previewHosts: route.hosts } } },
  ],
  ['spec.strategy.type', { template, strategy: { type: 'rainbow' } }],
])('what a rule says of spec as a whole is told of %s, once: %j', async (field, spec) => {
  expect(await faultsOf({ spec })).toEqual([expect.stringContaining(`${field}: `)]);
});
