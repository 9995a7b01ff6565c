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
